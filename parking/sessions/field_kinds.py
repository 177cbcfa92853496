"""The acts a phone may queue, each as our books know it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.cards.service import card_by_number, card_number
from parking.languages import mark
from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.people.service import names_of
from parking.sessions.claims import release
from parking.sessions.exits import Leaving, Proof, undo_exit
from parking.sessions.lane_facts import session_key
from parking.sessions.letting_out import let_out
from parking.sessions.models import ParkingSession
from parking.sessions.plates import read_plate
from parking.sessions.service import Arrival, enter, lock_session, open_session
from parking.tariffs import TariffBook
from payments.db import CITY_ZONE
from payments.errors import Conflict, NotFound

#: What the label of a card begins with (`parking.cards.models.card_label`).
CARD = "#"
#: Vehicles that left are looked for this far back: a queue may be a day old.
LOOK_BACK = timedelta(hours=48)


class Disagreement(Conflict):
    """What a phone says happened and what our books say cannot both be."""


@dataclass(frozen=True, slots=True)
class FieldWish:
    """An act as the phone queued it. `at` is the phone's own time. `key` is what the lane knows the
    session by; without one the vehicle is found by its plate. `unpaid`: the attendant let it out
    knowing that something was due."""

    id: uuid.UUID
    position: int
    kind: str
    at: datetime
    lot: str
    plate: str
    key: str = ""
    vehicle_class: str = ""
    proof: Proof | None = None
    unpaid: bool = False


@dataclass(frozen=True, slots=True)
class Doing:
    """A wish on its way into the books: `at` is when it happened by our clock."""

    tariffs: TariffBook
    badge: Badge
    lot: Lot
    wish: FieldWish
    at: datetime
    now: datetime


def clock(instant: datetime) -> str:
    """An instant for a sentence: local, with its day, because a queue may be from yesterday."""
    return f"{instant.astimezone(CITY_ZONE):%H:%M (%d/%m)}"


def _enter(tx: Session, doing: Doing) -> ParkingSession:
    """As at the gate, at the time the phone says. Raises `Disagreement` when the vehicle has come and
    gone since, which somebody else recorded."""
    arrival = _arrival(tx, doing)
    gone = tx.scalar(
        select(ParkingSession).where(
            ParkingSession.lot_id == doing.lot.id,
            ParkingSession.plate_key == arrival.identity().key,
            ParkingSession.exit_at > doing.at,
        )
    )
    if gone is not None and gone.exit_at is not None:
        raise Disagreement(
            mark("%(plate)s, in at %(time)s: it was let out at %(left)s after a stay on record."),
            plate=gone.plate, time=clock(doing.at), left=clock(gone.exit_at),
        )  # fmt: skip
    return enter(tx, doing.tariffs, arrival, doing.now).session


def _arrival(tx: Session, doing: Doing) -> Arrival:
    """``#0042`` where a plate would stand is a card of this lot that was handed out. Raises what
    `card_by_number` raises."""
    wish, on_card = doing.wish, doing.wish.plate.startswith(CARD)
    card = card_by_number(tx, doing.lot, card_number(wish.plate)) if on_card else None
    plate, actor = "" if card else wish.plate, doing.badge.actor
    return Arrival(doing.lot, plate, wish.vehicle_class, doing.at, actor, False, card=card)


def _exit(tx: Session, doing: Doing) -> ParkingSession:
    """Raises `Unpaid` when something was due and nobody said that it may leave all the same."""
    session = _still_inside(tx, doing)
    leaving = Leaving(doing.badge.actor, doing.at, doing.wish.proof)
    let_out(tx, doing.tariffs, session.id, leaving, doing.now, unpaid=doing.wish.unpaid)
    return session


def _release(tx: Session, doing: Doing) -> ParkingSession:
    """Let out while the bank is slow: on the open claim, or on one in this attendant's name."""
    session = _still_inside(tx, doing)
    leaving = Leaving(doing.badge.actor, doing.at, doing.wish.proof)
    release(tx, doing.tariffs, session.id, leaving, doing.now)
    return session


def _still_inside(tx: Session, doing: Doing) -> ParkingSession:
    """The session under its lock. Raises `Disagreement` for one that is out already, or came later."""
    session = lock_session(tx, _named(tx, doing).id)
    if session.exit_at is not None:
        raise Disagreement(
            mark("%(plate)s is already out: at %(time)s by %(name)s."),
            plate=session.plate, time=clock(session.exit_at), name=_name(tx, session.exit_by or ""),
        )  # fmt: skip
    if doing.at < session.entry_at:
        raise Disagreement(
            mark("%(plate)s, out at %(time)s: it came in only at %(entry)s. Nothing was recorded."),
            plate=session.plate, time=clock(doing.at), entry=clock(session.entry_at),
        )  # fmt: skip
    return session


def _undo(tx: Session, doing: Doing) -> ParkingSession:
    return undo_exit(tx, _named(tx, doing).id, doing.badge.actor, doing.now)


def _named(tx: Session, doing: Doing) -> ParkingSession:
    """The session an act is about. Raises `NotFound`, and `Disagreement` rather than guess between
    two that a key fits."""
    wish, lot = doing.wish, doing.lot
    if not wish.key:
        on_card = wish.plate.startswith(CARD)
        return open_session(tx, lot.id, wish.plate if on_card else read_plate(wish.plate).key)
    recent = or_(ParkingSession.exit_at.is_(None), ParkingSession.exit_at >= doing.now - LOOK_BACK)
    query = select(ParkingSession).where(ParkingSession.lot_id == lot.id, recent)
    found = tx.scalars(query.where(session_key() == wish.key)).all()
    fitting = [session for session in found if session.plate == wish.plate] or list(found)
    if len(fitting) > 1:
        raise Disagreement(
            mark("%(plate)s cannot be told from another vehicle. Please find it by its plate."),
            plate=wish.plate,
        )
    if not fitting:
        raise NotFound("No vehicle with plate %(plate)s is parked here.", plate=wish.plate)
    return fitting[0]


def _name(tx: Session, actor: str) -> str:
    return names_of(tx, [actor]).get(actor, actor)


#: What a phone may queue.
KINDS: dict[str, Callable[[Session, Doing], ParkingSession]] = {
    "enter": _enter,
    "exit": _exit,
    "release": _release,
    "undo": _undo,
}
