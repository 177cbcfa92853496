"""A shift: opened with a float, worked, and counted blind. `parking.shifts.closing` ends it.

Whoever counts does not see what is expected before the count was written down, and while a shift is
counted no cash goes in or out of it. Counting again is possible and leaves both numbers.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.shifts.models import CashEntry, CashReturn, Shift
from parking.shifts.tills import till_of
from payments import audit
from payments.accounts import Gateways
from payments.db import insert_once, new_id
from payments.errors import Conflict
from payments.models import Payment, Refund
from payments.money import Money


@dataclass(frozen=True, slots=True)
class Taken:
    """One cash payment of a shift: why it was taken, and what became of it."""

    entry: CashEntry
    payment: Payment

    @property
    def kept(self) -> int:
        """What of it lies in the till: nothing when it was given back."""
        return self.payment.received - self.payment.reversed


def subject_of(shift_id: uuid.UUID) -> str:
    """What the audit trail calls a shift."""
    return f"shift:{shift_id}"


def open_shift(
    tx: Session, gateways: Gateways, lot: Lot, badge: Badge, opening: int, now: datetime
) -> Shift:
    """Begin to work at `lot` with `opening` dong in the till. Raises `Conflict` while this person has
    another shift open, `InvalidMoney` for a float that is no amount."""
    Money(opening)
    account = till_of(tx, gateways, lot.operator.code, badge, now)
    shift = Shift(
        id=new_id(),
        person_id=badge.person_id,
        lot_id=lot.id,
        account_id=account.id,
        opened_at=now,
        opening=opening,
    )
    if not insert_once(tx, shift):
        raise Conflict("You have a shift open already; count and close it first.")
    detail: dict[str, object] = {"lot": lot.number, "opening": opening}
    audit.append(tx, badge.actor, "shift.open", subject_of(shift.id), detail, now)
    return tx.get_one(Shift, shift.id)


def current_shift(tx: Session, person_id: uuid.UUID) -> Shift | None:
    """The shift this person has open, if any."""
    query = select(Shift).where(Shift.person_id == person_id, Shift.closed_at.is_(None))
    return tx.scalar(query)


def locked_shift(tx: Session, badge: Badge) -> Shift:
    """The same under its row lock, so that no cash comes while it is counted. Raises `Conflict`
    when there is none."""
    found = tx.scalar(
        select(Shift)
        .where(Shift.person_id == badge.person_id, Shift.closed_at.is_(None))
        .with_for_update(of=Shift)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise Conflict("You have no shift open.")
    return found


def taken_in(tx: Session, shift_id: uuid.UUID) -> Sequence[Taken]:
    """The cash payments of a shift, the last first."""
    rows = tx.execute(
        select(CashEntry, Payment)
        .join(Payment, Payment.id == CashEntry.payment_id)
        .where(CashEntry.shift_id == shift_id)
        .order_by(CashEntry.at.desc(), Payment.number.desc())
    )
    return [Taken(entry, payment) for entry, payment in rows]


def expected_in(tx: Session, shift: Shift) -> int:
    """What must lie in the till: the float and what was taken and not given back, less the refunds
    that were paid from it."""
    kept = sql.sum(Payment.received - Payment.reversed)
    taken = (
        select(kept)
        .join(CashEntry, CashEntry.payment_id == Payment.id)
        .where(CashEntry.shift_id == shift.id)
    )
    gone = (
        select(sql.sum(Refund.amount))
        .join(CashReturn, CashReturn.refund_id == Refund.id)
        .where(CashReturn.shift_id == shift.id)
    )
    return shift.opening + int(tx.scalar(taken) or 0) - int(tx.scalar(gone) or 0)


def count(tx: Session, badge: Badge, counted: int, now: datetime) -> Shift:
    """Write down what this person counted in the till, and only then what was expected there. A
    second count stands instead of the first; `handover` keeps both. Raises `Conflict` without an
    open shift, `InvalidMoney`."""
    Money(counted)
    shift = locked_shift(tx, badge)
    shift.counted, shift.expected = counted, expected_in(tx, shift)
    shift.difference = counted - shift.expected
    before = (shift.handover or {}).get("counts", [])
    shift.handover = {"counts": [*before, counted]}
    detail: dict[str, object] = {"counted": counted, "expected": shift.expected}
    audit.append(tx, badge.actor, "shift.count", subject_of(shift.id), detail, now)
    return shift
