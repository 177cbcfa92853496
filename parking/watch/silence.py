"""Silent lots: vehicles stop arriving in the books while they usually arrive on the street.

A lot that is open is silent when the entries of the last three hours are fewer than the setting
`SILENT_LOT_PERCENT` of what is usual in the same three hours of this weekday: the median of the eight
weeks before. Weeks in which nobody came in those hours (closed, a holiday) are no values, three values
are needed, and where fewer than five vehicles are usual nothing is said. When a lot opens is not
recorded: before it does, nobody is usual.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.sessions.models import ParkingSession
from parking.watch.days import city_day, same_weekdays, start_of, within
from parking.watch.figures import usual_of
from payments.db import CITY_ZONE, business_day

WINDOW = timedelta(hours=3)
LEAST_USUAL = 5
#: A lot that "closes" at such an hour closes after midnight.
EARLIEST = "06:00"


@dataclass(frozen=True, slots=True)
class Silence:
    """`came` vehicles since `since`, where `usual` is what usually comes."""

    lot: Lot
    since: datetime
    came: int
    usual: int


def is_open(closes: str | None, clock: str) -> bool:
    """Whether a lot that closes at `closes` can be open at `clock`, both as ``22:00``."""
    if closes is None:
        return True
    if closes <= EARLIEST:
        return clock < closes or clock >= EARLIEST
    return clock < closes


def silent_lots(
    tx: Session, lots: Sequence[Lot], percent: int, now: datetime
) -> dict[uuid.UUID, Silence]:
    """Which of `lots` are silent at `now`, the quietest first. One query."""
    clock = f"{now.astimezone(CITY_ZONE):%H:%M}"
    awake = {lot.id: lot for lot in lots if is_open(lot.closes, clock)}
    today = business_day(now)
    since = max(now - WINDOW, start_of(today))
    found = []
    for lot_id, came in _entries(tx, [*awake], since, now).items():
        usual = usual_of([came[day] for day in same_weekdays(today) if day in came])
        if _silent(came.get(today, 0), usual, percent):
            found.append(Silence(awake[lot_id], since, came.get(today, 0), usual or 0))
    found.sort(key=lambda row: (row.came * 100 // row.usual, row.lot.number))
    return {row.lot.id: row for row in found}


def _silent(came: int, usual: int | None, percent: int) -> bool:
    return usual is not None and usual >= LEAST_USUAL and came * 100 < usual * percent


def _entries(
    tx: Session, lots: Collection[uuid.UUID], since: datetime, now: datetime
) -> Mapping[uuid.UUID, Mapping[date, int]]:
    """Lot → day → entries between the clock times of `since` and `now`, of today and its history."""
    today, stay = business_day(now), ParkingSession
    weeks = [today - day for day in (today, *same_weekdays(today))]
    spans = [(since - back, now - back) for back in weeks]
    day = city_day(stay.entry_at)
    rows = tx.execute(
        select(stay.lot_id, day, func.count())
        .where(stay.lot_id.in_(lots), within(stay.entry_at, spans))
        .group_by(stay.lot_id, day)
    )
    found: dict[uuid.UUID, dict[date, int]] = defaultdict(dict)
    for lot_id, on, count in rows:
        found[lot_id][on] = count
    return found
