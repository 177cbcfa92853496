"""What must hold of tills: each count against the cash of its shift, each balance against the counts."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import case, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.shifts.models import CashEntry, CashReturn, Shift
from payments import ledger
from payments.models import MerchantAccount, Movement, Payment
from payments.provider import CASH, MovementKind
from reconciliation.invariants import Violation


def counts_follow_from_their_cash(tx: Session) -> Iterator[Violation]:
    """What was expected is the float and what was taken less what was given back, and the difference
    is what was counted less that."""
    rule, taken = "counts_follow_from_their_cash", _taken(tx)
    for shift in tx.scalars(select(Shift).where(Shift.counted.is_not(None))):
        expected = shift.opening + taken[shift.id]
        right = (expected, (shift.counted or 0) - expected)
        stated = (shift.expected, shift.difference)
        if stated != right:
            found = f"expected and difference {stated} instead of {right}"
            yield Violation(rule, f"shift {shift.id}", found)


def tills_hold_what_was_counted(tx: Session) -> Iterator[Violation]:
    """The books' balance of a till is what its closed shifts counted beyond their floats, and what
    the open one took so far."""
    taken, tills = _taken(tx), _tills(tx)
    due: defaultdict[tuple[str, str], int] = defaultdict(int)
    for shift in tx.scalars(select(Shift)):
        counted = (shift.counted or 0) - shift.opening
        due[tills[shift.account_id]] += counted if shift.closed_at else taken[shift.id]
    booked = {(operator, name): amount for operator, name, _, amount in ledger.balances(tx)}
    for operator, name in sorted({*tills.values()}):
        found, right = booked.get((operator, name), 0), due[operator, name]
        if found != right:
            yield Violation(
                "tills_hold_what_was_counted",
                f"account {operator} {name}",
                f"{found} in the books instead of {right}",
            )


def cash_is_taken_in_shifts(tx: Session) -> Iterator[Violation]:
    """Every payment of a till, and every refund from one, says in which shift of that till, by whom."""
    orphans = (
        select(Payment.code)
        .join(MerchantAccount, MerchantAccount.id == Payment.account_id)
        .outerjoin(CashEntry, CashEntry.payment_id == Payment.id)
        .outerjoin(Shift, Shift.id == CashEntry.shift_id)
        .where(
            MerchantAccount.provider == CASH, Shift.account_id.is_distinct_from(Payment.account_id)
        )
    )
    for code in tx.scalars(orphans):
        yield Violation("cash_is_taken_in_shifts", f"payment {code}", "no shift of its till")
    unpaid = (
        select(Movement.rail_ref)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(CashReturn, CashReturn.refund_id == Movement.refund_id)
        .outerjoin(Shift, Shift.id == CashReturn.shift_id)
        .where(
            MerchantAccount.provider == CASH,
            Movement.kind == MovementKind.REFUND.value,
            Shift.account_id.is_distinct_from(Movement.account_id),
        )
    )
    for code in tx.scalars(unpaid):
        yield Violation("cash_is_taken_in_shifts", f"refund {code}", "no shift of its till")


def _taken(tx: Session) -> defaultdict[uuid.UUID, int]:
    """Shift → what was taken in it and not given back, less the refunds that were paid in it, by the
    movements themselves."""
    received = Movement.kind == MovementKind.RECEIPT.value
    signed = case((received, Movement.amount), else_=-Movement.amount)
    entered = (
        select(CashEntry.shift_id.label("shift_id"), signed.label("amount"))
        .join(Movement, Movement.payment_id == CashEntry.payment_id)
        .where(Movement.refund_id.is_(None))
    )
    refunded = select(CashReturn.shift_id, signed).join(
        Movement, Movement.refund_id == CashReturn.refund_id
    )
    both = union_all(entered, refunded).subquery().c
    rows = tx.execute(select(both.shift_id, sql.sum(both.amount)).group_by(both.shift_id))
    return defaultdict(int, {shift_id: int(amount) for shift_id, amount in rows})


def _tills(tx: Session) -> dict[uuid.UUID, tuple[str, str]]:
    """Merchant account → (operator, what its books call it), of every till."""
    tills = tx.scalars(select(MerchantAccount).where(MerchantAccount.provider == CASH))
    return {row.id: (row.operator, ledger.clearing(row)) for row in tills}
