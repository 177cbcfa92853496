"""The sandbox payment company (`payments.sandbox`), seen from the merchant's side.

Notices carry ``Webhook-Id``, ``Webhook-Timestamp`` and one or more ``v1=`` signatures (HMAC-SHA256,
hexadecimal) over ``id.timestamp.body``. The account's settings are `base_url`, `merchant` and, for a
simulated day, `test_clock` (true: requests carry our clock, and the sandbox takes it for its own).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from payments.errors import Complaint, WrongUsage
from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    HttpAnswer,
    InvalidNotice,
    MovementFact,
    MovementKind,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    ProviderRefused,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.providers.sandbox_api import COMPANY, SandboxApi, read_object
from payments.providers.sandbox_file import parse_file
from payments.providers.wire import (
    LARGEST_MESSAGE,
    amount,
    any_equal,
    hmac_hex,
    notice_object,
    sha256_hex,
    text,
    unreadable,
)

MODE = "test"
#: A genuine notice signed longer ago than this is stored and settled by `fetch`.
REPLAY_WINDOW = timedelta(minutes=5)
CLOCK_AHEAD = timedelta(minutes=1)


class SandboxProvider:
    """Implements `payments.provider.Provider`."""

    name: ClassVar[str] = "sandbox"
    label: ClassVar[str] = "Ví Thử (sandbox)"
    settings: ClassVar[tuple[str, ...]] = ("base_url", "merchant")
    secret_fields: ClassVar[tuple[str, ...]] = ("secret",)
    methods: ClassVar[Mapping[str, str]] = {"": label}
    hosts: ClassVar[Mapping[str, Hosts]] = {}
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=True, currencies=frozenset({"VND"}), statement_due_minutes=15
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        if account.mode != MODE:
            raise WrongUsage(
                "Sandbox account %(account)s must be in mode test: it holds no real money.",
                account=account.slug,
            )
        self._api = SandboxApi(account, http, clock)
        self._secrets = tuple(parts["secret"] for parts in account.secrets)
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        fields = {
            "order": order.code,
            "amount": order.amount,
            "currency": order.currency,
            "description": order.description,
            "expires_at": order.expires_at.isoformat(),
            "return_url": order.return_url,
        }
        answer = read_object(self._api.call("POST", "/v1/orders", fields))
        url, reference = answer.get("pay_url"), answer.get("provider_ref")
        if not (isinstance(url, str) and isinstance(reference, str)):
            raise unreadable(COMPANY)
        return Checkout(url, reference)

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        event = headers.get("webhook-id", "")
        signed_at = self._verify(headers, event, request.body)
        fields = notice_object(request)
        for name, expected in (("id", event), ("merchant", self._api.merchant), ("mode", MODE)):
            if fields.get(name) != expected:
                raise InvalidNotice("The notice's %(name)s is not the expected one.", name=name)
        stale = self._clock() - signed_at > REPLAY_WINDOW
        try:
            return (_notice(event, fields, stale=stale),)
        except (KeyError, TypeError, ValueError, Complaint):
            raise InvalidNotice("The notice %(event)s cannot be understood.", event=event) from None

    def _verify(self, headers: Mapping[str, str], event: str, body: bytes) -> datetime:
        """When the notice was signed. Raises `InvalidNotice` unless one of our secrets signed these
        very bytes. Every pair is compared, so that time tells nothing."""
        timestamp = headers.get("webhook-timestamp", "")
        readable = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11
        if not (event and readable and len(body) <= LARGEST_MESSAGE):
            raise InvalidNotice("The notice has no id, no time stamp, or is too large.")
        content = f"{event}.{timestamp}.".encode() + body
        given = headers.get("webhook-signature", "").split()[:10]
        ours = [f"v1={hmac_hex(secret, content)}" for secret in self._secrets]
        if not any_equal(ours, given):
            raise InvalidNotice("The notice is not signed with a secret of this account.")
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
        if signed_at - self._clock() > CLOCK_AHEAD:
            raise InvalidNotice("The notice was signed in the future.")
        return signed_at

    def reply(self, outcome: Outcome) -> Reply:
        """What is stored need not be sent again, whatever became of it."""
        status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, json.dumps({"received": status == 200, "outcome": outcome.value}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        if isinstance(order, RefundOrder):
            answer = self._api.call("GET", f"/v1/refunds/{order.key}")
            code, refund_key = order.payment.code, order.key
        else:
            answer = self._api.call("GET", f"/v1/orders/{order.code}")
            code, refund_key = order.code, None
        if answer is None:
            return self._never_heard_of(code, refund_key)
        return _answered(answer, code, refund_key)

    def _never_heard_of(self, code: str, refund_key: str | None) -> Notice:
        """The request that announced it may still be on its way: nobody knows yet."""
        key = sha256_hex(f"unknown|{code}|{refund_key}".encode())
        return Notice(key, code, Status.UNKNOWN, self._clock(), refund_key=refund_key)

    def refund(self, order: RefundOrder) -> Notice:
        fields = {"key": order.key, "order": order.payment.code, "amount": order.amount}
        answer = self._api.call("POST", "/v1/refunds", fields)
        if answer is None:
            raise ProviderRefused(
                "The sandbox refused the request: %(reason)s",
                reason=f"no order {order.payment.code}",
            )
        return _answered(answer, order.payment.code, order.key)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        days = (since + timedelta(days=n) for n in range((until - since).days + 1))
        return [found for day in days if (found := self._file("settlement", "statements", day))]

    def bank_credits(self, day: date) -> StatementFile | None:
        """The credits that reached our bank account on `day`, as the sandbox's bank tells them:
        `line_ref` is the bank's reference, `rail_ref` the payout's. None until that file is out.
        Raises `InvalidStatement`."""
        return self._file("bank", "bank", day)

    def _file(self, kind: str, place: str, day: date) -> StatementFile | None:
        answer = self._api.call("GET", f"/v1/{place}/{day.isoformat()}")
        return (
            parse_file(f"sandbox-{kind}", self._api.merchant, day, answer.body) if answer else None
        )


def _answered(answer: HttpAnswer, code: str, refund_key: str | None) -> Notice:
    """A status answer as a notice. Equal answers have equal keys, so a poll that brings nothing new
    is a repetition."""
    try:
        notice = _notice(sha256_hex(answer.body), read_object(answer))
    except (KeyError, TypeError, ValueError, Complaint):
        raise unreadable(COMPANY) from None
    if (notice.order_code, notice.refund_key) != (code, refund_key):
        raise unreadable(COMPANY)
    return notice


def _notice(key: str, fields: Mapping[str, Any], *, stale: bool = False) -> Notice:
    return Notice(
        key=key,
        order_code=text(fields["order"]),
        status=Status(fields["status"]),
        event_at=_instant(fields["event_at"]),
        movements=tuple(_movement(entry) for entry in fields["movements"]),
        provider_ref=text(fields["provider_ref"]),
        refund_key=text(fields["refund_key"]) if fields["refund_key"] is not None else None,
        stale=stale,
    )


def _movement(entry: Mapping[str, Any]) -> MovementFact:
    currency = text(entry["currency"])
    return MovementFact(
        kind=MovementKind(entry["kind"]),
        rail_ref=text(entry["rail_ref"]),
        amount=amount(entry["amount"], currency),
        currency=currency,
        event_at=_instant(entry["event_at"]),
    )


def _instant(value: object) -> datetime:
    instant = datetime.fromisoformat(text(value))
    if instant.tzinfo is None:
        raise ValueError("a time without its offset")
    return instant
