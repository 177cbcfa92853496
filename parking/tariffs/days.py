"""Local days: which instant a clock time is, and which band a stay is in at every moment.

Durations are real time (a day on which the clock goes back has 25 hours and charges them); borders of
bands are clock times. A border that the clock skips falls on the skip, one that it passes twice on
the first passing. The day type is that of the calendar day, so that a band which passes midnight
may change its price there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from parking.tariffs.model import DAY, Band, Holiday, VehicleTariff

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a stay inside one band, in UTC."""

    band: Band
    start: datetime
    end: datetime


@lru_cache(maxsize=16_384)
def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The UTC instant at which the clock of `zone` shows `minute` minutes after midnight of `day`."""
    shown = datetime.combine(day, time()) + minute * MINUTE
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown:
        return moment
    moment = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while moment.astimezone(zone).replace(tzinfo=None) < shown:
        moment += MINUTE
    return moment


def day_type(day: date, holidays: Mapping[date, Holiday], declared: Mapping[str, object]) -> str:
    """The most particular type of `day` that is `declared`.

    A holiday goes by its own kind (``tet``), else by ``holiday``, else by the day of the week.
    """
    holiday = holidays.get(day)
    if holiday:
        for kind in (holiday.kind, "holiday"):
            if kind in declared:
                return kind
    return "weekend" if day.weekday() >= 5 else "weekday"


def segments(
    vehicle: VehicleTariff,
    zone: ZoneInfo,
    holidays: Mapping[date, Holiday],
    start: datetime,
    end: datetime,
) -> list[Segment]:
    """The bands from `start` to `end` in their order; neighbours that are one band are one segment."""
    if len(vehicle.bands) == 1:
        return [Segment(vehicle.bands[0], start, end)]
    found: list[Segment] = []
    for segment in _pieces(vehicle, zone, holidays, start, end):
        if found and _same(found[-1].band, segment.band):
            found[-1] = replace(found[-1], end=segment.end)
        else:
            found.append(segment)
    return found


def _pieces(
    vehicle: VehicleTariff,
    zone: ZoneInfo,
    holidays: Mapping[date, Holiday],
    start: datetime,
    end: datetime,
) -> Iterator[Segment]:
    day = start.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        plan = vehicle.plans[day_type(day, holidays, vehicle.plans)]
        borders = [instant(zone, day, minute) for minute, _ in plan] + [instant(zone, day + DAY, 0)]
        for (_, band), (opens, closes) in zip(plan, pairwise(borders), strict=True):
            begins, ends = max(start, opens), min(end, closes)
            if begins < ends or (begins == ends == start and opens <= start < closes):
                yield Segment(band, begins, ends)
        day += DAY


def _same(one: Band, other: Band) -> bool:
    """A turn paid for a band covers it to its end, even where midnight changes its price."""
    return one is other or (one.kind == other.kind == "turn" and one.key == other.key)
