"""Days, parts of months, months, quarters and years: how a time is read in as few periods as may be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY, SIXTH, THIRD, MONTH, QUARTER, YEAR = "day", "sixth", "third", "month", "quarter", "year"
#: The spans that are made of days, the longest first; and those of them that lie within one month.
LONGER = (YEAR, QUARTER, MONTH, THIRD, SIXTH)
WITHIN_MONTHS = (MONTH, THIRD, SIXTH)
#: Days of a part of a month, of which the last goes on to the month's end.
_PART_OF_MONTH = {THIRD: 10, SIXTH: 5}
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
    """The first day of the span that `day` is in: a third begins with the 1st, 11th and 21st of a month,
    a sixth with the 1st, 6th, 11th, 16th, 21st and 26th."""
    if days := _PART_OF_MONTH.get(span):
        return day.replace(day=1 + min((day.day - 1) // days, 30 // days - 1) * days)
    if span == QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if span == YEAR:
        return day.replace(month=1, day=1)
    return month_of(day) if span == MONTH else day


def end_of(span: str, first: date) -> date:
    """The last day of the span that begins with `first`."""
    if span == YEAR:
        return first.replace(month=12, day=31)
    if span == QUARTER:
        return next_month(first.replace(month=first.month + 2)) - ONE_DAY
    days = _PART_OF_MONTH.get(span, 1)
    if span == MONTH or (days > 1 and first.day + days > 30):
        return next_month(first) - ONE_DAY
    return first + (days - 1) * ONE_DAY


def firsts(part: Part) -> Iterator[date]:
    """The first day of each of its periods."""
    first = part.first
    while first <= part.last:
        yield first
        first = end_of(part.span, first) + ONE_DAY


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
