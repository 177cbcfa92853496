"""Entry, and the corrections an attendant may make. Every act is in the audit trail."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from parking.cards.models import Card
from parking.cards.service import check_lot, check_ready, lock_card
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.rules import tariff_row
from parking.passes.service import valid_pass
from parking.reasons import read_reason
from parking.sessions.holders import check_in_nobodys_hand
from parking.sessions.models import ParkingSession
from parking.sessions.on_pass import inside_on
from parking.sessions.plates import Plate, read_plate
from parking.sessions.unrecorded import Bearer, make_room
from parking.tariffs import TariffBook, TariffVersion
from payments import audit
from payments.db import business_day, insert_once, new_id
from payments.errors import Conflict, NotFound, WrongUsage

#: An attendant may set an entry back this far; more is a typing error.
LONGEST_SET_BACK = timedelta(days=31)
DRIVER = "driver"
#: The kind of plate of a stay that is known by its card alone.
ON_CARD = "card"


@dataclass(frozen=True, slots=True)
class Entered:
    """The open session of a vehicle; `joined` when it was open already."""

    session: ParkingSession
    joined: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A vehicle at a lot, as a driver or an attendant told it. `declared` when only the driver
    vouches for the time; `sign_id` is the sign that was scanned, if one was. With a `card` the plate
    may be empty: the card is what the stay is known by until a plate follows."""

    lot: Lot
    plate: str
    vehicle_class: str
    entry_at: datetime
    actor: str
    declared: bool
    sign_id: uuid.UUID | None = None
    card: Card | None = None

    def identity(self) -> Identity:
        """What the stay is known by. Raises `InvalidPlate`."""
        if self.card is not None and not self.plate.strip():
            return Identity(self.card.label, self.card.label, ON_CARD, False)
        plate = read_plate(self.plate, self.vehicle_class)
        review = plate.needs_review or plate.ambiguous
        return Identity(plate.key, plate.display, plate.kind, review)


@dataclass(frozen=True, slots=True)
class Identity:
    """The plate of a stay, or the card it stands in for: `key` for comparing, `display` to read."""

    key: str
    display: str
    kind: str
    needs_review: bool


def enter(tx: Session, tariffs: TariffBook, arrival: Arrival, now: datetime) -> Entered:
    """Open a parking session, or join the one this plate has open at this lot: a card that is handed
    out to it then goes with that one. A stay that is over although nobody recorded its exit is ended
    first, and joined by nobody.

    The partial unique index decides between two arrivals at once; the second reads what the first
    wrote. Raises `InvalidPlate`, `WrongUsage` for a class the lot does not take, `NotFound` when no
    tariff is in force, and for a card `CardOfAnotherLot`, `CardUnusable` and `CardInUse`.
    """
    lot, known_by = arrival.lot, arrival.identity()
    version = tariffs.in_force(
        tariff_row(lot, arrival.vehicle_class).tariff_code, business_day(arrival.entry_at)
    )
    pass_id = _make_way(tx, tariffs, arrival, known_by, now)
    inserted = _insert(tx, arrival, known_by, version, pass_id, now)
    session = open_session(tx, lot.id, known_by.key)
    if inserted:
        detail: dict[str, object] = {"plate": known_by.display, "lot": lot.number}
        audit.append(tx, arrival.actor, "session.enter", session.reference, detail, now)
        if arrival.card is not None:
            _note_card(tx, session, arrival.card, arrival.actor, now)
    elif arrival.card is not None:
        session = give_card(tx, session.id, arrival.card.id, arrival.actor, now)
    return Entered(session, not inserted)


def _make_way(
    tx: Session, tariffs: TariffBook, arrival: Arrival, known_by: Identity, now: datetime
) -> uuid.UUID | None:
    """End the stay that is over, see that the card is free, and say on which pass the vehicle comes."""
    lot, came = arrival.lot, arrival.entry_at
    # before any stay, as everybody does who needs both
    card = lock_card(tx, arrival.card.id) if arrival.card else None
    card_id = card.id if card else None
    held = valid_pass(tx, lot.id, arrival.vehicle_class, known_by.key, card_id, business_day(came))
    room_for = Bearer(lot.id, known_by.key, card_id, held.id if held else None)
    make_room(tx, tariffs, room_for, came, now)
    if card is not None:
        _check_free(tx, card, lot, "" if known_by.kind == ON_CARD else known_by.key)
    return held.id if held is not None and inside_on(tx, held) is None else None


def _check_free(tx: Session, card: Card, lot: Lot, plate_key: str) -> None:
    """That a card may be handed to the vehicle called `plate_key`. The caller has locked it, so that of
    two attendants who hand it out at once the second reads what the first did."""
    check_lot(card, lot)
    check_ready(card)
    check_in_nobodys_hand(tx, card, plate_key)


def give_card(
    tx: Session, session_id: uuid.UUID, card_id: uuid.UUID, actor: str, now: datetime
) -> ParkingSession:
    """Hand a card to a vehicle that stands here already; giving it again changes nothing.

    Raises `CardOfAnotherLot`, `CardUnusable`, `CardInUse`, and `Conflict` when the vehicle has left
    or has another card.
    """
    card = lock_card(tx, card_id)  # before the stay, as everybody does who needs both
    stay = lock_session(tx, session_id)
    _check_free(tx, card, stay.lot, stay.plate_key)
    if stay.card_id == card.id:
        return stay
    if stay.card_id is not None or stay.exit_at is not None:
        raise Conflict(mark("%(plate)s has left or has another card already."), plate=stay.plate)
    stay.card_id = card.id
    _note_card(tx, stay, card, actor, now)
    return stay


def _note_card(tx: Session, stay: ParkingSession, card: Card, actor: str, now: datetime) -> None:
    audit.append(tx, actor, "session.card", stay.reference, {"card": card.label}, now)


def _insert(
    tx: Session,
    arrival: Arrival,
    known_by: Identity,
    version: TariffVersion,
    held: uuid.UUID | None,
    now: datetime,
) -> bool:
    """False when the plate is open here already. A pass that another vehicle stands on right now
    covers that one only, so the second insert goes without it."""
    for pass_id in dict.fromkeys((held, None)):
        session_id = new_id()
        row = ParkingSession(
            id=session_id,
            token=secrets.token_urlsafe(16),
            reference=f"session:{session_id}",
            lot_id=arrival.lot.id,
            plate_key=known_by.key,
            plate=known_by.display,
            plate_kind=known_by.kind,
            needs_review=known_by.needs_review,
            vehicle_class=arrival.vehicle_class,
            tariff_code=version.code,
            tariff_version=version.number,
            entry_at=arrival.entry_at,
            declared=arrival.declared,
            sign_id=arrival.sign_id,
            opened_by=arrival.actor,
            created_at=now,
            card_id=arrival.card.id if arrival.card else None,
            pass_id=pass_id,
        )
        if insert_once(tx, row):
            return True
    return False


def open_session(tx: Session, lot_id: uuid.UUID, plate_key: str) -> ParkingSession:
    """The open session of this plate at this lot. Raises `NotFound`."""
    found = tx.scalar(
        select(ParkingSession).where(
            ParkingSession.lot_id == lot_id,
            ParkingSession.plate_key == plate_key,
            ParkingSession.exit_at.is_(None),
        )
    )
    if found is None:
        raise NotFound("No vehicle with plate %(plate)s is parked here.", plate=plate_key)
    return found


def session_by_token(tx: Session, token: str) -> ParkingSession:
    """The session a link names. Raises `NotFound`."""
    found = tx.scalar(select(ParkingSession).where(ParkingSession.token == token))
    if found is None:
        raise NotFound("There is no such parking session.")
    return found


def lock_session(tx: Session, session_id: uuid.UUID) -> ParkingSession:
    """The session under its row lock (SQLite writers already are alone). Raises `NotFound`.

    The lot is read apart: PostgreSQL, after waiting for a move to another lot, would look for the new
    lot in the rows it had joined before, and find no session at all.
    """
    found = tx.scalar(
        select(ParkingSession)
        .where(ParkingSession.id == session_id)
        .options(selectinload(ParkingSession.lot))
        .with_for_update(of=ParkingSession)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such parking session.")
    return found


def open_sessions(
    tx: Session, lots: Collection[uuid.UUID], ending: str = ""
) -> Sequence[ParkingSession]:
    """Vehicles inside these lots, newest first; `ending` keeps plates that end in these symbols."""
    query = select(ParkingSession).where(
        ParkingSession.lot_id.in_(lots), ParkingSession.exit_at.is_(None)
    )
    if symbols := plate_symbols(ending):
        query = query.where(ParkingSession.plate_key.endswith(symbols, autoescape=True))
    return tx.scalars(query.order_by(ParkingSession.entry_at.desc())).all()


def plate_symbols(text: str) -> str:
    """What of a typed text can stand in the key of a plate."""
    return "".join(c for c in text.upper().replace("Đ", "D") if c.isascii() and c.isalnum())


def flush_alone(tx: Session, plate: str) -> None:
    """Write the row; the index refuses a second open session of the same plate at the lot. Raises
    `Conflict`."""
    try:
        tx.flush()
    except IntegrityError as error:
        raise Conflict(
            "%(plate)s already has another open session at this lot.", plate=plate
        ) from error


def correct_plate(
    tx: Session, session_id: uuid.UUID, plate: str, reason: str, actor: str, now: datetime
) -> ParkingSession:
    """Replace a plate that was typed wrongly. Raises `InvalidPlate`, `WrongUsage` without a reason,
    `Conflict` when the right plate is parked here already."""
    session, why = lock_session(tx, session_id), read_reason(reason)
    read: Plate = read_plate(plate, session.vehicle_class)
    before = session.plate
    session.plate_key, session.plate, session.plate_kind = read.key, read.display, read.kind
    session.needs_review = read.needs_review or read.ambiguous
    flush_alone(tx, read.display)
    detail: dict[str, object] = {"before": before, "after": read.display, "reason": why}
    audit.append(tx, actor, "session.correct_plate", session.reference, detail, now)
    return session


def confirm_entry(
    tx: Session, session_id: uuid.UUID, entry_at: datetime | None, actor: str, now: datetime
) -> ParkingSession:
    """Vouch for the entry time a driver declared, or set it back to `entry_at`, when the vehicle was
    really seen. Raises `Conflict` unless the entry is only declared, `WrongUsage` for a later time."""
    session = lock_session(tx, session_id)
    if not session.declared or session.exit_at is not None:
        raise Conflict("The entry of %(plate)s is already settled.", plate=session.plate)
    before = session.entry_at
    if entry_at is not None:
        if not before - LONGEST_SET_BACK <= entry_at <= before:
            raise WrongUsage(
                "The entry can only be set back, at most %(days)s days before the declared time.",
                days=LONGEST_SET_BACK.days,
            )
        session.entry_at = entry_at
    session.declared = False
    detail: dict[str, object] = {"before": before, "after": session.entry_at}
    audit.append(tx, actor, "session.confirm_entry", session.reference, detail, now)
    return session
