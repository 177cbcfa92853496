"""The cast of the payments tests: one operator, one merchant account, one provider of few words.

`WordOfMouth` is a whole provider that keeps its orders in memory and answers what a test told it to
answer; its notices are JSON, signed with HMAC-SHA256 in the header `Word-Signature`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any, ClassVar, TypeVar

from cryptography.fernet import Fernet
from sqlalchemy import func as sql
from sqlalchemy import literal, or_, select, union_all
from sqlalchemy.orm import Session

from payments import refunds
from payments.accounts import Gateways, open_account
from payments.checkout import Request, start
from payments.db import Databases
from payments.models import MerchantAccount, Movement, Notice, Payment, Refund, Transfer
from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
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
from payments.secrets import Vault
from payments.service import Recorded, record

SECRET = "whispered"
KEY = Fernet.generate_key().decode()
PRICE = 20_000

Result = TypeVar("Result")


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
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"})
    )
    memory: ClassVar[Memory]

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._secrets = account.secrets

    def start(self, order: Order) -> Checkout:
        self.memory.hear("start", order.code)
        self.memory.orders[order.code] = order
        return Checkout(f"https://pay.example/{order.code}", f"WOM-{order.number}")

    def parse_notice(self, request: NoticeRequest) -> tuple[Told, ...]:
        content = request.body or request.query.encode()
        given = request.headers.get("Word-Signature", "")
        if not any(hmac.compare_digest(sign(content, s), given) for s in self._secrets):
            raise InvalidNotice("Nobody we know said that.")
        return tuple(told_from(entry) for entry in json.loads(content))

    def reply(self, outcome: Outcome) -> Reply:
        return Reply(200, outcome.value, "text/plain")

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


def motion(
    kind: MovementKind, ref: str, amount: int, at: datetime, currency: str = "VND"
) -> MovementFact:
    return MovementFact(kind, ref, amount, currency, at)


def receipt(ref: str, at: datetime, amount: int = PRICE) -> MovementFact:
    return motion(MovementKind.RECEIPT, ref, amount, at)


def paid_notice(code: str | None, at: datetime, ref: str = "R1", amount: int = PRICE) -> Told:
    """The provider says that `amount` arrived for `code` as `ref`."""
    return Told(f"event-{ref}", code, Status.PAID, at, (receipt(ref, at, amount),))


@dataclass
class House:
    """A database with the operator An Binh and its one merchant account."""

    databases: Databases
    gateways: Gateways
    memory: Memory
    account: MerchantAccount
    now: datetime

    def request(
        self, intent: str = "quote-1", amount: int = PRICE, reference: str = "session-1"
    ) -> Request:
        return Request(
            account=self.account,
            reference=reference,
            intent=intent,
            amount=amount,
            cost_centre="HK-001",
            product="stay.car",
            description="HK-001 29A-123.45",
            expires_at=self.now + timedelta(minutes=10),
            return_url="https://p.example.vn/s/1?c={code}",
            notify_url="https://p.example.vn/payments/an-binh/notify",
        )

    def start(self, intent: str = "quote-1", reference: str = "session-1") -> Payment:
        request = self.request(intent, reference=reference)
        return start(self.databases.write, self.gateways, request, self.now)

    def tell(self, *notices: Told, now: datetime | None = None) -> Recorded:
        """Record each notice in a transaction of its own; the answer to the last one."""
        for told in notices:
            with self.databases.write.begin() as tx:
                answer = record(tx, self.account, told, now or self.now, source="webhook")
        return answer

    def paid_payment(
        self, intent: str = "quote-1", ref: str = "R1", amount: int = PRICE
    ) -> Payment:
        payment = self.start(intent)
        self.tell(paid_notice(payment.code, self.now, ref, amount))
        return self.payment(payment.id)

    def payment(self, payment_id: uuid.UUID) -> Payment:
        with self.databases.read() as tx:
            return tx.get_one(Payment, payment_id)

    def refund(self, refund_id: uuid.UUID) -> Refund:
        with self.databases.read() as tx:
            return tx.get_one(Refund, refund_id)

    def ask(self, payment: Payment, key: str = "K1", amount: int = PRICE) -> Refund:
        wish = refunds.RefundRequest(payment.id, amount, "charge", "left early", "lan", key)
        with self.databases.write.begin() as tx:
            return refunds.ask(tx, wish, self.now)

    def count(self, table: type[Any]) -> int:
        with self.databases.read() as tx:
            return int(tx.scalar(select(sql.count()).select_from(table)) or 0)

    def books(self, payment: Payment | None = None) -> dict[str, int]:
        """Debit minus credit per account, of one payment or of all; settled accounts left out."""
        with self.databases.read() as tx:
            return books(tx, payment)


def books(tx: Session, payment: Payment | None = None) -> dict[str, int]:
    """Balances computed apart from `payments.ledger`, so that one can prove the other."""
    rows = select(Transfer.debit, Transfer.credit, Transfer.amount)
    if payment is not None:
        rows = (
            rows.outerjoin(Movement, Movement.id == Transfer.movement_id)
            .outerjoin(Refund, Refund.id == Transfer.refund_id)
            .where(or_(Movement.payment_id == payment.id, Refund.payment_id == payment.id))
        )
    found: dict[str, int] = {}
    for debit, credit, amount in tx.execute(rows):
        found[debit] = found.get(debit, 0) + amount
        found[credit] = found.get(credit, 0) - amount
    return {account: amount for account, amount in found.items() if amount}


def make_house(databases: Databases, now: datetime) -> House:
    memory = Memory()
    talker = type("Talker", (WordOfMouth,), {"memory": memory})
    vault = Vault([KEY])
    gateways = Gateways({WordOfMouth.name: talker}, NoNetwork(), lambda: now, vault)
    with databases.write.begin() as tx:
        account = open_account(
            tx,
            vault,
            slug="an-binh",
            operator="An Binh",
            provider=WordOfMouth.name,
            mode="test",
            settings={},
            secret=SECRET,
            now=now,
        )
    return House(databases, gateways, memory, account, now)


def at_once(calls: Iterable[Callable[[], Result]]) -> list[Result | Exception]:
    """Run every call in its own thread, all let go at the same moment; results or exceptions."""
    waiting = list(calls)
    gate = Barrier(len(waiting))

    def run(call: Callable[[], Result]) -> Result | Exception:
        gate.wait()
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def everything_said(tx: Session) -> int:
    """How many rows of facts there are: notices, movements and transfers."""
    counts = union_all(
        *(select(sql.count().label("n")).select_from(t) for t in (Notice, Movement, Transfer))
    ).subquery()
    return int(tx.scalar(select(sql.coalesce(sql.sum(counts.c.n), literal(0)))) or 0)
