"""Monthly prices as written, and the part of a day that a ``day`` price buys."""

from __future__ import annotations

from collections.abc import Sequence

from parking.tariffs.model import HOLDERS, REGULAR, Band, Monthly, Origin
from parking.tariffs.reader import Table
from parking.tariffs.reading import MIDNIGHT, read_origin

#: Where a tariff has no bands and says nothing else: the hours that Hanoi's two-wheelers call day.
USUAL_DAY = (6 * 60, 18 * 60)
NOON = 12 * 60


def read_monthly(table: Table, around: Origin) -> tuple[Monthly, ...]:
    """``monthly``: at most one price for the same hours and holder."""
    found: list[Monthly] = []
    for offer in table.tables("monthly"):
        hours = offer.choice("hours", ("day", "full"))
        holder = offer.choice("holder", HOLDERS, REGULAR)
        if any((row.hours, row.holder) == (hours, holder) for row in found):
            raise offer.refuse(
                "hours", "%(where)s: there are two prices for %(hours)s and %(holder)s.",
                hours=hours, holder=holder,
            )  # fmt: skip
        found.append(Monthly(hours, offer.number("price"), read_origin(offer, around), holder))
        offer.done()
    return tuple(found)


def read_pass_day(table: Table, bands: Sequence[Band]) -> tuple[int, int]:
    """``pass_day``; without it the band that holds noon of an ordinary weekday, and `USUAL_DAY`
    where that band is the whole day or passes midnight."""
    if not table.has("pass_day"):
        return _band_of_noon(bands)
    hours = table.table("pass_day")
    start, end = hours.clock("from"), hours.clock("to")
    hours.done()
    if start >= end:
        raise table.refuse(
            "pass_day", "%(where)s: pass_day must begin before it ends, on the same day."
        )
    return start, end


def _band_of_noon(bands: Sequence[Band]) -> tuple[int, int]:
    for band in bands:
        of_weekdays = "weekday" in band.days and (band.start, band.end) != (0, MIDNIGHT)
        if of_weekdays and band.start <= NOON < band.end:
            return band.start, band.end
    return USUAL_DAY
