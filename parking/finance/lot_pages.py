"""Leakage in sight: every lot's day beside its own history, and one lot looked at closely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking.finance.day_pages import read_day
from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.people.guard import the_badge
from parking.people.service import names_of
from parking.sessions.models import ParkingSession
from parking.sessions.states import VEHICLES
from parking.watch import figures
from parking.watch.days import DAY
from parking.watch.lot_days import totals
from parking.watch.service import Look, last_looks, looks, watched_ids, watched_lot, watched_lots
from parking.watch.silence import Silence, silent_lots
from parking.watch.tally import tally
from payments.db import business_day
from payments.errors import NotFound

#: Lots on a page of the list: those that stand out are on the first.
ON_A_PAGE = 50
#: Headcounts shown of one lot, a row for each class.
MOST_COUNTS = 30

WEEKDAYS = (
    mark("Mon"),
    mark("Tue"),
    mark("Wed"),
    mark("Thu"),
    mark("Fri"),
    mark("Sat"),
    mark("Sun"),
)


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot in the list."""

    lot: Lot
    day: figures.DayOf
    look: Look | None
    silence: Silence | None

    @property
    def urgency(self) -> tuple[bool, int, int, str]:
        """What stands out stands first: silence, then odd figures, then what a count missed."""
        missed = abs(self.look.percent) if self.look else 0
        return self.silence is None, -self.day.unusual, -missed, self.lot.number


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about lots into `pages`."""

    @pages.get("/lots")
    def lots() -> ResponseReturnValue:
        return _list(house)

    @pages.get("/lots/<number>")
    def lot(number: str) -> ResponseReturnValue:
        return _lot(house, number)


def chosen_day(today: date) -> date:
    """The day of the address, not after today; the last whole day without one. Raises `NotFound`."""
    text = request.args.get("day", "")
    return min(read_day(text), today) if text else today - DAY


def _list(house: House) -> ResponseReturnValue:
    now = house.clock()
    today = business_day(now)
    day, mine = chosen_day(today), the_badge().operator_id
    with house.databases.read() as tx:
        lots = watched_lots(tx, mine)
        found, counted_at = totals(tx, watched_ids(mine), figures.with_history(day))
        seen = last_looks(tx, watched_ids(mine))
        silent = silent_lots(tx, lots, house.config.silent_lot_percent, now)
    rows = [
        LotRow(
            lot,
            figures.day_of(found, lot.id, day, day < today),
            seen.get(lot.id),
            silent.get(lot.id),
        )
        for lot in lots
    ]
    rows.sort(key=lambda row: row.urgency)
    page = min(read_page(), max(1, ceil(len(rows) / ON_A_PAGE)))
    return render_template(
        "finance/lots.html",
        rows=rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        first=(page - 1) * ON_A_PAGE + 1,
        page=page,
        count=len(rows),
        counted_at=counted_at,
        names=figures.OF_LOT,
        day=day,
        today=today,
    )


def read_page() -> int:
    """The page of the address, the first without one. Raises `NotFound` for what is no number."""
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
        raise NotFound("There is no page %(page)s.", page=text[:20])
    return int(text)


def _lot(house: House, number: str) -> ResponseReturnValue:
    now = house.clock()
    today = business_day(now)
    day = chosen_day(today)
    with house.databases.read() as tx:
        lot = watched_lot(tx, the_badge().operator_id, number)
        found = tally(tx, watched_ids(None, lot.number), figures.days_for_week(day))
        walks = looks(tx, lot, MOST_COUNTS)
        silent = silent_lots(tx, [lot], house.config.silent_lot_percent, now)
        inside = _inside(tx, lot)
        people, usual = figures.people_of(found, lot.id, day)
        names = names_of(tx, {*people, *(walk.by for walk in walks)})
    return render_template(
        "finance/lot.html",
        lot=lot,
        week=figures.week_of(found, lot.id, day, today),
        kinds=figures.OF_LOT,
        people=people,
        usual=usual,
        person_kinds=figures.OF_PERSON,
        walks=walks,
        silence=silent.get(lot.id),
        inside=inside,
        names=names,
        vehicles=VEHICLES,
        weekdays=WEEKDAYS,
        day=day,
        today=today,
    )


def _inside(tx: Session, lot: Lot) -> int:
    inside = ParkingSession.lot_id == lot.id, ParkingSession.exit_at.is_(None)
    return tx.scalar(select(func.count()).where(*inside)) or 0
