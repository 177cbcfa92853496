"""A refund of a cash payment leaves as it came: from a till, by an attendant, at the lot of the stay.

Asked for and approved as every refund (`payments.refund_tasks`); then whoever has a shift open at
that lot pays it, from their own till, into which the payment need not have gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.shifts.cash import COUNTER, shift_at
from parking.shifts.models import CashReturn, Shift
from payments import audit
from payments.codes import refund_code
from payments.errors import Conflict, NotFound
from payments.models import MerchantAccount, Payment, Refund
from payments.provider import CASH
from payments.providers.cash import paid_back
from payments.service import lock_payment, record


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund that was paid from a till."""

    entry: CashReturn
    refund: Refund


def waiting_at(tx: Session, number: str, reference: str | None = None) -> Sequence[Refund]:
    """The refunds that wait to be paid in cash at the lot with this number, of one stay or pass
    (its reference) or of all; oldest first."""
    query = (
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(MerchantAccount, MerchantAccount.id == Payment.account_id)
        .where(
            MerchantAccount.provider == CASH,
            Refund.state == "asked",
            Payment.cost_centre == number,
        )
    )
    if reference is not None:
        query = query.where(Payment.reference == reference)
    return tx.scalars(query.order_by(Refund.asked_at, Refund.number)).all()


def returned_in(tx: Session, shift_id: uuid.UUID) -> Sequence[Returned]:
    """What was paid back from the till of a shift, the last first."""
    rows = tx.execute(
        select(CashReturn, Refund)
        .join(Refund, Refund.id == CashReturn.refund_id)
        .where(CashReturn.shift_id == shift_id)
        .order_by(CashReturn.at.desc(), Refund.number.desc())
    )
    return [Returned(entry, refund) for entry, refund in rows]


def pay_back(tx: Session, refund_id: uuid.UUID, badge: Badge, now: datetime) -> Refund:
    """The attendant hands the money of an approved refund to the driver; a second tap changes nothing.

    Raises `NotFound` for no refund of cash, `Conflict` without an open shift at its lot, when the
    till is counted, and when somebody else paid it back or it was settled otherwise.
    """
    refund = tx.get(Refund, refund_id)
    if refund is None or refund.payment.account.provider != CASH:
        raise NotFound("There is no such refund in cash.")
    lot = select(Lot.id).where(Lot.number == refund.payment.cost_centre)
    shift = shift_at(tx, badge, tx.scalars(lot).one())
    payment = lock_payment(tx, refund.payment_id)
    tx.refresh(refund)
    if refund.state != "asked":
        return _paid_before(tx, refund, shift)
    code, till = refund_code(refund.number or 0), tx.get_one(MerchantAccount, shift.account_id)
    told = paid_back(payment.code, code, refund.key, refund.amount, now)
    tx.add(CashReturn(refund_id=refund.id, shift_id=shift.id, by=badge.actor, at=now))
    record(tx, till, told, now, source=COUNTER)
    detail: dict[str, object] = {"due": refund.amount, "payment": payment.code, "refund": code}
    reference = refund.reference or payment.reference
    audit.append(tx, badge.actor, "cash.pay_back", reference, detail, now)
    return refund


def _paid_before(tx: Session, refund: Refund, shift: Shift) -> Refund:
    entry = tx.get(CashReturn, refund.id)
    if entry is None or entry.shift_id != shift.id:
        raise Conflict("This money was paid back already.")
    return refund
