"""Who is inside: the first page of a shift, to be read at arm's length."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.attendant.feeds import late_feeds
from parking.attendant.finds import beyond
from parking.attendant.own import own_lots
from parking.house import House
from parking.lots.models import Lot
from parking.lots.rules import Collect
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions.due import Standing, standings
from parking.sessions.exits import UNDO_WINDOW
from parking.sessions.models import OBSERVED, ParkingSession
from parking.sessions.service import open_sessions
from parking.sessions.states import Shown, show

#: More rows than anybody scrolls through; typing two digits of the plate finds the rest.
LONGEST_LIST = 60


@dataclass(frozen=True, slots=True)
class Inside:
    """The open sessions of the lots that were `asked` for: counted all, shown up to `LONGEST_LIST`."""

    lots: Sequence[Lot]
    asked: Sequence[Lot]
    chosen: str
    ending: str
    only_unpaid: bool
    count: int
    unpaid: int
    rows: Sequence[Shown]
    hidden: int
    left: Sequence[Shown]

    def at_entry(self, session: ParkingSession) -> bool:
        """Whether the lot collects from this vehicle on its way in."""
        classes = (row for lot in self.lots if lot.id == session.lot_id for row in lot.tariffs)
        found = (row.collect for row in classes if row.vehicle_class == session.vehicle_class)
        return next(found, None) == Collect.ENTRY


def add(pages: Blueprint, house: House) -> None:
    """Put the list of vehicles into `pages`."""

    @pages.get("/")
    def vehicles() -> ResponseReturnValue:
        now = house.clock()
        with house.databases.read() as tx:
            inside = look(house, tx, the_badge(), now)
            late = late_feeds(house, tx, inside.lots, now)
            finds = beyond(house, tx, inside.asked, inside.ending, now)
        return render_template("attendant/vehicles.html", inside=inside, late=late, finds=finds)


def look(house: House, tx: Session, badge: Badge, now: datetime) -> Inside:
    """What the query of this request asks for, of own lots only."""
    lots = own_lots(tx, badge)
    chosen = request.args.get("lot", "")
    chosen_lots = [lot for lot in lots if chosen in ("", lot.number)]
    asked = [lot.id for lot in chosen_lots]
    ending, only_unpaid = request.args.get("q", "").strip(), "unpaid" in request.args
    everybody = standings(tx, house.tariffs, open_sessions(tx, asked), now)
    found = _found(tx, everybody, asked, ending, only_unpaid)
    gone = standings(tx, house.tariffs, _just_left(tx, asked, now), now)
    return Inside(
        lots=lots,
        asked=chosen_lots,
        chosen=chosen,
        ending=ending,
        only_unpaid=only_unpaid,
        count=len(everybody),
        unpaid=sum(row.due > 0 for row in everybody),
        rows=[show(row, now) for row in found[:LONGEST_LIST]],
        hidden=max(0, len(found) - LONGEST_LIST),
        left=[show(row, now) for row in gone],
    )


def _found(
    tx: Session,
    everybody: Sequence[Standing],
    asked: Sequence[uuid.UUID],
    ending: str,
    unpaid: bool,
) -> Sequence[Standing]:
    found = everybody
    if ending:
        wanted = {row.id for row in open_sessions(tx, asked, ending)}
        found = [row for row in found if row.session.id in wanted]
    return [row for row in found if row.due] if unpaid else found


def _just_left(tx: Session, lots: Sequence[uuid.UUID], now: datetime) -> Sequence[ParkingSession]:
    """Vehicles whose exit can still be taken back, the last one first."""
    query = select(ParkingSession).where(
        ParkingSession.lot_id.in_(lots),
        ParkingSession.exit_recorded_at >= now - UNDO_WINDOW,
        ParkingSession.exit_kind == OBSERVED,
    )
    return tx.scalars(query.order_by(ParkingSession.exit_at.desc())).all()
