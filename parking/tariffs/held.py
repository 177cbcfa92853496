"""Prices that hold: a list that is looked at again every second asks the engine only when it must."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from parking.tariffs.book import TariffBook
from parking.tariffs.engine import price
from parking.tariffs.model import TariffVersion

#: How far ahead a price is tried, and how closely the moment is sought at which it rises before that.
AHEAD, CLOSE = timedelta(hours=1), timedelta(minutes=1)

#: Stays remembered by a process; those remembered first are forgotten first.
ROOM = 50_000


class Held(NamedTuple):
    """`amount` (minor units) is the price of every stay that ends from `since` to `until`."""

    since: datetime
    until: datetime
    amount: int


Key = tuple[str, int, str, datetime]


@dataclass(slots=True)
class HeldPrices:
    """Amounts of the tariffs of `book`, each with the span it is known to hold for.

    Exact, not rounded to the minute: a price never falls while a vehicle stays
    (`parking.tariffs.charges`), so where both ends of a span cost the same, so does all between.
    """

    book: TariffBook
    room: int = ROOM
    _known: dict[Key, Held] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def amount(
        self, code: str, number: int, vehicle_class: str, entry: datetime, until: datetime
    ) -> int:
        """As `parking.tariffs.price` by version `number` of tariff `code`, the amount alone, in minor
        units."""
        key = (code, number, vehicle_class, entry)
        held = self._known.get(key)
        if held is None or not held[0] <= until <= held[1]:
            held = _look_ahead(self.book.version(code, number), vehicle_class, entry, until)
            self._keep(key, held)
        return held.amount

    def _keep(self, key: Key, held: Held) -> None:
        with self._lock:
            self._known[key] = held
            while len(self._known) > self.room:
                del self._known[next(iter(self._known))]


def _look_ahead(
    version: TariffVersion, vehicle_class: str, entry: datetime, until: datetime
) -> Held:
    def amount(end: datetime) -> int:
        return price(version, vehicle_class, entry, end).amount

    now, low, high = amount(until), until, until + AHEAD
    if amount(high) == now:
        return Held(until, high, now)
    while high - low > CLOSE:
        middle = low + (high - low) // 2
        low, high = (middle, high) if amount(middle) == now else (low, middle)
    return Held(until, low, now)
