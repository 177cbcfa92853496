"""Business days in SQL, and the days a day is compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from payments.db import CITY_ZONE

#: How many weeks back a day is compared with; fewer values than `LEAST_VALUES` say nothing.
WEEKS = 8
LEAST_VALUES = 3
DAY = timedelta(days=1)

Instant = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


class city_day(FunctionElement[date]):
    """The calendar day of an instant in the city, which keeps UTC+7 all year (`payments.db`)."""

    type = Date()
    inherit_cache = True


@compiles(city_day, "postgresql")
def _postgresql(element: city_day, compiler: SQLCompiler, **more: Any) -> str:
    return (
        f"CAST({compiler.process(element.clauses, **more)} AT TIME ZONE '{CITY_ZONE.key}' AS DATE)"
    )


@compiles(city_day, "sqlite")
def _sqlite(element: city_day, compiler: SQLCompiler, **more: Any) -> str:
    # seconds only: SQLite would round the last microsecond of a day up into the next one
    return f"date(substr({compiler.process(element.clauses, **more)}, 1, 19), '+7 hours')"


def same_weekdays(day: date) -> list[date]:
    """The days `day` is compared with: its weekday in each of the eight weeks before."""
    return [day - 7 * week * DAY for week in range(1, WEEKS + 1)]


def stretches(days: Collection[date]) -> list[tuple[date, date]]:
    """`days` as (first, last) of every unbroken run, so that SQL asks for few ranges."""
    runs: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if runs and runs[-1][1] + DAY == day:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def start_of(day: date) -> datetime:
    """The instant a business day begins."""
    return datetime.combine(day, time(), CITY_ZONE)


def on_days(column: Instant, days: Collection[date]) -> ColumnElement[bool]:
    """Whether the instant in `column` is on one of `days`, in a form that uses its index."""
    spans = [(start_of(first), start_of(last + DAY)) for first, last in stretches(days)]
    return within(column, spans)


def within(column: Instant, spans: Sequence[tuple[datetime, datetime]]) -> ColumnElement[bool]:
    """Whether the instant in `column` lies in one of `spans`, ends excluded."""
    return or_(*(and_(column >= start, column < end) for start, end in spans))
