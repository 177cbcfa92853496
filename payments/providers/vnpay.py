"""VNPAY PAY 2.1.0: a signed address the driver's browser opens, a signed GET (IPN) back to us.

Source: VNPAY's documents pay.html, querydr&refund.html and bang-ma-loi (protocol facts, section 3).
Settings: `tmn_code`; in mode live also `pay_url` and `api_url`, which come with the contract. The
IPN address is registered with VNPAY, not sent.

- No message says when it was signed, so there is no replay window: a repeat is known by its content.
- Announcing an order calls nobody. VNPAY knows an order once a browser opened its address; until
  then it answers 91, unsigned, which says as little as any other answer without a signature.
- querydr speaks of the last transaction of an order. After a refund that is the refund, so it says
  nothing of the receipt any more; and two equal parts given back look alike to it.
- A RequestId counts for one day: a refund that is repeated on a later day asks first.
- The papers are silent on the smallest amount (the gateway is known to take 5,000 to 999,999,999)
  and on a refund's own time (never before we asked).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    InvalidNotice,
    MovementFact,
    MovementKind,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.providers import vnpay_wire as protocol
from payments.providers.wire import (
    GMT7,
    address,
    amount,
    answer_object,
    any_equal,
    named_setting,
    not_now,
    post_json,
    reading_answer,
    reading_notice,
    refused,
    sha256_hex,
    text,
    unreadable,
)

COMPANY = "VNPAY"
LONGEST_QUERY = 8 * 1024
#: Where the address of our own server is asked for.
NO_ADDRESS = "127.0.0.1"

PAY_URL = {"test": "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html"}
API_URL = {"test": "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction"}

SUCCESS = "00"
#: vnp_ResponseCode of a payment that ended without money (TransactionStatus 02). 99 is no end.
ENDED = {
    "24": Status.CANCELLED,
    "11": Status.EXPIRED,
    **dict.fromkeys(("09", "10", "12", "13", "51", "65", "75", "79"), Status.FAILED),
}
#: vnp_TransactionStatus of a payment; 04: debited at the bank, not successful at VNPAY. Whatever is
#: not listed, suspected fraud (07) among it, is not final.
STANDING = {"00": Status.PAID, "01": Status.PENDING, "02": Status.FAILED, "04": Status.DISPUTED}
ERROR = "02"
#: vnp_TransactionStatus of a refund: in process, sent to the bank, refused.
GOING_BACK = {"00": Status.PAID, "05": Status.PENDING, "06": Status.PAID, "09": Status.FAILED}
#: vnp_TransactionType.
PAYMENT, WHOLE, PART = "01", "02", "03"
#: Signed answers to a refund that mean no, for good: bad format, no such payment, not successful.
REFUSALS = frozenset({"03", "91", "95"})
NOT_FOUND, DUPLICATE = "91", "94"
#: vnp_TransactionNo of money; what came to nothing carries 0.
NUMBER = re.compile(r"0*[1-9][0-9]{0,18}")

REPLIES = {
    Outcome.APPLIED: ("00", "Confirm Success"),
    Outcome.DEFERRED: ("00", "Confirm Success"),
    Outcome.REPEATED: ("02", "Order already confirmed"),
    Outcome.UNKNOWN_PAYMENT: ("01", "Order not found"),
    Outcome.WRONG_AMOUNT: ("04", "Invalid amount"),
    Outcome.INVALID: ("97", "Invalid signature"),
    Outcome.FAILED: ("99", "Unknown error"),
}


class VnpayProvider:
    """Implements `payments.provider.Provider`."""

    name: ClassVar[str] = "vnpay"
    label: ClassVar[str] = COMPANY
    settings: ClassVar[tuple[str, ...]] = ("tmn_code",)
    secret_fields: ClassVar[tuple[str, ...]] = ("hash_secret",)
    methods: ClassVar[Mapping[str, str]] = {
        "": "VNPAY",
        "VNPAYQR": "VNPAY-QR",
        "VNBANK": "Local bank card or account",
        "INTCARD": "International card",
    }
    hosts: ClassVar[Mapping[str, Hosts]] = {
        "test": Hosts(called=("sandbox.vnpayment.vn",), visited=("sandbox.vnpayment.vn",)),
        "live": Hosts(),
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"}), smallest=5_000,
        largest=999_999_999,
    )  # fmt: skip

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._tmn_code = named_setting(account, "tmn_code")
        self._pay_url = address(account, "pay_url", PAY_URL)
        self._api_url = address(account, "api_url", API_URL)
        self._secrets = tuple(parts["hash_secret"] for parts in account.secrets)
        self._http = http
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        """Raises `WrongUsage` for a return address VNPAY would sign differently."""
        values = {
            "vnp_Version": protocol.VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self._tmn_code,
            "vnp_Amount": str(order.amount * 100),
            "vnp_BankCode": order.method,
            "vnp_CreateDate": protocol.write_time(order.created_at),
            "vnp_CurrCode": order.currency,
            "vnp_IpAddr": order.payer_ip or NO_ADDRESS,
            "vnp_Locale": "vn",
            "vnp_OrderInfo": protocol.plain(f"{order.code} {order.description}"),
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": order.return_url,
            "vnp_TxnRef": order.code,
            "vnp_ExpireDate": protocol.write_time(order.expires_at),
        }
        return Checkout(f"{self._pay_url}?{protocol.signed_query(self._secrets[0], values)}")

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        if request.method != "GET" or request.body or len(request.query) > LONGEST_QUERY:
            raise InvalidNotice("The notice is not a GET request of bearable size.")
        values = protocol.verified(request.query, self._secrets)
        if values.get("vnp_TmnCode") != self._tmn_code:
            raise InvalidNotice(
                "The notice's %(name)s is not the expected one.", name="vnp_TmnCode"
            )
        with reading_notice():
            return (_notice(values),)

    def reply(self, outcome: Outcome) -> Reply:
        code, message = REPLIES[outcome]
        return Reply(200, json.dumps({"RspCode": code, "Message": message}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        if isinstance(order, RefundOrder):
            return self._told(order.payment, order, self._query(order.payment))
        return self._told(order, None, self._query(order))

    def _told(
        self, order: Order, refund: RefundOrder | None, values: Mapping[str, str] | None
    ) -> Notice:
        """What a signed answer says of a payment or its refund; UNKNOWN when it says nothing."""
        refund_key = refund.key if refund else None
        key = _key(refund_key or order.code, values)
        status = _standing(values, refund) if values else Status.UNKNOWN
        if values is None or status is not Status.PAID:
            return Notice(key, order.code, status, self._clock(), refund_key=refund_key)
        with reading_answer(COMPANY):
            moved = _movement(values, refund)
        return Notice(key, order.code, status, moved.event_at, (moved,), refund_key=refund_key)

    def refund(self, order: RefundOrder) -> Notice:
        if self._clock().astimezone(GMT7).date() != order.asked_at.astimezone(GMT7).date():
            known = self._query(order.payment)
            if known is None or known["vnp_TransactionType"] != PAYMENT:
                return self._told(order.payment, order, known)
        wish = {
            "vnp_RequestId": sha256_hex(order.key.encode())[:32],
            "vnp_Command": "refund",
            "vnp_TransactionType": WHOLE if order.amount == order.payment.amount else PART,
            "vnp_Amount": str(order.amount * 100),
            "vnp_TransactionNo": order.receipt_ref or "",
            "vnp_CreateBy": protocol.plain(order.asked_by),
            "vnp_OrderInfo": f"Hoan tien {order.payment.code}",
        }
        values = self._call(order.payment, wish, protocol.REFUND, protocol.REFUND_ANSWER)
        code = values["vnp_ResponseCode"] if values else DUPLICATE
        if code in REFUSALS:
            raise refused(COMPANY, code)
        if code not in (SUCCESS, DUPLICATE):
            raise not_now(COMPANY, code)
        told = values if code == SUCCESS else self._query(order.payment)
        return self._told(order.payment, order, told)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """VNPAY sends its files by mail or SFTP; their layout comes with the contract."""
        return ()

    def _query(self, order: Order) -> Mapping[str, str] | None:
        """What VNPAY knows of the last transaction of `order`; None when it says nothing of it."""
        wish = {
            "vnp_RequestId": uuid.uuid4().hex,
            "vnp_Command": "querydr",
            "vnp_OrderInfo": f"Truy van {order.code}",
        }
        values = self._call(order, wish, protocol.QUERY, protocol.QUERY_ANSWER)
        if values is None or values["vnp_ResponseCode"] == NOT_FOUND:
            return None
        if values["vnp_ResponseCode"] != SUCCESS:
            raise not_now(COMPANY, values["vnp_ResponseCode"])
        return values

    def _call(
        self, order: Order, wish: dict[str, str], names: Sequence[str], answered: Sequence[str]
    ) -> Mapping[str, str] | None:
        """The signed values of an answer about `order`. None for an unsigned "not found" or "asked
        twice": that is no fact, but a reason to ask rather than to give up."""
        fields = {
            "vnp_Version": protocol.VERSION,
            "vnp_TmnCode": self._tmn_code,
            "vnp_TxnRef": order.code,
            "vnp_TransactionDate": protocol.write_time(order.created_at),
            "vnp_CreateDate": protocol.write_time(self._clock()),
            "vnp_IpAddr": NO_ADDRESS,
            **wish,
        }
        signed = {**fields, protocol.HASH: protocol.piped_hash(self._secrets[0], names, fields)}
        found = answer_object(post_json(self._http, self._api_url, signed), COMPANY)
        values = {k: "" if v is None else str(v) for k, v in found.items()}
        given = values.get(protocol.HASH, "").lower()
        if not given and values.get("vnp_ResponseCode") in (NOT_FOUND, DUPLICATE):
            return None
        ours = [protocol.piped_hash(secret, answered, values) for secret in self._secrets]
        about = (values.get("vnp_Command"), values.get("vnp_TmnCode"), values.get("vnp_TxnRef"))
        asked = (wish["vnp_Command"], self._tmn_code, order.code)
        if not any_equal(ours, [given]) or about != asked:
            raise unreadable(COMPANY)
        return dict.fromkeys(answered, "") | values


def _notice(values: Mapping[str, str]) -> Notice:
    """An IPN. Its TransactionNo is 0 for every payment that came to nothing, so the key of a notice
    is the hash of what was signed. Success takes both codes."""
    response, standing = values["vnp_ResponseCode"], values["vnp_TransactionStatus"]
    status = STANDING.get(standing, Status.UNKNOWN)
    if standing == ERROR:
        status = ENDED.get(response, Status.UNKNOWN)
    elif status is Status.PAID and response != SUCCESS:
        status = Status.UNKNOWN
    return Notice(
        key=sha256_hex(protocol.query_text(values).encode()),
        order_code=text(values["vnp_TxnRef"]),
        status=status,
        event_at=protocol.read_time(values["vnp_PayDate"]),
        movements=(_movement(values),) if status is Status.PAID else (),
    )


def _movement(values: Mapping[str, str], refund: RefundOrder | None = None) -> MovementFact:
    number, at = values["vnp_TransactionNo"], protocol.read_time(values["vnp_PayDate"])
    minor = amount(protocol.read_amount(values["vnp_Amount"]))
    if not NUMBER.fullmatch(number):
        raise ValueError("money without its number")
    if refund:
        return MovementFact(MovementKind.REFUND, number, minor, "VND", max(at, refund.asked_at))
    return MovementFact(MovementKind.RECEIPT, number, minor, "VND", at)


def _standing(values: Mapping[str, str], refund: RefundOrder | None) -> Status:
    """UNKNOWN as well when the answer is about another transaction of the order."""
    kind, standing = values["vnp_TransactionType"], values["vnp_TransactionStatus"]
    if refund is None:
        return STANDING.get(standing, Status.UNKNOWN) if kind == PAYMENT else Status.UNKNOWN
    same = kind in (WHOLE, PART) and values["vnp_Amount"] == str(refund.amount * 100)
    return GOING_BACK.get(standing, Status.UNKNOWN) if same else Status.UNKNOWN


def _key(subject: str, values: Mapping[str, str] | None) -> str:
    """Equal answers about one subject have equal keys: what changes with each answer is left out."""
    kept = [values[name] for name in protocol.REFUND_ANSWER[4:]] if values else []
    return sha256_hex("|".join(["querydr", subject, *kept]).encode())
