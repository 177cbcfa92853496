"""What one attendant hands on to the next: vehicles inside, who has not paid, who says a transfer is
on its way, and the float. Both put their name to it: one closes, another takes over.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.people.models import Person
from parking.sessions.due import standings
from parking.sessions.models import ParkingSession, TransferClaim
from parking.sessions.service import open_sessions
from parking.shifts.models import Shift
from parking.shifts.service import open_shift, subject_of
from parking.tariffs import TariffBook
from payments import audit
from payments.accounts import Gateways
from payments.errors import Conflict, NotFound

#: A handover that nobody took over in this time is history.
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owing:
    """A vehicle that stood unpaid when the shift was handed on; `due` is what was due then."""

    session: ParkingSession
    due: int


@dataclass(frozen=True, slots=True)
class Handover:
    """What was handed on. `claims` are stays whose driver said that a transfer was on its way."""

    inside: int
    owing: Sequence[Owing]
    claims: Sequence[Owing]

    @property
    def due(self) -> int:
        """What all vehicles together had not paid."""
        return sum(row.due for row in self.owing)


def snapshot(tx: Session, tariffs: TariffBook, lot_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """What is handed on at this moment, as it is kept: ids instead of plates, which retention may
    delete where they stand."""
    inside = standings(tx, tariffs, open_sessions(tx, [lot_id]), now)
    return {
        "inside": len(inside),
        "unpaid": [[str(row.session.id), row.due] for row in inside if row.due],
        "claims": [[str(claim.session_id), claim.amount] for claim in _claims(tx, lot_id)],
    }


def _claims(tx: Session, lot_id: uuid.UUID) -> Sequence[TransferClaim]:
    """Claims nobody settled yet, also of vehicles that were let out on one."""
    query = (
        select(TransferClaim)
        .join(ParkingSession, ParkingSession.id == TransferClaim.session_id)
        .where(ParkingSession.lot_id == lot_id, TransferClaim.outcome.is_(None))
    )
    return tx.scalars(query.order_by(TransferClaim.claimed_at)).all()


def read_handover(tx: Session, kept: Mapping[str, Any]) -> Handover:
    """A snapshot with the vehicles it names, as they are called today."""
    pairs = [*kept.get("unpaid", ()), *kept.get("claims", ())]
    ids = {uuid.UUID(name) for name, _ in pairs}
    rows = tx.scalars(select(ParkingSession).where(ParkingSession.id.in_(ids)))
    known = {str(row.id): row for row in rows}

    def owing(name: str) -> list[Owing]:
        return [Owing(known[key], due) for key, due in kept.get(name, ()) if key in known]

    return Handover(kept.get("inside", 0), owing("unpaid"), owing("claims"))


def waiting_for(tx: Session, badge: Badge, now: datetime) -> Sequence[tuple[Shift, Person, Lot]]:
    """Shifts of others at this person's lots that were closed lately and nobody took over, the
    newest first."""
    query = (
        select(Shift, Person, Lot)
        .join(Person, Person.id == Shift.person_id)
        .join(Lot, Lot.id == Shift.lot_id)
        .where(
            Shift.lot_id.in_(badge.lots),
            Shift.person_id != badge.person_id,
            Shift.taken_by.is_(None),
            Shift.closed_at >= now - RECENT,
        )
    )
    rows = tx.execute(query.order_by(Shift.closed_at.desc()))
    return [(shift, person, lot) for shift, person, lot in rows]


def taken_from(tx: Session, shift: Shift) -> tuple[Shift, Person] | None:
    """The shift that was taken over to begin `shift`, and whose it was."""
    query = (
        select(Shift, Person)
        .join(Person, Person.id == Shift.person_id)
        .where(
            Shift.lot_id == shift.lot_id,
            Shift.taken_by == shift.person_id,
            Shift.taken_at == shift.opened_at,
        )
    )
    found = tx.execute(query).first()
    return None if found is None else (found[0], found[1])


def closed_lately(tx: Session, badge: Badge, now: datetime) -> Sequence[Shift]:
    """This person's own shifts that ended lately, the newest first."""
    mine = Shift.person_id == badge.person_id, Shift.closed_at >= now - RECENT
    return tx.scalars(select(Shift).where(*mine).order_by(Shift.closed_at.desc())).all()


def take_over(
    tx: Session,
    gateways: Gateways,
    shift_id: uuid.UUID,
    badge: Badge,
    found: int,
    now: datetime,
) -> Shift:
    """Acknowledge the handover of `shift_id` and begin one's own shift with the float that was
    `found` in the till, in dong; what was handed on and what was found both stay written.

    Raises `NotFound` for a shift at another lot, `Conflict` for one's own, for one that is open or
    was taken over, and while one's own shift is open.
    """
    handed = tx.scalar(
        select(Shift)
        .where(Shift.id == shift_id, Shift.lot_id.in_(badge.lots))
        .with_for_update(of=Shift)
        .execution_options(populate_existing=True)
    )
    if handed is None:
        raise NotFound("There is no such shift.")
    _refuse(handed, badge)
    opened = open_shift(tx, gateways, tx.get_one(Lot, handed.lot_id), badge, found, now)
    handed.taken_by, handed.taken_at = badge.person_id, now
    handed.handover = {**(handed.handover or {}), "found": found}
    detail: dict[str, object] = {"found": found, "handed_on": handed.handover.get("float")}
    audit.append(tx, badge.actor, "shift.take_over", subject_of(handed.id), detail, now)
    return opened


def _refuse(handed: Shift, badge: Badge) -> None:
    if handed.person_id == badge.person_id:
        raise Conflict("Nobody can take over their own shift; somebody else must acknowledge it.")
    if handed.closed_at is None:
        raise Conflict("This shift is still open; it must be counted and closed first.")
    if handed.taken_by is not None:
        raise Conflict("Somebody has taken this shift over already.")
