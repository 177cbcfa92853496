"""Tax periods: calendar months, and quarters for whoever files by them; when each table is due.

Form 01/TTGD goes with the VAT return (Decree 254/2026, Art. 16(3)(a.2)): by the 20th of the next month
for who files by month, by the last day of the next quarter's first month for who files by quarter.
That a due day on a holiday moves to the next working day is not reckoned here.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from parking.languages import mark
from parking.watch.days import start_of
from payments.errors import WrongUsage

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(20\d\d)-Q([1-4])")
DAY = timedelta(days=1)
#: Day of the next month by which a month's table is filed.
MONTH_DUE = 20


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month or a quarter, by its first and last day."""

    first: date
    last: date

    @property
    def quarterly(self) -> bool:
        """Whether it is a quarter."""
        return self.first.month != self.last.month

    @property
    def quarter(self) -> int:
        """The quarter of the year it is, or lies in."""
        return (self.first.month + 2) // 3

    @property
    def due(self) -> date:
        """The last day on which its table is in time."""
        after = self.last + DAY
        return _end_of(after) if self.quarterly else after.replace(day=MONTH_DUE)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From its first instant until before the first one after it."""
        return start_of(self.first), start_of(self.last + DAY)

    @property
    def before(self) -> Period:
        """The month or quarter before."""
        end = self.first - DAY
        return quarter_of(end) if self.quarterly else month_of(end)

    @property
    def after(self) -> Period:
        """The next month or quarter."""
        begin = self.last + DAY
        return quarter_of(begin) if self.quarterly else month_of(begin)

    @property
    def form_text(self) -> str:
        """As the form writes it: ``11/2026``, ``Q4/2026``."""
        name = f"Q{self.quarter}" if self.quarterly else f"{self.first:%m}"
        return f"{name}/{self.first.year}"

    def __str__(self) -> str:
        """As `read_period` takes it: ``2026-11``, ``2026-Q4``."""
        name = f"Q{self.quarter}" if self.quarterly else f"{self.first:%m}"
        return f"{self.first.year}-{name}"


def _end_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def month_of(day: date) -> Period:
    """The calendar month of `day`."""
    return Period(day.replace(day=1), _end_of(day))


def quarter_of(day: date) -> Period:
    """The quarter of `day`."""
    first = day.month - (day.month - 1) % 3
    return Period(date(day.year, first, 1), _end_of(date(day.year, first + 2, 1)))


def read_period(text: str) -> Period:
    """The period written as ``2026-11`` or ``2026-Q4``. Raises `WrongUsage`."""
    wanted = text.strip().upper()
    if month := _MONTH.fullmatch(wanted):
        return month_of(date(int(month[1]), int(month[2]), 1))
    if quarter := _QUARTER.fullmatch(wanted):
        return quarter_of(date(int(quarter[1]), 3 * int(quarter[2]), 1))
    raise WrongUsage(
        mark("“%(text)s” is no tax period; write a month as 2026-11, a quarter as 2026-Q4."),
        text=text[:20] or "—",
    )


def read_day(text: str) -> date:
    """A day as a form sends it, ``2026-11-23``. Raises `WrongUsage`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise WrongUsage(
            mark("“%(text)s” is no day; write it as 2026-11-23."), text=text[:20] or "—"
        ) from error
