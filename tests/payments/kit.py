"""The cast of the payments tests: one operator with one merchant account, and how to talk to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar

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
    MovementFact,
    MovementKind,
    Status,
)
from payments.provider import Notice as Told
from payments.secrets import Vault
from payments.service import Recorded, record
from tests.payments.word_of_mouth import SECRET, Memory, NoNetwork, WordOfMouth

KEY = Fernet.generate_key().decode()
PRICE = 20_000

Result = TypeVar("Result")


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
            secret={"secret": SECRET},
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
