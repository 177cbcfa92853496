"""What belongs to the attendant who asks. Everything else does not exist for this person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.lots.service import with_tariffs
from parking.people.badge import Badge
from parking.sessions.models import ParkingSession
from payments.errors import NotFound


def own_lots(tx: Session, badge: Badge) -> Sequence[Lot]:
    """The lots this person works at that are not closed, by number."""
    query = with_tariffs().where(Lot.id.in_(badge.lots), Lot.closed_at.is_(None))
    return tx.scalars(query.order_by(Lot.number)).all()


def own_lot(tx: Session, badge: Badge, number: str) -> Lot:
    """One of them. Raises `NotFound`, the same for a lot of somebody else and for none at all."""
    for lot in own_lots(tx, badge):
        if lot.number == number:
            return lot
    raise _not_own(number)


def own_lot_id(tx: Session, badge: Badge, number: str) -> uuid.UUID:
    """As `own_lot`, for whoever asks every second and needs only its id. Raises `NotFound`."""
    found = tx.scalar(
        select(Lot.id).where(Lot.number == number, Lot.id.in_(badge.lots), Lot.closed_at.is_(None))
    )
    if found is None:
        raise _not_own(number)
    return found


def _not_own(number: str) -> NotFound:
    return NotFound("You do not work at lot %(lot)s.", lot=number or "—")


def own_session(tx: Session, badge: Badge, session_id: uuid.UUID) -> ParkingSession:
    """A session at one of them. Raises `NotFound`."""
    found = tx.get(ParkingSession, session_id)
    if found is None or found.lot_id not in badge.lots:
        raise NotFound("There is no such parking session.")
    return found
