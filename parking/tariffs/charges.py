"""From a stay to its charges, before any cap.

A charge is what the passing of one moment costs. Charges come in the order of time, and a longer stay
only ever adds charges at the end: that is why no price can fall while a vehicle stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from parking.tariffs.days import MINUTE, Segment, instant, segments
from parking.tariffs.model import DAY, Band, Step, TariffVersion, VehicleTariff

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Charge:
    """`amount` for the block or turn that begins at `at`.

    `run` numbers the count that the charge belongs to, `first` is the minute of that count at which
    the block begins; a turn has no `step`.
    """

    at: datetime
    amount: int
    band: Band
    run: int
    step: Step | None = None
    first: int = 0


def charges(
    version: TariffVersion, vehicle: VehicleTariff, begin: datetime, end: datetime
) -> Iterator[Charge]:
    """The charges of a stay from `begin` to `end` (UTC), free minutes already taken off."""
    for number, run in enumerate(_runs(version, vehicle, begin, end)):
        if run[0].band.kind == "turn":
            yield from _turns(vehicle, run, number, begin)
        else:
            yield from _blocks(vehicle, run, number)


def has_paid_time(
    version: TariffVersion, vehicle: VehicleTariff, begin: datetime, end: datetime
) -> bool:
    """Whether any moment between `begin` and `end` lies in a band with a price."""
    return begin < end and any(_runs(version, vehicle, begin, end))


def _runs(
    version: TariffVersion, vehicle: VehicleTariff, begin: datetime, end: datetime
) -> Iterator[list[Segment]]:
    """The stretches that are counted from one: the whole stay, or what the tariff cuts it into."""
    for start, stop in _periods(version, vehicle, begin, end):
        stretch = segments(vehicle, version.zone, version.holidays, start, stop)
        if vehicle.crossing == "split":
            parts = [list(part) for _, part in groupby(stretch, key=_band_of)]
        else:
            parts = [stretch]
        for part in parts:
            paid = [segment for segment in part if segment.band.kind in ("ladder", "turn")]
            if paid:
                yield paid


def _periods(
    version: TariffVersion, vehicle: VehicleTariff, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    start = begin
    while True:
        stop = end if vehicle.restarts == "never" else _renewal(version, vehicle.restarts, start)
        yield start, min(stop, end)
        if stop >= end:
            return
        start = stop


def _renewal(version: TariffVersion, restarts: str, start: datetime) -> datetime:
    if restarts == "24h":
        return start + DAY
    return instant(version.zone, start.astimezone(version.zone).date() + DAY, 0)


def _turns(
    vehicle: VehicleTariff, run: list[Segment], number: int, begin: datetime
) -> Iterator[Charge]:
    """Each band once: the one the stay begins in at once, any other when it was straddled enough."""
    tolerance = (vehicle.straddle_minutes or 0) * MINUTE
    reached: dict[str, int] = {}
    asked = 0
    for segment in run:
        band = segment.band
        if reached and vehicle.crossing == "entry" and vehicle.straddle_minutes is None:
            return
        at_entry = segment.start == begin
        if band.key in reached or not (at_entry or segment.end - segment.start > tolerance):
            continue
        reached[band.key] = band.turn
        due = _together(vehicle, reached)
        yield Charge(segment.start, due - asked, band, number)
        asked = due


def _together(vehicle: VehicleTariff, reached: dict[str, int]) -> int:
    """The price of one turn that reached these bands; one more band never makes it cheaper."""
    prices = list(reached.values())
    if vehicle.crossing == "dearest":
        return max(prices)
    if vehicle.crossing == "combined" and len(prices) > 1:
        return vehicle.combined
    return sum(prices)


def _blocks(vehicle: VehicleTariff, run: list[Segment], number: int) -> Iterator[Charge]:
    """Block after block along the paid time; the clock stands still in free and closed bands."""
    elapsed = sum((s.end - s.start for s in run), NOTHING)
    places = iter(_walk(run))
    passed, segment = next(places)
    entry_band, minute = segment.band, 0
    while True:
        offset = minute * MINUTE
        while offset >= passed + (segment.end - segment.start) and offset < elapsed:
            passed, segment = next(places)
        band = entry_band if vehicle.crossing == "entry" else segment.band
        step = band.ladder.at(minute)
        if not _counts(vehicle.rounding, elapsed - offset, step):
            return
        yield Charge(segment.start + (offset - passed), step.price, band, number, step, minute)
        following = step.after(minute)
        if following is None:
            return
        minute = following


def _walk(run: list[Segment]) -> Iterator[tuple[timedelta, Segment]]:
    """Each segment with the paid time that passed before it."""
    passed = NOTHING
    for segment in run:
        yield passed, segment
        passed += segment.end - segment.start


def _counts(rounding: str, inside: timedelta, step: Step) -> bool:
    """Whether a block is charged that the stay has been in for `inside`; half a block rounds up."""
    if rounding == "up" or step.minutes is None:
        return inside > NOTHING
    whole = step.minutes * MINUTE
    return inside >= whole if rounding == "down" else 2 * inside >= whole


def _band_of(segment: Segment) -> tuple[str, str]:
    return segment.band.key, segment.band.kind
