"""Which pass a stay begins on, and why a vehicle with a pass pays for a stay all the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.passes.models import Pass
from parking.passes.service import for_vehicle, is_settled
from parking.sessions.models import ParkingSession
from payments.db import business_day


class Why(StrEnum):
    """Why a pass does not pay for a stay."""

    #: another vehicle stands on it
    IN_USE = "in_use"
    UNPAID = "unpaid"
    #: it was free to use only after the vehicle had come in
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Beside:
    """A pass for this vehicle that its stay is not on. `other` is the stay that uses it."""

    held: Pass
    why: Why
    other: ParkingSession | None


def inside_on(tx: Session, held: Pass) -> ParkingSession | None:
    """The stay that uses this pass now: it began on it, or on one that this pass renews."""
    ids, before = [held.id], held.previous_id
    while before is not None:
        ids.append(before)
        before = tx.scalar(select(Pass.previous_id).where(Pass.id == before))
    query = select(ParkingSession).where(
        ParkingSession.pass_id.in_(ids), ParkingSession.exit_at.is_(None)
    )
    return tx.scalar(query.limit(1))


def beside(tx: Session, session: ParkingSession) -> Beside | None:
    """The pass of this vehicle that an open stay is not on, and why; None when there is none."""
    if session.pass_id is not None or session.exit_at is not None:
        return None
    vehicle = (session.vehicle_class, session.plate_key, session.card_id)
    held = tx.scalar(for_vehicle(session.lot_id, *vehicle, business_day(session.entry_at)))
    if held is None:
        return None
    other = inside_on(tx, held)
    if other is not None:
        return Beside(held, Why.IN_USE, other)
    return Beside(held, Why.LATER if is_settled(tx, held) else Why.UNPAID, None)
