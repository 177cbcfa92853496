"""Which part of a stay a pass pays for, and which is left to be charged. Pure.

A ``full`` pass covers its days whole. A ``day`` pass covers the tariff's hours of each of them
(`VehicleTariff.pass_day`), every morning anew, a stay that spent the night included: each day was
paid for. What lies outside is charged in parts, each as a stay of its own that began at the end of
the hours before it, so a night costs what it costs whoever comes at that moment. Whoever drives off
within the tariff's tolerance after the hours end pays nothing, as a stay that was paid by the turn
would; there is none for coming early, where the turn of the arrival is owed too. The parts only grow
with time: the price of a stay never falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FULL, DAY = "full", "day"


@dataclass(frozen=True, slots=True)
class Term:
    """What one pass promises: `hours` (full or day) of the days `since` to `until`, both included,
    until it was `cut` off, if it was cancelled."""

    since: date
    until: date
    hours: str
    cut: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How a tariff reads a pass: the minutes of the day that ``day`` means, in this zone, and the
    minutes after them that cost nothing."""

    day: tuple[int, int]
    zone: ZoneInfo
    tolerance: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """A time from `start` to `end`, aware instants; the end does not belong to it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Cover(Part):
    """A part that is paid for; so much `tolerance` is given after its end."""

    tolerance: timedelta


def charged(
    terms: Iterable[Term], rules: Rules, entry: datetime, until: datetime
) -> Iterator[Part]:
    """The parts of a stay from `entry` to `until` that no term covers, in their order. A stay that
    begins outside owes from its entry, even when no time has passed."""
    reached, tolerance = entry, timedelta()
    for part in sorted(_covered(terms, rules, entry, until), key=lambda part: part.start):
        if part.end <= reached:
            continue
        if reached < part.start - tolerance:
            yield Part(reached, part.start)
        reached, tolerance = part.end, part.tolerance
    if reached + tolerance < until or reached == entry == until:
        yield Part(reached, until)


def _covered(
    terms: Iterable[Term], rules: Rules, entry: datetime, until: datetime
) -> Iterator[_Cover]:
    """What the terms cover and the stay can touch; parts that meet or overlap are left so."""
    first, last = entry.astimezone(rules.zone).date(), until.astimezone(rules.zone).date()
    for term in terms:
        for part in _of_term(term, rules, first, last):
            cut = term.cut is not None and term.cut < part.end
            found = _Cover(part.start, term.cut, timedelta()) if cut and term.cut else part
            if found.start < found.end and found.start <= until:
                yield found


def _of_term(term: Term, rules: Rules, first: date, last: date) -> Iterator[_Cover]:
    begin, end = max(term.since, first), min(term.until, last)
    if begin > end:
        return
    if term.hours == FULL:
        over = _at(term.until + timedelta(days=1), 0, rules.zone)
        yield _Cover(_at(begin, 0, rules.zone), over, timedelta())
        return
    for offset in range((end - begin).days + 1):
        opens, closes = (_at(begin + timedelta(days=offset), m, rules.zone) for m in rules.day)
        yield _Cover(opens, closes, rules.tolerance)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """That minute of that local day; 24:00 is the next day's first."""
    days, rest = divmod(minute, 24 * 60)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
