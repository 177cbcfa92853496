"""Finds stays that were paid more than once and asks, in the service's own name, for the rest to go
back. A person decides (`payments.refund_tasks`); nothing goes back by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, union
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.sessions.due import Standing, standing
from parking.sessions.models import ParkingSession
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments.db import business_day
from payments.models import Payment
from payments.payback import RefundTask
from payments.refund_tasks import SYSTEM, left_to_ask, propose
from payments.refunds import RefundRequest

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
    recent = union(
        select(Payment.reference).where(Payment.book_day >= business_day(since)),
        select(ParkingSession.reference).where(ParkingSession.exit_at >= since),
    )
    too_much = or_(Payment.flags.contains("overpaid"), Payment.flags.contains("duplicate"))
    several = (
        select(Payment.reference)
        .where(Payment.reference.in_(recent), Payment.received > 0)
        .group_by(Payment.reference)
        .having(or_(sql.count() > 1, sql.count().filter(too_much) > 0))
    )
    query = select(ParkingSession.id).where(ParkingSession.reference.in_(several))
    return query.order_by(ParkingSession.id)


def _ask(
    tx: Session, tariffs: TariffBook, session_id: uuid.UUID, now: datetime
) -> Iterator[RefundTask]:
    """Under the session's lock, newest payment first: the driver's own choice paid for the stay."""
    session = lock_session(tx, session_id)
    payments = _payments(tx, session.reference)
    found = standing(tx, tariffs, session, now)
    if session.exit_at is None and not _twice_in_full(found, payments):
        return
    spoken_for = _tasks(tx, session.reference)
    rest = found.excess - sum(task.amount for task in spoken_for if task.state != "approved")
    for payment in payments:
        amount = min(rest, left_to_ask(tx, payment))
        if amount <= 0:
            continue
        before = sum(task.payment_id == payment.id for task in spoken_for)
        key = f"excess:{payment.code}:{before + 1}"
        request = RefundRequest(payment.id, amount, "excess", REASON, ACTOR, key)
        yield propose(tx, request, now)
        rest -= amount


def _payments(tx: Session, reference: str) -> Sequence[Payment]:
    query = select(Payment).where(Payment.reference == reference, Payment.received > 0)
    return tx.scalars(query.order_by(Payment.paid_at.desc(), Payment.id.desc())).all()


def _tasks(tx: Session, reference: str) -> Sequence[RefundTask]:
    """Every task for an excess of this stay, decided ones too."""
    of_stay = select(Payment.id).where(Payment.reference == reference)
    return tx.scalars(
        select(RefundTask).where(RefundTask.payment_id.in_(of_stay), RefundTask.purpose == "excess")
    ).all()


def _twice_in_full(found: Standing, payments: Sequence[Payment]) -> bool:
    """A whole payment more than the stay costs so far: no longer stay was meant by it."""
    whole = [payment.amount for payment in payments if payment.received >= payment.amount]
    several = len(whole) > 1 or any("duplicate" in payment.flags for payment in payments)
    return several and found.excess >= min(whole)
