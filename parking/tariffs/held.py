"""Prices that hold: a list that is looked at again every second asks the engine only when it must."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from parking.tariffs.charges import charges
from parking.tariffs.days import MINUTE
from parking.tariffs.engine import price
from parking.tariffs.model import TariffVersion

#: How far ahead a price is tried at first, and at most; FARTHER times as far each time it still holds,
#: because what is flat now is mostly flat for hours.
AHEAD, FARTHEST, FARTHER = timedelta(hours=1), timedelta(hours=16), 4
#: How closely the moment is sought at which a price rises.
CLOSE = timedelta(minutes=1)


class Held(NamedTuple):
    """`amount` (minor units) is the price of every stay that ends from `since` to `until`."""

    since: datetime
    until: datetime
    amount: int


def held_price(
    version: TariffVersion,
    vehicle_class: str,
    entry: datetime,
    end: datetime,
    before: Held | None = None,
) -> Held:
    """As `parking.tariffs.price`, the amount alone and how long it holds from `end` on; `before` is what
    was found for the same stay when somebody looked last.

    Exact, not rounded to the minute: a price never falls while a vehicle stays
    (`parking.tariffs.charges`), so where both ends of a span cost the same, so does all between.
    """

    def amount(moment: datetime) -> int:
        return price(version, vehicle_class, entry, moment).amount

    now, low, high = amount(end), end, end + _ahead(before)
    if amount(high) == now:
        return Held(end, high, now)
    rise = _next_charge(version, vehicle_class, entry, end, high)
    if rise is not None and amount(rise) == now:
        return Held(end, rise, now)
    while high - low > CLOSE:
        middle = low + (high - low) // 2
        low, high = (middle, high) if amount(middle) == now else (low, middle)
    return Held(end, low, now)


def _next_charge(
    version: TariffVersion, vehicle_class: str, entry: datetime, after: datetime, until: datetime
) -> datetime | None:
    """Where the price most likely rises: a good guess needs no search."""
    vehicle = version.vehicle(vehicle_class)
    begin = entry + vehicle.free_minutes * MINUTE * vehicle.free_deducted
    owed = charges(version, vehicle, begin, until)
    return next((charge.at for charge in owed if charge.at >= after), None)


def _ahead(before: Held | None) -> timedelta:
    if before is None:
        return AHEAD
    return max(AHEAD, min(FARTHEST, FARTHER * (before.until - before.since)))
