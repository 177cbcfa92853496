"""The small money between two sides that were matched although they differ.

What the provider holds is moved to what its line says: the rest comes from ``adjustments``, or goes
there. The cause is ``match:<line>:<n>``, n counting the matches that the line has ever had, so that a
match which was taken apart and made again is booked again.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import adjusting, ledger
from payments.models import MerchantAccount, Movement, Transfer
from payments.money import Money
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, StatementLine
from reconciliation.sides import Scope, signed_amount

ADJUSTMENTS = "adjustments"


def cause_of(tx: Session, line_id: uuid.UUID) -> str:
    """The cause under which the difference of the line's newest match is booked."""
    matches = select(sql.count()).where(
        AssignmentLog.act == "match",
        AssignmentLog.leg == SETTLEMENT,
        AssignmentLog.line_id == line_id,
    )
    return f"match:{line_id}:{tx.scalar(matches)}"


def book_differences(tx: Session, scope: Scope, rule: str) -> None:
    """Book the difference of every match that `rule` has made in this look."""
    made: Any = (
        select(StatementLine.id, StatementLine.gross - signed_amount(), StatementLine.currency)
        .join(Assignment, Assignment.line_id == StatementLine.id)
        .join(Movement, Movement.id == Assignment.movement_id)
        .where(
            Assignment.leg == SETTLEMENT,
            Assignment.account_id == scope.account_id,
            Assignment.rule == rule,
            Assignment.matched_at == scope.now,
        )
        .order_by(StatementLine.id)
    )
    for line_id, difference, currency in tx.execute(made).all():
        book_difference(tx, scope, line_id, difference, currency)


def book_difference(
    tx: Session, scope: Scope, line_id: uuid.UUID, difference: int, currency: str
) -> None:
    """Book theirs − ours, which is not 0, of the line's newest match. Its log stands already."""
    entry, money = entry_for(scope.account, difference), Money(abs(difference), currency)
    cause = cause_of(tx, line_id)
    adjusting.adjust(tx, scope.account.operator, entry, money, cause, scope.now)


def entry_for(account: MerchantAccount, difference: int) -> ledger.Entry:
    """The entry that brings what the provider holds to what its line says."""
    holder = ledger.clearing(account)
    if difference > 0:
        return adjusting.adjustment(holder, ADJUSTMENTS)
    return adjusting.adjustment(ADJUSTMENTS, holder)


def booked_for(tx: Session, line_id: uuid.UUID) -> Transfer | None:
    """The transfer of the difference of the line's newest match, unless it was taken back."""
    cause = cause_of(tx, line_id)
    if adjusting.caused_by(tx, adjusting.UNDO + cause) is not None:
        return None
    return adjusting.caused_by(tx, cause)
