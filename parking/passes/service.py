"""Which pass a vehicle may park on."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from parking.passes.models import Pass, PassLot
from payments.service import paid_for


def is_paid() -> ColumnElement[bool]:
    """SQL: the whole price of a pass is ours, or it costs nothing."""
    return paid_for(Pass.reference) >= Pass.price


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
    bearer = Pass.plate_key == plate_key
    return tx.scalar(
        select(Pass)
        .join(PassLot, PassLot.pass_id == Pass.id)
        .where(
            PassLot.lot_id == lot_id,
            Pass.vehicle_class == vehicle_class,
            or_(bearer, Pass.card_id == card_id) if card_id else bearer,
            Pass.since <= day,
            Pass.until >= day,
            Pass.cancelled_at.is_(None),
            is_paid(),
        )
        .order_by(Pass.until.desc(), Pass.number)
        .limit(1)
    )
