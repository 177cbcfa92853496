"""What is typed after an option: days and instants, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import click

from parking.house import House
from parking.languages import mark
from payments.db import CITY_ZONE
from payments.errors import WrongUsage

#: Commands find this in their context: the house, built on first use.
Build = Callable[[], House]

#: Prices and tax rates are known from the first day on; after the last one nobody asks.
FIRST, LAST = date(2024, 1, 1), date(2099, 12, 31)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Day(click.ParamType[date]):
    """A business day, as 2026-11-23, of the years from `FIRST` to `LAST`."""

    name = "YYYY-MM-DD"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Raises `WrongUsage` for anything but a day of the calendar."""
        if isinstance(value, date):
            return value
        try:
            if not _DAY.fullmatch(value):
                raise ValueError
            return within(date.fromisoformat(value), param)
        except ValueError as error:
            raise WrongUsage(
                mark("%(name)s %(value)s is not a day; write it as 2026-11-23."),
                name=option(param),
                value=value,
            ) from error


class Instant(click.ParamType[datetime]):
    """A moment in ISO 8601; without an offset it is the city's time."""

    name = "ISO"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Raises `WrongUsage` for anything but a moment."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            local = moment if moment.tzinfo else moment.replace(tzinfo=CITY_ZONE)
            within(local.date(), param)
            return local.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise WrongUsage(
                mark("%(name)s %(value)s is not a time; write it as 2026-11-23T08:30."),
                name=option(param),
                value=value,
            ) from error


def within(day: date, param: click.Parameter | None) -> date:
    """`day`, if prices and taxes can be known for it. Raises `WrongUsage`."""
    if FIRST <= day <= LAST:
        return day
    raise WrongUsage(
        mark("%(name)s %(value)s cannot be looked at; give a day from %(first)s to %(last)s."),
        name=option(param),
        value=day,
        first=FIRST,
        last=LAST,
    )


def option(param: click.Parameter | None) -> str:
    """What a person typed to give this input."""
    return param.opts[-1] if param is not None else ""


DAY, INSTANT = Day(), Instant()
