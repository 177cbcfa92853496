"""ZaloPay OpenAPI v2: an order announced by a form, the driver's page at ZaloPay, a callback back.

Source: docs.zalopay.vn and github zalopay-samples/quickstart-payment-gateway (protocol facts,
section 5). Settings: `app_id`; `api_url` where it is not ZaloPay's own.

- The callback's `mac` (key2) is over the text `data` exactly as it came. Nothing says when it was
  signed, so there is no replay window: a repeat is known by its content.
- Callbacks tell of success only; everything else is learned by asking, for 48 hours.
- Answers carry no mac and repeat nothing: they are believed because we called ZaloPay's host over
  TLS. `return_code` 1 is yes, 2 no, 3 not yet; a 2 is final only for the reasons listed here.
- An order is announced once: a repeat is refused (-68) and brings no second address.
- Its name begins with the day in Vietnam on which it was made, and so does a refund's.
- A refund is done later; what is told of it names no transaction, so our own m_refund_id does.
- A voucher (`discount_amount`) is no matter between us: `amount` is the order's. The papers are
  silent on the smallest and the largest, and on the hosts of the pages drivers are sent to: those
  named here are the ones seen in public code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

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
    GMT7,
    address,
    amount,
    answer_object,
    any_equal,
    hmac_hex,
    instant_of_milliseconds,
    json_object,
    milliseconds,
    named_setting,
    not_now,
    notice_object,
    reading_answer,
    reading_notice,
    refused,
    sha256_hex,
    text,
    web_address,
    whole,
)

COMPANY = "ZaloPay"
API_URL = {"test": "https://sb-openapi.zalopay.vn", "live": "https://openapi.zalopay.vn"}
#: expire_duration_seconds: ZaloPay keeps an order open for at least five minutes, at most 30 days.
SHORTEST, LONGEST = 300, 2_592_000
LONGEST_DESCRIPTION = 256

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

#: What the mac of each request covers, in this order; a query covers the key itself as well.
SIGNED = {
    "create": ("app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"),
    "query": ("app_id", "app_trans_id", "key1"),
    "refund": ("app_id", "zp_trans_id", "amount", "description", "timestamp"),
    "query_refund": ("app_id", "m_refund_id", "timestamp"),
}

YES, NO, NOT_YET = 1, 2, 3
#: sub_return_code of a payment that ended without money (return_code 2). Others are not final.
ENDED = {-54: Status.EXPIRED, -63: Status.FAILED, -217: Status.FAILED}
#: sub_return_code of a refund that will not happen: too late, amount, unsupported.
NOT_REFUNDED = dict.fromkeys((-13, -14, -32), Status.FAILED)
NOT_FOUND, TWICE = -101, -23
#: Our own request was wrong, and will be next time: data, authority.
WRONG = frozenset({-401, -402})

OURS = re.compile(r"[0-9]{6}_(PK[0-9A-Z]+)")

REPLIES = {
    Outcome.REPEATED: (2, "already handled"),
    Outcome.INVALID: (2, "mac not equal"),
    Outcome.FAILED: (0, "try again"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of ZaloPay: `return_code`, `sub_return_code` and all it holds."""

    code: int
    sub: int
    fields: Mapping[str, Any]

    def status(self, ended: Mapping[int, Status]) -> Status:
        """Raises `ProviderUnavailable` for a no that is about the question and not about money."""
        if self.code == NO and self.sub in ended:
            return ended[self.sub]
        if self.code == NO and self.sub == NOT_FOUND:
            return Status.UNKNOWN
        if self.code not in (YES, NOT_YET):
            raise not_now(COMPANY, self.sub)
        return Status.PAID if self.code == YES else Status.PENDING

    def key(self, subject: str) -> str:
        """Equal answers about one subject have equal keys."""
        kept = (self.code, self.sub, self.fields.get("zp_trans_id"), self.fields.get("amount"))
        return sha256_hex("|".join(("query", subject, *map(str, kept))).encode())


class ZalopayProvider:
    """Implements `payments.provider.Provider`."""

    name: ClassVar[str] = "zalopay"
    label: ClassVar[str] = COMPANY
    settings: ClassVar[tuple[str, ...]] = ("app_id",)
    secret_fields: ClassVar[tuple[str, ...]] = ("key1", "key2")
    methods: ClassVar[Mapping[str, str]] = {"": "ZaloPay"}
    hosts: ClassVar[Mapping[str, Hosts]] = {
        "test": Hosts(("sb-openapi.zalopay.vn",), ("qcgateway.zalopay.vn", "sbgateway.zalopay.vn")),
        "live": Hosts(("openapi.zalopay.vn",), ("gateway.zalopay.vn",)),
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"})
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._app_id = named_setting(account, "app_id")
        self._api_url = address(account, "api_url", API_URL)
        self._key1 = account.secrets[0]["key1"]
        self._callback_keys = tuple(parts["key2"] for parts in account.secrets)
        self._http = http
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        left = (order.expires_at - self._clock()) // timedelta(seconds=1)
        fields = {
            "app_trans_id": trans_id(order),
            "app_user": order.code,  # we know no name of the payer
            "amount": order.amount,
            "app_time": milliseconds(order.created_at),
            "embed_data": json.dumps({"redirecturl": order.return_url}, separators=(",", ":")),
            "item": "[]",
            "description": order.description[:LONGEST_DESCRIPTION],
            "bank_code": order.method,
            "callback_url": order.notify_url,
            "expire_duration_seconds": min(max(left, SHORTEST), LONGEST),
        }
        answer = self._call("create", fields)
        if answer.code != YES:
            settles_it = answer.code == NO and answer.sub in WRONG
            raise (refused if settles_it else not_now)(COMPANY, answer.sub)
        with reading_answer(COMPANY):
            return Checkout(web_address(answer.fields.get("order_url")), trans_id(order))

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        fields = notice_object(request)
        data, given = fields.get("data"), fields.get("mac")
        content = data.encode("utf-8", "replace") if isinstance(data, str) else b""
        ours = [hmac_hex(key, content) for key in self._callback_keys]
        if request.method != "POST" or not any_equal(ours, [str(given)]):
            raise InvalidNotice("The notice is not signed with a secret of this account.")
        with reading_notice():
            told = json_object(content)
            notice = _notice(told, sha256_hex(content))
        if str(told.get("app_id")) != self._app_id:
            raise InvalidNotice("The notice's %(name)s is not the expected one.", name="app_id")
        return (notice,)

    def reply(self, outcome: Outcome) -> Reply:
        """1 and 2 end the matter, 0 brings the callback again; it is read in the body alone."""
        code, message = REPLIES.get(outcome, (1, "success"))
        return Reply(200, json.dumps({"return_code": code, "return_message": message}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        if isinstance(order, RefundOrder):
            asked = {"m_refund_id": refund_id(self._app_id, order), "timestamp": self._now()}
            return self._refund_told(order, self._call("query_refund", asked))
        return self._payment_told(order, self._call("query", {"app_trans_id": trans_id(order)}))

    def _payment_told(self, order: Order, answer: Answer) -> Notice:
        key = answer.key(order.code)
        status = answer.status(ENDED)
        if status is not Status.PAID:
            return Notice(key, order.code, status, self._clock())
        with reading_answer(COMPANY):
            moved = _receipt(answer.fields, self._clock())
        return Notice(key, order.code, status, moved.event_at, (moved,))

    def _refund_told(self, order: RefundOrder, answer: Answer) -> Notice:
        key, code, now = answer.key(order.key), order.payment.code, self._clock()
        status = answer.status(NOT_REFUNDED)
        number = refund_id(self._app_id, order)
        moved = MovementFact(MovementKind.REFUND, number, order.amount, "VND", now)
        movements = (moved,) if status is Status.PAID else ()
        return Notice(key, code, status, now, movements, refund_key=order.key)

    def refund(self, order: RefundOrder) -> Notice:
        if order.receipt_ref is None:
            raise refused(COMPANY, "zp_trans_id")
        fields = {
            "m_refund_id": refund_id(self._app_id, order),
            "zp_trans_id": order.receipt_ref,
            "amount": order.amount,
            "description": f"Hoan tien {order.payment.code}",
            "timestamp": self._now(),
        }
        answer = self._call("refund", fields)
        if answer.code == NO and answer.sub == TWICE:
            return self.fetch(order)
        if answer.code == NO and answer.sub in {*NOT_REFUNDED, *WRONG, NOT_FOUND}:
            raise refused(COMPANY, answer.sub)
        return self._refund_told(order, answer)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """ZaloPay's files come from its portal or by SFTP; their layout comes with the contract."""
        return ()

    def _now(self) -> int:
        return milliseconds(self._clock())

    def _call(self, operation: str, fields: Mapping[str, object]) -> Answer:
        sent = {"app_id": self._app_id, **fields}
        sent["mac"] = mac(self._key1, operation, sent)
        url, form = f"{self._api_url}/v2/{operation}", urlencode(sent).encode()
        found = answer_object(self._http.request("POST", url, body=form, headers=FORM), COMPANY)
        with reading_answer(COMPANY):
            code, sub = whole(found.get("return_code")), whole(found.get("sub_return_code", 0))
        return Answer(code, sub, found)


def mac(key1: str, operation: str, fields: Mapping[str, object]) -> str:
    """The mac of a request of ours."""
    known = {**fields, "key1": key1}
    content = "|".join(str(known[name]) for name in SIGNED[operation])
    return hmac_hex(key1, content.encode("utf-8", "replace"))


def day(instant: datetime) -> str:
    """yymmdd of the day in Vietnam."""
    return instant.astimezone(GMT7).strftime("%y%m%d")


def trans_id(order: Order) -> str:
    """ZaloPay's name for an order of ours: ``260115_PK…``."""
    return f"{day(order.created_at)}_{order.code}"


def refund_id(app_id: str, order: RefundOrder) -> str:
    """The name of a refund, the same for every repeat: at most 45 characters."""
    return f"{day(order.asked_at)}_{app_id}_{sha256_hex(order.key.encode())[:20]}"


def _notice(told: Mapping[str, Any], key: str) -> Notice:
    """A callback, which always means success. What is no order of ours keeps its whole name, so
    that its money can be found."""
    reference = text(told.get("app_trans_id"))
    made_by_us = OURS.fullmatch(reference)
    moved = _receipt(told)
    return Notice(
        key=key,
        order_code=made_by_us[1] if made_by_us else reference,
        status=Status.PAID,
        event_at=moved.event_at,
        movements=(moved,),
        provider_ref=reference,
    )


def _receipt(told: Mapping[str, Any], otherwise: datetime | None = None) -> MovementFact:
    """The money of a callback or an answer; an answer without a time was given `otherwise`."""
    number, at = whole(told.get("zp_trans_id")), otherwise
    if number <= 0:
        raise ValueError("money without its number")
    if at is None or "server_time" in told:
        at = instant_of_milliseconds(told.get("server_time"))
    return MovementFact(MovementKind.RECEIPT, str(number), amount(told.get("amount")), "VND", at)
