"""Finds stays that were paid more than once and asks, in the service's own name, for the rest to go
back. A person decides (`payments.refund_tasks`); nothing goes back by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
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
from payments.excess import Paying, payments_of, propose_excess
from payments.models import Payment
from payments.payback import RefundTask
from payments.refund_tasks import SYSTEM
from payments.sharing import Allocation

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


def _ask(
    tx: Session, tariffs: TariffBook, session_id: uuid.UUID, now: datetime
) -> Iterator[RefundTask]:
    """Under the session's lock."""
    session = lock_session(tx, session_id)
    found = standing(tx, tariffs, session, now)
    if session.exit_at is None and not _twice_in_full(found, payments_of(tx, session.reference)):
        return
    yield from propose_excess(tx, session.reference, found.excess, ACTOR, REASON, now)


def _twice_in_full(found: Standing, payments: Sequence[Paying]) -> bool:
    """A whole payment more than the stay costs so far: no longer stay was meant by it."""
    whole = [paying.amount for paying in payments if paying.whole]
    several = len(whole) > 1 or any("duplicate" in one.payment.flags for one in payments)
    return several and found.excess >= min(whole)
