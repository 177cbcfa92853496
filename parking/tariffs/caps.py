"""Upper limits on charges.

Charges are taken in the order of time, and each is granted as far as every limit still leaves room.
So every limit holds for every window, a rolling one wherever it begins, and what was granted once is
never taken back by a longer stay. A charge belongs to the window in which its block or turn begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from parking.tariffs.charges import Charge
from parking.tariffs.model import DAY, WEEK, NightCap, Step, VehicleTariff


@dataclass(slots=True)
class Bucketed:
    """At most `limit` for charges of the same bucket; charges without a bucket are not limited."""

    name: str
    limit: int
    bucket: Callable[[Charge], Hashable | None]
    used: dict[Hashable, int] = field(default_factory=dict)

    def room(self, charge: Charge) -> int:
        bucket = self.bucket(charge)
        return charge.amount if bucket is None else self.limit - self.used.get(bucket, 0)

    def grant(self, charge: Charge, amount: int) -> None:
        bucket = self.bucket(charge)
        if bucket is not None:
            self.used[bucket] = self.used.get(bucket, 0) + amount


@dataclass(slots=True)
class Rolling:
    """At most `limit` in any window of length `window`."""

    name: str
    limit: int
    window: timedelta
    recent: deque[tuple[datetime, int]] = field(default_factory=deque)
    used: int = 0

    def room(self, charge: Charge) -> int:
        while self.recent and self.recent[0][0] <= charge.at - self.window:
            self.used -= self.recent.popleft()[1]
        return self.limit - self.used

    def grant(self, charge: Charge, amount: int) -> None:
        self.recent.append((charge.at, amount))
        self.used += amount


Limit = Bucketed | Rolling


def limit_charges(
    vehicle: VehicleTariff, zone: ZoneInfo, charges: Iterable[Charge]
) -> list[tuple[str, int, int]]:
    """What the limits take off: their names, the limit and the amount taken off (more than zero).

    Where several limits bind at once, the first in the order step, night, calendar day, rolling
    24 hours, rolling week, stay is named.
    """
    limits = list(_limits(vehicle, zone))
    steps: dict[tuple[int, Step], Limit] = {}
    taken: dict[tuple[str, int], int] = {}
    for charge in charges:
        step = _step_limit(charge, steps)
        over = _apply(charge, [*step, *limits])
        if over:
            limit, amount = over
            key = (limit.name, limit.limit)
            taken[key] = taken.get(key, 0) + amount
    return [(name, limit, amount) for (name, limit), amount in taken.items()]


def _apply(charge: Charge, limits: list[Limit]) -> tuple[Limit, int] | None:
    rooms = [limit.room(charge) for limit in limits]
    granted = min([charge.amount, *rooms])
    for limit in limits:
        limit.grant(charge, granted)
    if granted == charge.amount:
        return None
    return limits[rooms.index(granted)], charge.amount - granted


def _step_limit(charge: Charge, known: dict[tuple[int, Step], Limit]) -> list[Limit]:
    """The limit of the charge's own step, new with every count."""
    if charge.step is None or charge.step.cap is None:
        return []
    key = (charge.run, charge.step)
    if key not in known:
        known[key] = Bucketed("step", charge.step.cap, lambda _: "step")
    return [known[key]]


def _limits(vehicle: VehicleTariff, zone: ZoneInfo) -> Iterable[Limit]:
    caps = vehicle.caps
    if caps.night is not None:
        night = caps.night
        yield Bucketed("night", night.amount, lambda charge: _night_of(charge, night, zone))
    if caps.calendar_day is not None:
        yield Bucketed("calendar_day", caps.calendar_day, lambda c: c.at.astimezone(zone).date())
    if caps.rolling_24h is not None:
        yield Rolling("rolling_24h", caps.rolling_24h, DAY)
    if caps.rolling_week is not None:
        yield Rolling("rolling_week", caps.rolling_week, WEEK)
    if caps.stay is not None:
        yield Bucketed("stay", caps.stay, lambda _: "stay")


def _night_of(charge: Charge, night: NightCap, zone: ZoneInfo) -> Hashable | None:
    """The day on which the night of this charge began; `None` by day."""
    shown = charge.at.astimezone(zone)
    minute = shown.hour * 60 + shown.minute
    if night.start < night.end:
        return shown.date() if night.start <= minute < night.end else None
    if minute >= night.start:
        return shown.date()
    return shown.date() - DAY if minute < night.end else None
