"""payOS: a payment link whose money goes by bank transfer straight to the operator's own account.

Settings: `client_id`; optionally `api_url` and `page_url` (a link's page is this and its id; the
built-in one is general knowledge, the documents show it only in answers), `show_qr` (true: the
driver scans the code on our own page) and `bank_linked` (false: the bank account is not linked
through payOS). payOS has no test system of its own: an account in mode test names its `api_url`.

There is no refund call and no settlement file: money goes back by a bank list, and what arrived
stands in the bank's statement at once, gross. When webhooks come again is not published, so a
payment nobody told us about is settled by polls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NoReturn
from urllib.parse import quote

from payments.codes import LENGTH, PREFIX, code_for
from payments.errors import WrongUsage
from payments.provider import (
    AccountSettings,
    BankTransfer,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    PayerAccount,
    ProviderRefused,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.providers import payos_wire as wire
from payments.providers.wire import (
    address,
    answer_object,
    named_setting,
    not_now,
    post_json,
    reading_answer,
    reading_notice,
    refused,
    sha256_hex,
    text,
    unreadable,
    web_address,
)

API = {"live": "https://api-merchant.payos.vn"}
PAGE = "https://pay.payos.vn/web"
COMPANY = "payOS"
EXISTS = "231"
ENDED = ("CANCELLED", "EXPIRED", "FAILED")
#: Longest description where the bank account is not linked through payOS (25 where it is).
LONGEST_UNLINKED = 9
CODE_LENGTH = len(PREFIX) + LENGTH + 1

Json = Mapping[str, Any]


class PayosProvider:
    """Implements `payments.provider.Provider`, `Cancels` and `KnowsPayer`."""

    name: ClassVar[str] = "payos"
    label: ClassVar[str] = "payOS"
    settings: ClassVar[tuple[str, ...]] = ("client_id",)
    secret_fields: ClassVar[tuple[str, ...]] = ("api_key", "checksum_key")
    methods: ClassVar[Mapping[str, str]] = {"": "payOS (VietQR)"}
    hosts: ClassVar[Mapping[str, Hosts]] = {
        "live": Hosts(called=("api-merchant.payos.vn",), visited=("pay.payos.vn",))
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=False,
        statements=False,
        currencies=frozenset({"VND"}),
        transfers=True,
        largest=499_999_999,
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        if account.settings.get("bank_linked") is False and CODE_LENGTH > LONGEST_UNLINKED:
            raise WrongUsage(
                "Account %(account)s cannot be used: payOS takes %(longest)s symbols of text for a "
                "bank account that is not linked, and our payment codes have %(length)s. Link it.",
                account=account.slug, longest=LONGEST_UNLINKED, length=CODE_LENGTH,
            )  # fmt: skip
        self._links = address(account, "api_url", API) + "/v2/payment-requests"
        self._pages = str(account.settings.get("page_url", PAGE)).rstrip("/")
        self._show_qr = account.settings.get("show_qr") is True
        self._keys = tuple(parts["checksum_key"] for parts in account.secrets)
        self._headers = {
            "x-client-id": named_setting(account, "client_id"),
            "x-api-key": account.secrets[0]["api_key"],
        }
        self._http = http
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        fields: dict[str, object] = {
            "orderCode": order.number,
            "amount": order.amount,
            "description": order.code,
            "cancelUrl": order.return_url,
            "returnUrl": order.return_url,
            "expiredAt": int(order.expires_at.timestamp()),
        }
        fields["signature"] = wire.request_signature(self._keys[0], fields)
        message = self._answer("POST", "", fields)
        if message.get("code") == EXISTS:
            return self._standing(order)
        data = self._done(message)
        with reading_answer(COMPANY):
            return self._checkout(data)

    def _checkout(self, data: Json) -> Checkout:
        link = text(data["paymentLinkId"])
        if not self._show_qr:
            return Checkout(url=web_address(data["checkoutUrl"]), provider_ref=link)
        transfer = BankTransfer(
            payload=text(data["qrCode"]),
            bank=text(data["bin"]),
            account=text(data["accountNumber"]),
            holder=text(data["accountName"]),
            purpose=text(data["description"]),
        )
        return Checkout(transfer=transfer, provider_ref=link)

    def _standing(self, order: Order) -> Checkout:
        """The link that stands for an order announced before. Its record says neither page nor
        code again: the page is known by the link's id, the code is shown there."""
        data = self._record(order.number)
        if data is None or data["status"] in ENDED or data.get("amount") != order.amount:
            raise ProviderRefused(
                "payOS has no open payment link over %(amount)s for order %(code)s.",
                amount=order.amount, code=order.code,
            )  # fmt: skip
        link = text(data["id"])
        return Checkout(url=f"{self._pages}/{quote(link, safe='')}", provider_ref=link)

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        """Webhooks carry no time of signing: a repeated one is known by its key.

        A transfer whose text does not show our code is asked about before it is believed: the call
        that tests a webhook address is signed like any other and names an order number that may be
        one of ours. Raises `ProviderUnavailable` when there is no answer; payOS then says it again.
        """
        data = wire.verified_data(request, self._keys)
        with reading_notice():
            told = wire.told_transfer(data)
            code, named = code_for(told.order_number), told.names_its_code
        if not named and not self._has_link(told):
            return ()
        key = sha256_hex(wire.text_to_sign(data).encode())
        status, movements = (Status.PAID, (told.receipt,)) if told.done else (Status.PENDING, ())
        return (Notice(key, code, status, told.at, movements, told.link, stale=not named),)

    def _has_link(self, told: wire.Transfer) -> bool:
        data = self._record(told.order_number)
        return data is not None and data["id"] == told.link

    def reply(self, outcome: Outcome) -> Reply:
        """Any 2xx ends it."""
        status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, json.dumps({"success": status == 200}))

    def payer(self, raw: bytes) -> PayerAccount | None:
        return wire.payer_of(raw)

    def fetch(self, order: Order | RefundOrder) -> Notice:
        if isinstance(order, RefundOrder):
            self.refund(order)
        data = self._record(order.number)
        if data is None:  # the request that announced it may still be on its way
            key = sha256_hex(f"unknown|{order.code}".encode())
            return Notice(key, order.code, Status.UNKNOWN, self._clock())
        return self._told(order, data)

    def _told(self, order: Order, data: Json) -> Notice:
        """A link's record as a notice. Equal records have equal keys, so that a poll that brings
        nothing new is a repetition."""
        with reading_answer(COMPANY):
            movements = tuple(entry.receipt for entry in wire.listed_transfers(data))
            return Notice(
                key=sha256_hex(wire.text_to_sign(data).encode()),
                order_code=order.code,
                status=wire.STATUSES[data["status"]],
                event_at=max((m.event_at for m in movements), default=self._clock()),
                movements=movements,
                provider_ref=text(data["id"]),
            )

    def cancel(self, order: Order) -> Notice:
        """Close the link; what cannot be closed any more (paid, ended) is told as it is."""
        fields = {"cancellationReason": "expired"}
        message = self._answer("POST", f"/{order.number}/cancel", fields)
        if message.get("code") != wire.DONE:
            return self.fetch(order)
        return self._told(order, self._about(order.number, self._done(message)))

    def refund(self, order: RefundOrder) -> NoReturn:
        raise ProviderRefused(
            "payOS sends no money back: refund %(amount)s of payment %(code)s goes by bank list.",
            amount=order.amount, code=order.payment.code,
        )  # fmt: skip

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """None: the bank's own statement says what arrived."""
        return []

    def _record(self, number: int) -> Json | None:
        """The record of an order's link; None where payOS knows none."""
        message = self._answer("GET", f"/{number}", None)
        if message.get("code") != wire.DONE:
            return None
        return self._about(number, self._done(message))

    def _about(self, number: int, data: Json) -> Json:
        if data.get("orderCode") != number or "status" not in data or "id" not in data:
            raise unreadable(COMPANY)
        return data

    def _answer(self, method: str, path: str, fields: Json | None) -> dict[str, Any]:
        url = self._links + path
        if fields is None:
            answer = self._http.request(method, url, headers=self._headers)
        else:
            answer = post_json(self._http, url, fields, self._headers)
        message = answer_object(answer, COMPANY)
        if answer.status in (401, 403):
            raise not_now(COMPANY, answer.status)  # until somebody mends the keys
        return message

    def _done(self, message: Json) -> Json:
        """What a signed answer says. Raises `ProviderRefused` for a no, which carries no signature,
        and `ProviderUnavailable` for a yes that is not payOS's."""
        if message.get("code") != wire.DONE:
            raise refused(COMPANY, f"{message.get('code')} {message.get('desc')}"[:200])
        if not wire.is_signed(message, self._keys):
            raise unreadable(COMPANY)
        data: Json = message["data"]
        return data
