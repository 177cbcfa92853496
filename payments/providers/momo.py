"""MoMo AIO v2: an order announced by JSON, the driver's page at MoMo, a signed POST (IPN) back.

Source: developers.momo.vn/v3 and github momo-wallet/payment (protocol facts, section 4).
Settings: `partner_code`; `api_url` where it is not MoMo's own.

- A signature is HMAC-SHA256 over ``key=value&…`` in alphabetical order, values not URL-encoded. It
  is over values, not bytes, so a message is read strictly first and believed afterwards.
- No message says when it was signed, so there is no replay window: a repeat is known by its content.
- Answers to query, refund and refund query carry no signature in any paper we have: they are
  believed because we called MoMo's host over TLS and they repeat partner, order and request of ours.
  The answer to create is signed; one that is not says nothing.
- `requestId` makes a repeat harmless for 31 days. While the outcome is open a repeat is refused (40,
  41, 7000) and brings no second payUrl, so the first answer to create is the only one there is.
- A refund takes an order id of its own. The time of the answer stands for the time of the refund.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

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
from payments.providers.wire import (
    address,
    amount,
    answer_object,
    any_equal,
    hmac_hex,
    instant_of_milliseconds,
    named_setting,
    not_now,
    notice_object,
    post_json,
    reading_answer,
    reading_notice,
    refused,
    sha256_hex,
    text,
    unreadable,
    web_address,
    whole,
)

COMPANY = "MoMo"
API_URL = {"test": "https://test-payment.momo.vn", "live": "https://payment.momo.vn"}
PATH = "/v2/gateway/api"

#: What is signed of each message, in alphabetical order.
CREATE = (
    "accessKey", "amount", "extraData", "ipnUrl", "orderId", "orderInfo", "partnerCode",
    "redirectUrl", "requestId", "requestType",
)  # fmt: skip
CREATE_ANSWER = (
    "accessKey", "amount", "message", "orderId", "partnerCode", "payUrl", "requestId",
    "responseTime", "resultCode",
)  # fmt: skip
QUERY = ("accessKey", "orderId", "partnerCode", "requestId")
REFUND = ("accessKey", "amount", "description", "orderId", "partnerCode", "requestId", "transId")
IPN = (
    "accessKey", "amount", "extraData", "message", "orderId", "orderInfo", "orderType",
    "partnerCode", "payType", "requestId", "responseTime", "resultCode", "transId",
)  # fmt: skip

SUCCESS = 0
PENDING = (1000, 7000, 7002, 8000)
#: resultCode of a payment. 9000 is authorised, which with autoCapture is a success. Whatever is not
#: listed is not final: it is asked about again.
STANDING = {
    **dict.fromkeys((SUCCESS, 9000), Status.PAID),
    **dict.fromkeys(PENDING, Status.PENDING),
    1005: Status.EXPIRED,
    **dict.fromkeys((1003, 1006, 1017), Status.CANCELLED),
    **dict.fromkeys((1001, 1002, 1004, 1007, 1026, 4001), Status.FAILED),
}
#: resultCode of a refund: failed, refunded already, not refundable.
GOING_BACK = {
    SUCCESS: Status.PAID,
    **dict.fromkeys(PENDING, Status.PENDING),
    **dict.fromkeys((1080, 1081, 1088), Status.FAILED),
}
#: Asked for wrongly, and will be next time: the format or the amount.
WRONG = frozenset({20, 21, 22})
#: In flight, or known already: ask rather than do it again.
ASK_AGAIN = frozenset({40, 41, 42, 7000})


class MomoProvider:
    """Implements `payments.provider.Provider`."""

    name: ClassVar[str] = "momo"
    label: ClassVar[str] = COMPANY
    settings: ClassVar[tuple[str, ...]] = ("partner_code",)
    secret_fields: ClassVar[tuple[str, ...]] = ("access_key", "secret_key")
    methods: ClassVar[Mapping[str, str]] = {"": "MoMo"}
    hosts: ClassVar[Mapping[str, Hosts]] = {
        "test": Hosts(called=("test-payment.momo.vn",), visited=("test-payment.momo.vn",)),
        "live": Hosts(called=("payment.momo.vn",), visited=("payment.momo.vn",)),
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True,
        statements=False,
        currencies=frozenset({"VND"}),
        smallest=1_000,
        largest=50_000_000,
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._partner = named_setting(account, "partner_code")
        self._api_url = address(account, "api_url", API_URL)
        self._keys = tuple((parts["access_key"], parts["secret_key"]) for parts in account.secrets)
        self._http = http
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        fields = {
            "requestId": f"{order.code}-create",
            "orderId": order.code,
            "amount": order.amount,
            "orderInfo": order.description,
            "redirectUrl": order.return_url,
            "ipnUrl": order.notify_url,
            "requestType": "captureWallet",
            "extraData": "",
            "autoCapture": True,
        }
        answer = self._call("/create", fields, CREATE)
        code = answer["resultCode"]
        if not self._signed(answer, CREATE_ANSWER):
            raise unreadable(COMPANY)
        if code != SUCCESS:
            raise (refused if code in WRONG else not_now)(COMPANY, code)
        with reading_answer(COMPANY):
            return Checkout(web_address(answer.get("payUrl")))

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        fields = notice_object(request)
        if request.method != "POST" or not self._signed(fields, IPN):
            raise InvalidNotice("The notice is not signed with a secret of this account.")
        if fields.get("partnerCode") != self._partner:
            raise InvalidNotice(
                "The notice's %(name)s is not the expected one.", name="partnerCode"
            )
        with reading_notice():
            return (_notice(fields),)

    def _signed(self, fields: Mapping[str, Any], names: Sequence[str]) -> bool:
        """Whether one of our keys signed `fields`; the access key is not sent but is signed. Values
        are not encoded, so one that holds a name could be cut in two ways: nobody signed that."""
        keyed = [(secret, {**fields, "accessKey": access}) for access, secret in self._keys]
        ours = [signature(secret, names, values) for secret, values in keyed]
        content = _content(names, fields)
        one_way = all(content.count(f"&{name}=".encode()) == 1 for name in names[1:])
        return any_equal(ours, [str(fields.get("signature"))]) and one_way

    def reply(self, outcome: Outcome) -> Reply:
        """MoMo wants 204 and nothing else for whatever need not be sent again."""
        return Reply({Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 204), "")

    def fetch(self, order: Order | RefundOrder) -> Notice:
        request = uuid.uuid4().hex
        if isinstance(order, RefundOrder):
            fields = {"requestId": request, "orderId": refund_id(order)}
            answer = self._call("/refund/query", fields, QUERY)
            return self._told(order.payment, order, answer)
        answer = self._call("/query", {"requestId": request, "orderId": order.code}, QUERY)
        return self._told(order, None, answer)

    def _told(self, order: Order, refund: RefundOrder | None, answer: Mapping[str, Any]) -> Notice:
        """What an answer says of a payment or its refund."""
        refund_key = refund.key if refund else None
        status = (GOING_BACK if refund else STANDING).get(answer["resultCode"], Status.UNKNOWN)
        paid = status is Status.PAID
        with reading_answer(COMPANY):
            moved = (_movement(answer, gives_back=refund is not None),) if paid else ()
        at = moved[0].event_at if moved else self._clock()
        key = _key(refund_key or order.code, answer)
        return Notice(key, order.code, status, at, moved, refund_key=refund_key)

    def refund(self, order: RefundOrder) -> Notice:
        if order.receipt_ref is None or not order.receipt_ref.isdecimal():
            raise refused(COMPANY, "transId")
        number = refund_id(order)
        fields = {
            "requestId": number,
            "orderId": number,
            "amount": order.amount,
            "transId": int(order.receipt_ref),
            "description": f"Hoan tien {order.payment.code}",
        }
        answer = self._call("/refund", fields, REFUND)
        code = answer["resultCode"]
        if code in WRONG or GOING_BACK.get(code) is Status.FAILED:
            raise refused(COMPANY, code)
        return self.fetch(order) if code in ASK_AGAIN else self._told(order.payment, order, answer)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """MoMo's files come from its portal or by SFTP; their layout comes with the contract."""
        return ()

    def _call(
        self, path: str, fields: Mapping[str, object], names: Iterable[str]
    ) -> dict[str, Any]:
        """MoMo's answer to a request signed with the newest key; `unreadable` when it is about
        another partner, order or request."""
        access, secret = self._keys[0]
        request = {"partnerCode": self._partner, "lang": "vi", **fields}
        signed = signature(secret, names, {**request, "accessKey": access})
        url = self._api_url + PATH + path
        answer = answer_object(
            post_json(self._http, url, {**request, "signature": signed}), COMPANY
        )
        echoes = ("partnerCode", "orderId", "requestId")
        another = any(answer.get(name) != request[name] for name in echoes)
        if another or type(answer.get("resultCode")) is not int:
            raise unreadable(COMPANY)
        return answer


def signature(secret: str, names: Iterable[str], values: Mapping[str, Any]) -> str:
    """MoMo's signature of `values`; what is absent is signed as empty."""
    return hmac_hex(secret, _content(names, values))


def _content(names: Iterable[str], values: Mapping[str, Any]) -> bytes:
    return "&".join(f"{name}={values.get(name, '')}" for name in names).encode("utf-8", "replace")


def refund_id(order: RefundOrder) -> str:
    """The order id of a refund, the same for every repeat and unlike every other one's."""
    return f"{order.payment.code}-R{sha256_hex(order.key.encode())[:20]}"


def _notice(fields: Mapping[str, Any]) -> Notice:
    """An IPN; its key is the hash of what was signed."""
    status = STANDING.get(whole(fields["resultCode"]), Status.UNKNOWN)
    return Notice(
        key=sha256_hex(_content(IPN, fields)),
        order_code=text(fields["orderId"]),
        status=status,
        event_at=instant_of_milliseconds(fields["responseTime"]),
        movements=(_movement(fields),) if status is Status.PAID else (),
    )


def _movement(fields: Mapping[str, Any], *, gives_back: bool = False) -> MovementFact:
    """The money of a message, at the time it was last changed or, where none is told, answered."""
    number = whole(fields.get("transId"))
    if number <= 0:
        raise ValueError("money without its number")
    return MovementFact(
        kind=MovementKind.REFUND if gives_back else MovementKind.RECEIPT,
        rail_ref=str(number),
        amount=amount(fields.get("amount")),
        currency="VND",
        event_at=instant_of_milliseconds(fields.get("lastUpdated") or fields.get("responseTime")),
    )


def _key(subject: str, answer: Mapping[str, Any]) -> str:
    """Equal answers about one subject have equal keys: the time of the answer is left out."""
    kept = (answer.get(name) for name in ("resultCode", "transId", "amount"))
    return sha256_hex("|".join(("query", subject, *map(str, kept))).encode())
