"""Whole months by the calendar. Pure.

A pass of one month ends the day before the same day of the next month: from 26 November to 25
December. A month that has no such day lends its last one: from 31 January to 28 (or 29) February, so
that nobody who begins late in a month gets less than that month; what follows begins on 1 March.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta


def last_day(since: date, months: int) -> date:
    """The last day of `months` (at least 1) that begin on `since`."""
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    longest = monthrange(year, month + 1)[1]
    if since.day > longest:
        return date(year, month + 1, longest)
    return date(year, month + 1, since.day) - timedelta(days=1)


def unused_share(price: int, since: date, until: date, today: date) -> int:
    """What of `price` is for the whole days after `today`, rounded down to the smallest unit."""
    days = (until - since).days + 1
    left = min(days, max(0, (until - today).days))
    return price * left // days
