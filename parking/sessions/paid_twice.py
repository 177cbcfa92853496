"""Finds stays that were paid more than once and asks, in the service's own name, for the rest to go
back. A person decides (`payments.refund_tasks`); nothing goes back by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, union, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.sessions.due import Standing, standing
from parking.sessions.models import ParkingSession
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments.db import business_day
from payments.models import Allocation, Payment
from payments.payback import RefundTask
from payments.refund_tasks import SYSTEM, left_to_ask, propose
from payments.refunds import RefundRequest
from payments.sharing import left_of, parts_for, pays

ACTOR = f"{SYSTEM}paid-twice"
REASON = mark("Paid more than once")
#: Money and exits of so many days are looked at: a job that was away for days catches up.
RECENT = timedelta(days=14)


def ask_back(db: sessionmaker[Session], tariffs: TariffBook, now: datetime) -> int:
    """Open a refund task for what was paid beyond the price, of each stay that is over or was paid
    twice in full; how many tasks. Running it again opens none that was opened or rejected before."""
    with db() as tx:
        suspects = tx.scalars(_suspects(now)).all()
    opened = 0
    for session_id in suspects:
        with db.begin() as tx:
            opened += sum(1 for _ in _ask(tx, tariffs, session_id, now))
    return opened


def _suspects(now: datetime) -> Select[uuid.UUID]:
    """Recent stays with several payments that brought money, or one that brought too much."""
    since = now - RECENT
    came = (Payment.book_day >= business_day(since), Payment.received > 0)
    of_payment = Payment.id == Allocation.payment_id
    recent = union(
        select(Payment.reference).where(*came),
        select(Allocation.reference).join(Payment, of_payment).where(*came),
        select(ParkingSession.reference).where(ParkingSession.exit_at >= since),
    )
    too_much = or_(Payment.flags.contains("overpaid"), Payment.flags.contains("duplicate"))
    with_money = Payment.received > 0
    both = union_all(
        select(Payment.reference, too_much.label("much")).where(
            Payment.reference.in_(recent), with_money
        ),
        select(Allocation.reference, too_much)
        .join(Payment, of_payment)
        .where(Allocation.reference.in_(recent), with_money),
    ).subquery()
    several = (
        select(both.c.reference)
        .group_by(both.c.reference)
        .having(or_(sql.count() > 1, sql.count().filter(both.c.much) > 0))
    )
    query = select(ParkingSession.id).where(ParkingSession.reference.in_(several))
    return query.order_by(ParkingSession.id)


@dataclass(frozen=True, slots=True)
class Paying:
    """A payment that brought money, or the part of one for several stays, with what is `left` of it."""

    payment: Payment
    part: Allocation | None
    left: int

    @property
    def reference(self) -> str | None:
        return self.part.reference if self.part else None

    @property
    def amount(self) -> int:
        return self.part.amount if self.part else self.payment.amount

    @property
    def whole(self) -> bool:
        """All of the amount came, whatever went back."""
        if self.part is None:
            return self.payment.received >= self.amount
        return self.left + self.part.returned >= self.amount

    @property
    def key(self) -> str:
        """What the keys of its refunds begin with."""
        place = f":part{self.part.position}" if self.part else ""
        return f"excess:{self.payment.code}{place}"


def _ask(
    tx: Session, tariffs: TariffBook, session_id: uuid.UUID, now: datetime
) -> Iterator[RefundTask]:
    """Under the session's lock, newest payment first: the driver's own choice paid for the stay."""
    session = lock_session(tx, session_id)
    payments = _payments(tx, session)
    found = standing(tx, tariffs, session, now)
    if session.exit_at is None and not _twice_in_full(found, payments):
        return
    spoken_for = _tasks(tx, session.reference)
    rest = found.excess - sum(task.amount for task in spoken_for if task.state != "approved")
    for paying in payments:
        payment, part = paying.payment, paying.reference
        amount = min(rest, left_to_ask(tx, payment, part))
        if amount <= 0:
            continue
        before = sum(task.payment_id == payment.id for task in spoken_for)
        key = f"{paying.key}:{before + 1}"
        request = RefundRequest(payment.id, amount, "excess", REASON, ACTOR, key, part)
        yield propose(tx, request, now)
        rest -= amount


def _payments(tx: Session, session: ParkingSession) -> list[Paying]:
    query = select(Payment).where(pays([session.reference]), Payment.received > 0)
    rows = tx.scalars(query.order_by(Payment.paid_at.desc(), Payment.id.desc())).all()
    parts = {part.payment_id: part for part in parts_for(tx, session.reference)}
    found = []
    for row in rows:
        part = parts.get(row.id)
        found.append(Paying(row, part, left_of(tx, row, part.reference if part else None)))
    return found


def _tasks(tx: Session, reference: str) -> Sequence[RefundTask]:
    """Every task for an excess of this stay, decided ones too."""
    alone = select(Payment.id).where(Payment.reference == reference)
    of_stay = or_(RefundTask.payment_id.in_(alone), RefundTask.reference == reference)
    return tx.scalars(select(RefundTask).where(of_stay, RefundTask.purpose == "excess")).all()


def _twice_in_full(found: Standing, payments: Sequence[Paying]) -> bool:
    """A whole payment more than the stay costs so far: no longer stay was meant by it."""
    whole = [paying.amount for paying in payments if paying.whole]
    several = len(whole) > 1 or any("duplicate" in one.payment.flags for one in payments)
    return several and found.excess >= min(whole)
