"""Finding passes, whether they are paid, and which one a vehicle may park on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.lots.models import Lot, Operator
from parking.passes.models import Pass, PassLot
from payments.errors import NotFound
from payments.models import Payment, Refund
from payments.service import paid_for

#: How long a sale waits for its money before it stands in nobody's way any more.
UNPAID_FOR = timedelta(hours=24)


def is_paid() -> ColumnElement[bool]:
    """SQL: the whole price of a pass is ours, or it costs nothing. What went back of the charge
    lowers the price; what was taken back by the payer or the bank does not."""
    return paid_beyond() >= 0


def paid_beyond() -> ColumnElement[int]:
    """SQL: what was paid beyond the price of a pass; below zero is still to pay."""
    return paid_for(Pass.reference) + charged_back() - Pass.price


def charged_back() -> ColumnElement[int]:
    """SQL: by how much refunds of the charge, asked or done, lowered the price of a pass."""
    total = (
        select(sql.coalesce(sql.sum(Refund.amount), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.reference == Pass.reference,
            Refund.purpose == "charge",
            Refund.state != "failed",
        )
    )
    return total.correlate(Pass).scalar_subquery()


def valid_pass(
    tx: Session,
    lot_id: uuid.UUID,
    vehicle_class: str,
    plate_key: str,
    card_id: uuid.UUID | None,
    day: date,
) -> Pass | None:
    """The paid pass that this vehicle, or the card in its driver's hand, may park on at this lot on
    `day` (local); of several the one that lasts longest."""
    return tx.scalar(for_vehicle(lot_id, vehicle_class, plate_key, card_id, day).where(is_paid()))


def for_vehicle(
    lot_id: uuid.UUID, vehicle_class: str, plate_key: str, card_id: uuid.UUID | None, day: date
) -> Select[Pass]:
    """The pass of a vehicle at a lot on a day, paid or not; of several the one that lasts longest."""
    bearer = Pass.plate_key == plate_key
    return (
        select(Pass)
        .join(PassLot, PassLot.pass_id == Pass.id)
        .where(
            PassLot.lot_id == lot_id,
            Pass.vehicle_class == vehicle_class,
            or_(bearer, Pass.card_id == card_id) if card_id else bearer,
            Pass.since <= day,
            Pass.until >= day,
            Pass.cancelled_at.is_(None),
        )
        .order_by(Pass.until.desc(), Pass.number)
        .limit(1)
    )


def chains_of(tx: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Pass]]:
    """Each of these passes followed by its paid renewals, in their order."""
    found = {row.id: [row] for row in tx.scalars(select(Pass).where(Pass.id.in_(ids)))}
    ends = {pass_id: pass_id for pass_id in found}
    while ends:
        query = select(Pass).where(Pass.previous_id.in_(ends), is_paid())
        renewals = [(ends[row.previous_id], row) for row in tx.scalars(query) if row.previous_id]
        for first, row in renewals:
            found[first].append(row)
        ends = {row.id: first for first, row in renewals}
    return found


def is_settled(tx: Session, held: Pass) -> bool:
    """As `is_paid`, for one pass."""
    return still_due(tx, held) == 0


def still_due(tx: Session, held: Pass) -> int:
    """What is still to pay for a pass, in minor units."""
    return max(0, -int(tx.scalars(select(paid_beyond()).where(Pass.id == held.id)).one()))


def pass_by_token(tx: Session, token: str) -> Pass:
    """The pass a link names. Raises `NotFound`."""
    return _found(tx.scalar(select(Pass).where(Pass.token == token)))


def pass_by_id(tx: Session, pass_id: uuid.UUID) -> Pass:
    """Raises `NotFound`."""
    return _found(tx.get(Pass, pass_id))


def _found(held: Pass | None) -> Pass:
    if held is None:
        raise NotFound("There is no such pass.")
    return held


def lock_operator(tx: Session, operator_id: uuid.UUID) -> None:
    """Passes of one operator are sold and changed one at a time (SQLite writers already are alone)."""
    tx.execute(select(Operator.id).where(Operator.id == operator_id).with_for_update()).one()


def lock_pass(tx: Session, pass_id: uuid.UUID) -> Pass:
    """The pass under its operator's lock. Raises `NotFound`."""
    held = pass_by_id(tx, pass_id)
    lock_operator(tx, held.operator_id)
    tx.refresh(held)
    return held


def lots_of(tx: Session, held: Pass) -> Sequence[Lot]:
    """The lots a pass holds at, by number."""
    there = select(PassLot.lot_id).where(PassLot.pass_id == held.id)
    return tx.scalars(select(Lot).where(Lot.id.in_(there)).order_by(Lot.number)).all()


def next_of(tx: Session, held: Pass) -> Pass | None:
    """The pass that renews this one, paid or not."""
    return tx.scalar(select(Pass).where(Pass.previous_id == held.id))
