"""Finds passes that brought more money than they cost and asks, in the service's own name, for the
rest to go back: paid twice, or paid after they were cancelled. A person decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.passes.models import Pass
from parking.passes.service import lock_pass, paid_beyond
from payments.db import business_day
from payments.excess import propose_excess
from payments.models import Payment
from payments.refund_tasks import SYSTEM

ACTOR = f"{SYSTEM}pass-paid-twice"
REASON = mark("The pass was paid more than once, or after it was cancelled")
#: Money of so many days is looked at: a job that was away for days catches up.
RECENT = timedelta(days=14)


def ask_back(db: sessionmaker[Session], now: datetime) -> int:
    """Open the refund tasks that are missing; how many. Running it again opens none twice."""
    lately = select(Payment.reference).where(Payment.book_day >= business_day(now - RECENT))
    wanted = select(Pass.id).where(Pass.reference.in_(lately), paid_beyond() > 0)
    with db() as tx:
        suspects = tx.scalars(wanted.order_by(Pass.id)).all()
    opened = 0
    for pass_id in suspects:
        with db.begin() as tx:
            held = lock_pass(tx, pass_id)
            excess = tx.scalar(select(paid_beyond()).where(Pass.id == pass_id)) or 0
            tasks = propose_excess(tx, held.reference, excess, ACTOR, REASON, now)
            opened += sum(1 for _ in tasks)
    return opened
