"""Which payout carries a file that has none: the next one of its account."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, or_, select, update
from sqlalchemy.orm import Session, aliased

from reconciliation.days import LOOK_BACK
from reconciliation.models import SETTLEMENT, Statement
from reconciliation.payouts.models import JOINT, LATER, OWN
from reconciliation.sides import Scope


def carry(tx: Session, scope: Scope) -> frozenset[str]:
    """Hand the files without a payout on to the next payout there is now; the references of the
    payouts that carry more or less than before. Whichever file came first, the outcome is the same."""
    following = next_batch().label("following")
    rows = select(Statement.id, Statement.batch, following).where(
        Statement.account_id == scope.account_id,
        Statement.leg == SETTLEMENT,
        Statement.paid_by == LATER,
        or_(
            Statement.batch.is_(None),
            Statement.day.between(scope.day - LOOK_BACK, scope.day),
        ),
    )
    touched: set[str | None] = set()
    for statement_id, known, batch in tx.execute(rows).all():
        if batch != known:
            tx.execute(update(Statement).where(Statement.id == statement_id).values(batch=batch))
            touched |= {known, batch}
    return frozenset(batch for batch in touched if batch is not None)


def next_batch() -> ScalarSelect[str | None]:
    """SQL: the reference of the first payout, in the order of days, of a file of the account that does
    not come before `Statement`."""
    own = aliased(Statement)
    return (
        select(own.batch)
        .where(
            own.account_id == Statement.account_id,
            own.leg == SETTLEMENT,
            own.paid_by.in_((OWN, JOINT)),
            own.day >= Statement.day,
        )
        .order_by(own.day, own.received_at, own.id)
        .limit(1)
        .correlate(Statement)
        .scalar_subquery()
    )
