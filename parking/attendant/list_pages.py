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
from parking.people.guard import the_badge
from parking.sessions.claims import announced
from parking.sessions.due import Standing, standings
from parking.sessions.exits import UNDO_WINDOW
from parking.sessions.models import OBSERVED, ParkingSession
from parking.sessions.service import open_sessions, plate_symbols
from parking.sessions.states import Shown, show

#: More rows than anybody scrolls through; typing two digits of the plate finds the rest.
LONGEST_LIST = 60


@dataclass(frozen=True, slots=True)
class Inside:
    """The open sessions of the lots that were `asked` for: counted all, shown up to `LONGEST_LIST`.
    `announced`: those shown for which somebody vouches that the money is on its way."""

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
    announced: frozenset[uuid.UUID]

    def at_entry(self, session: ParkingSession) -> bool:
        """Whether the lot collects from this vehicle on its way in."""
        classes = (row for lot in self.lots if lot.id == session.lot_id for row in lot.tariffs)
        found = (row.collect for row in classes if row.vehicle_class == session.vehicle_class)
        return next(found, None) == Collect.ENTRY


def add(pages: Blueprint, house: House) -> None:
    """Put the list of vehicles into `pages`."""

    @pages.get("/")
    def vehicles() -> ResponseReturnValue:
        args = request.args
        return show_list(house, args.get("lot", ""), args.get("q", ""), "unpaid" in args)


def show_list(
    house: House,
    chosen: str,
    ending: str,
    only_unpaid: bool = False,
    problem: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    """The list for a lot (or all), an ending of the plate (or none); `problem` says what an act
    refused that was begun from it."""
    now = house.clock()
    with house.databases.read() as tx:
        inside = _look(house, tx, (chosen, ending.strip(), only_unpaid), now)
        late = late_feeds(house, tx, inside.lots, now)
        finds = beyond(house, tx, inside.asked, inside.ending, now)
    page = render_template(
        "attendant/vehicles.html", inside=inside, late=late, finds=finds, problem=problem
    )
    return page, status


def _look(house: House, tx: Session, wish: tuple[str, str, bool], now: datetime) -> Inside:
    """What is asked for, of own lots only."""
    chosen, ending, only_unpaid = wish
    lots = own_lots(tx, the_badge())
    chosen_lots = [lot for lot in lots if chosen in ("", lot.number)]
    asked = [lot.id for lot in chosen_lots]
    everybody = standings(tx, house.tariffs, open_sessions(tx, asked), now)
    found = _found(tx, everybody, asked, ending, only_unpaid)
    gone = standings(tx, house.tariffs, _just_left(tx, asked, ending, now), now)
    shown = found[:LONGEST_LIST]
    return Inside(
        lots=lots,
        asked=chosen_lots,
        chosen=chosen,
        ending=ending,
        only_unpaid=only_unpaid,
        count=len(everybody),
        unpaid=sum(row.due > 0 for row in everybody),
        rows=[show(row, now) for row in shown],
        hidden=max(0, len(found) - LONGEST_LIST),
        left=[show(row, now) for row in gone],
        announced=announced(tx, [row.session.id for row in (*shown, *gone) if row.due]),
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


def _just_left(
    tx: Session, lots: Sequence[uuid.UUID], ending: str, now: datetime
) -> Sequence[ParkingSession]:
    """Vehicles of this plate ending whose exit can still be taken back, the last one first."""
    query = select(ParkingSession).where(
        ParkingSession.lot_id.in_(lots),
        ParkingSession.exit_recorded_at >= now - UNDO_WINDOW,
        ParkingSession.exit_kind == OBSERVED,
        ParkingSession.plate_key.endswith(plate_symbols(ending), autoescape=True),
    )
    return tx.scalars(query.order_by(ParkingSession.exit_at.desc())).all()
