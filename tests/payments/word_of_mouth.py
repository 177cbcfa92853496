"""A whole provider of few words, for tests of the house behind it.

It keeps its orders in memory and answers what a test told it to answer; its notices are JSON, signed
with HMAC-SHA256 in the header `Word-Signature`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

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
    NoticeRequest,
    Order,
    Outcome,
    ProviderUnavailable,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.provider import Notice as Told

SECRET = "whispered"


@dataclass
class Memory:
    """What `WordOfMouth` knows. An exception among the answers is raised instead of returned;
    `listener` is called during every call from us, with the name of the call."""

    orders: dict[str, Order] = field(default_factory=dict)
    answers: dict[str, Told | Exception] = field(default_factory=dict)
    refusal: Exception | None = None
    listener: Callable[[str], object] = str
    asked: list[str] = field(default_factory=list)

    def hear(self, call: str, subject: str) -> None:
        self.asked.append(f"{call} {subject}")
        self.listener(call)
        if self.refusal:
            raise self.refusal

    def answer(self, subject: str) -> Told:
        found = self.answers.get(subject, ProviderUnavailable("Nobody remembers."))
        if isinstance(found, Exception):
            raise found
        return found


class WordOfMouth:
    """Implements `payments.provider.Provider` over a `Memory`."""

    name: ClassVar[str] = "word-of-mouth"
    label: ClassVar[str] = "Word of mouth"
    settings: ClassVar[tuple[str, ...]] = ()
    secret_fields: ClassVar[tuple[str, ...]] = ("secret",)
    methods: ClassVar[Mapping[str, str]] = {"": label}
    hosts: ClassVar[Mapping[str, Hosts]] = {}
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"})
    )
    memory: ClassVar[Memory]

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._secrets = [parts["secret"] for parts in account.secrets]

    def start(self, order: Order) -> Checkout:
        self.memory.hear("start", order.code)
        self.memory.orders[order.code] = order
        return Checkout(f"https://pay.example/{order.code}", f"WOM-{order.number}")

    def parse_notice(self, request: NoticeRequest) -> tuple[Told, ...]:
        content = request.body or request.query.encode()
        given = request.headers.get("Word-Signature", "")
        if not any(hmac.compare_digest(sign(content, s), given) for s in self._secrets):
            raise InvalidNotice("Nobody we know said that.")
        return tuple(told_from(entry) for entry in json.loads(unquote_to_bytes(content)))

    def reply(self, outcome: Outcome) -> Reply:
        status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, outcome.value, "text/plain")

    def fetch(self, order: Order | RefundOrder) -> Told:
        subject = order.key if isinstance(order, RefundOrder) else order.code
        self.memory.hear("fetch", subject)
        return self.memory.answer(subject)

    def refund(self, order: RefundOrder) -> Told:
        self.memory.hear("refund", order.key)
        return self.memory.answer(order.key)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        return ()


class NoNetwork:
    """The outbound client of a provider that needs none."""

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        raise ProviderUnavailable("There is no network here.")


def sign(content: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def told_from(entry: Mapping[str, Any]) -> Told:
    """A notice from its JSON form, as `notice_json` writes it."""
    return Told(
        key=entry["key"],
        order_code=entry["order"],
        status=Status(entry["status"]),
        event_at=datetime.fromisoformat(entry["at"]),
        movements=tuple(
            MovementFact(MovementKind(kind), ref, amount, currency, datetime.fromisoformat(at))
            for kind, ref, amount, currency, at in entry["movements"]
        ),
    )


def notice_json(*notices: Told) -> bytes:
    return json.dumps(
        [
            {
                "key": told.key,
                "order": told.order_code,
                "status": told.status,
                "at": told.event_at.isoformat(),
                "movements": [
                    [m.kind, m.rail_ref, m.amount, m.currency, m.event_at.isoformat()]
                    for m in told.movements
                ],
            }
            for told in notices
        ]
    ).encode()
