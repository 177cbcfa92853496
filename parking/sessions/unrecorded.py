"""Stays whose exit nobody recorded: ended by the tariff's rule, so that they block no later visit.

What stays due is derived like every other amount. The rule of the tariff (`UnrecordedExit.charge`)
says how: ``limit`` asks for the price until the end, ``last_seen`` puts the exit where somebody of the
lot last had to do with the vehicle, ``paid`` keeps what was paid and asks for no more
(`parking.sessions.due.judge`). No row is written but the exit itself, so a real exit time that is
found out later gives the real price.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import ColumnElement, and_, or_, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, selectinload

from parking.passes.models import Pass
from parking.sessions.due import judge, money_of
from parking.sessions.endings import Ending, Life, ending
from parking.sessions.models import UNRECORDED, ParkingSession
from parking.tariffs import TariffBook
from payments import audit
from payments.models import Audit, Payment
from payments.sharing import Allocation

#: Who ends such a stay.
SERVICE = "service"


def end_those_over(
    tx: Session,
    tariffs: TariffBook,
    sessions: Sequence[ParkingSession],
    moment: datetime,
    now: datetime,
) -> list[ParkingSession]:
    """End each of these open sessions (under their locks) that is over by `moment`; those that were."""
    lives = lives_of(tx, tariffs, sessions)
    ended = []
    for session in sessions:
        life = lives[session.id]
        found = _ending(tariffs, session, life)
        if found.known_from <= moment:
            _end(tx, tariffs, session, life, found, now)
            ended.append(session)
    return ended


def _ending(tariffs: TariffBook, session: ParkingSession, life: Life) -> Ending:
    version = tariffs.version(session.tariff_code, session.tariff_version)
    closes = session.lot.closes
    closing = time.fromisoformat(closes) if closes else None
    return ending(version, session.vehicle_class, life, closing)


def _end(
    tx: Session,
    tariffs: TariffBook,
    session: ParkingSession,
    life: Life,
    found: Ending,
    now: datetime,
) -> None:
    version = tariffs.version(session.tariff_code, session.tariff_version)
    charge = version.vehicle(session.vehicle_class).unrecorded_exit.charge
    session.exit_at = min(found.at, life.seen_at) if charge == "last_seen" else found.at
    session.exit_by, session.exit_kind, session.exit_recorded_at = SERVICE, UNRECORDED, now
    tx.flush()
    detail: dict[str, object] = {"exit_at": session.exit_at, "rule": found.by, "charge": charge}
    audit.append(tx, SERVICE, "session.unrecorded", session.reference, detail, now)


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a vehicle that comes in at a lot is known by."""

    lot_id: uuid.UUID
    plate_key: str
    card_id: uuid.UUID | None
    pass_id: uuid.UUID | None

    def holds(self) -> ColumnElement[bool]:
        """SQL: the sessions that stand on this plate at this lot, on this card or on this pass."""
        plate = ParkingSession.plate_key == self.plate_key
        ways: list[ColumnElement[bool]] = [and_(ParkingSession.lot_id == self.lot_id, plate)]
        ways += [ParkingSession.card_id == self.card_id] if self.card_id else []
        ways += [ParkingSession.pass_id == self.pass_id] if self.pass_id else []
        return or_(*ways)


def make_room(
    tx: Session, tariffs: TariffBook, bearer: Bearer, came: datetime, now: datetime
) -> None:
    """A vehicle comes in at `came`: end what is open and over on its plate here, on its card or on its pass.

    A stay that is not over yet is left alone, so a driver who scans again comes back to it.
    """
    query = (
        select(ParkingSession)
        .where(bearer.holds(), ParkingSession.exit_at.is_(None))
        .order_by(ParkingSession.id)
        .options(selectinload(ParkingSession.lot))
        .with_for_update(of=ParkingSession)
        .execution_options(populate_existing=True)
    )
    if found := tx.scalars(query).all():
        end_those_over(tx, tariffs, found, came, now)


def lives_of(
    tx: Session, tariffs: TariffBook, sessions: Sequence[ParkingSession]
) -> Mapping[uuid.UUID, Life]:
    """The signs of life of open sessions, in a handful of queries however many there are."""
    if not sessions:
        return {}
    money = money_of(tx, tariffs, sessions)
    references = [session.reference for session in sessions]
    seen, paid = _seen(tx, references), _paid_at(tx, references)
    residents = _day_and_night(tx, {s.pass_id for s in sessions if s.pass_id})
    lives = {}
    for session in sessions:
        cover = money[session.id].coverage
        seen_at = max(session.entry_at, seen.get(session.reference, session.entry_at))
        signs = [seen_at, session.created_at, paid.get(session.reference, seen_at)]
        alive_at = max(*signs, cover.priced_at if cover else seen_at)
        owed = judge(tariffs, session, money[session.id], alive_at).due
        settled = owed == 0 and session.pass_id not in residents
        until = cover.until if cover else None
        lives[session.id] = Life(session.entry_at, seen_at, alive_at, settled, until)
    return lives


def _seen(tx: Session, references: Sequence[str]) -> dict[str, datetime]:
    """When somebody of the lot last did something to each stay."""
    rows = tx.execute(
        select(Audit.subject, sql.max(Audit.at))
        .where(Audit.subject.in_(references), Audit.actor.startswith("person:"))
        .group_by(Audit.subject)
    )
    return {row[0]: row[1] for row in rows}


def _paid_at(tx: Session, references: Sequence[str]) -> dict[str, datetime]:
    alone = select(Payment.reference, Payment.paid_at).where(Payment.reference.in_(references))
    shared = (
        select(Allocation.reference, Payment.paid_at)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.reference.in_(references))
    )
    both = union_all(alone, shared).subquery()
    rows = tx.execute(select(both.c.reference, sql.max(both.c.paid_at)).group_by(both.c.reference))
    return {reference: at for reference, at in rows if at is not None}


def _day_and_night(tx: Session, passes: set[uuid.UUID]) -> set[uuid.UUID | None]:
    """Those passes that hold day and night: their vehicles stay when a band ends."""
    if not passes:
        return set()
    return set(tx.scalars(select(Pass.id).where(Pass.id.in_(passes), Pass.hours == "full")))
