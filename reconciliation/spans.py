"""Days, thirds of months, months and years: how a time is read in as few periods as may be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY, THIRD, MONTH, YEAR = "day", "third", "month", "year"
#: The spans that are made of days, the longest first.
LONGER = (YEAR, MONTH, THIRD)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Periods of one span from `first` to `last`, both days included, that are read together."""

    span: str
    first: date
    last: date


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after it."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def begin_of(span: str, day: date) -> date:
    """The first day of the year, month or third of a month (1–10, 11–20, 21–end) that `day` is in."""
    if span == DAY:
        return day
    if span == THIRD:
        return day.replace(day=1 + min((day.day - 1) // 10, 2) * 10)
    return day.replace(month=1, day=1) if span == YEAR else month_of(day)


def end_of(span: str, first: date) -> date:
    """The last day of the span that begins with `first`."""
    if span == YEAR:
        return first.replace(month=12, day=31)
    if span == MONTH or (span == THIRD and first.day == 21):
        return next_month(first) - ONE_DAY
    return first if span == DAY else first + 9 * ONE_DAY


def pieces_of(
    first: date, last: date, stale: frozenset[tuple[str, date]], longest: Sequence[str] = LONGER
) -> Iterator[Part]:
    """`parts`, when it is known which spans are stale. Neighbours of one span are one part."""
    before: Part | None = None
    while first <= last:
        span = _longest(first, last, stale, longest)
        end = end_of(span, first)
        if before is not None and before.span == span:
            before = Part(span, before.first, end)
        else:
            if before is not None:
                yield before
            before = Part(span, first, end)
        first = end + ONE_DAY
    if before is not None:
        yield before


def _longest(
    first: date, last: date, stale: frozenset[tuple[str, date]], longest: Sequence[str]
) -> str:
    return next(
        (
            span
            for span in longest
            if begin_of(span, first) == first
            and end_of(span, first) <= last
            and (span, first) not in stale
        ),
        DAY,
    )
