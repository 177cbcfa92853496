"""What a search finds beyond the vehicles inside: stays whose exit nobody recorded, and, by the whole
plate, stays at other lots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.lots.models import Lot
from parking.sessions.due import standings
from parking.sessions.models import UNRECORDED, ParkingSession
from parking.sessions.moves import Elsewhere, elsewhere
from parking.sessions.plates import InvalidPlate, read_plate
from parking.sessions.real_exits import CORRECTION_WINDOW
from parking.sessions.service import plate_symbols
from parking.sessions.states import Shown, show

#: More than anybody reads; more digits find the right one.
MOST = 10


@dataclass(frozen=True, slots=True)
class Finds:
    """`whole` tells that a whole plate was typed; only then are other lots asked."""

    whole: bool
    elsewhere: Sequence[Elsewhere]
    unrecorded: Sequence[Shown]


NOTHING = Finds(False, (), ())


def beyond(house: House, tx: Session, lots: Sequence[Lot], typed: str, now: datetime) -> Finds:
    """What is found for what was `typed` that is not inside these own `lots`."""
    symbols = plate_symbols(typed)
    if not symbols or not lots:
        return NOTHING
    missing = standings(tx, house.tariffs, _unrecorded(tx, lots, symbols, now), now)
    key = _whole_plate(typed)
    there = elsewhere(tx, house.tariffs, key, lots, now) if key else ()
    return Finds(bool(key), there, [show(row, now) for row in missing])


def _whole_plate(text: str) -> str:
    """The key of a plate in full; empty for a part of one, and for what fits no plate."""
    try:
        plate = read_plate(text)
    except InvalidPlate:
        return ""
    return "" if plate.kind == "unknown" else plate.key


def _unrecorded(
    tx: Session, lots: Sequence[Lot], symbols: str, now: datetime
) -> Sequence[ParkingSession]:
    return tx.scalars(
        select(ParkingSession)
        .where(
            ParkingSession.lot_id.in_([lot.id for lot in lots]),
            ParkingSession.exit_kind == UNRECORDED,
            ParkingSession.exit_recorded_at >= now - CORRECTION_WINDOW,
            ParkingSession.plate_key.endswith(symbols, autoescape=True),
        )
        .order_by(ParkingSession.exit_at.desc())
        .limit(MOST)
    ).all()
