"""The rate engine: `(tariff version, vehicle class, entry, exit) → price with lines`. Pure.

It remembers nothing between questions, so a stay that is prolonged costs what it would have cost in one
go: what is due is always the price so far less what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parking.languages import mark
from parking.tariffs.caps import limit_charges
from parking.tariffs.charges import Charge, charges, has_paid_time
from parking.tariffs.days import MINUTE
from parking.tariffs.lines import Line, cap_lines, charge_lines, free_line, minimum_line
from parking.tariffs.model import STATUSES, Origin, TariffVersion
from payments.errors import WrongUsage

#: Longer stays are a mistyped year, not a stay.
LONGEST_STAY = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Price:
    """What a stay costs, in minor units of `currency`; the amounts of `lines` add up to it.

    `origins` are the prices it rests on and `status` the weakest of theirs, from
    `parking.tariffs.model.STATUSES`.
    """

    amount: int
    currency: str
    lines: tuple[Line, ...]
    origins: tuple[Origin, ...]
    status: str


def price(version: TariffVersion, vehicle_class: str, entry: datetime, exit_: datetime) -> Price:
    """The price of a stay from `entry` to `exit_`, aware instants in any time zone.

    A stay of no length owes a price per turn but no block of time. Never falls as `exit_` grows.
    Raises `NotFound` for a vehicle class without price, `WrongUsage` for an exit before the entry, a
    naive instant or a stay longer than `LONGEST_STAY`.
    """
    vehicle = version.vehicle(vehicle_class)
    start, end = _checked(entry, exit_)
    lines: list[Line] = []
    found: list[Charge] = []
    free = vehicle.free_minutes * MINUTE
    if free and (vehicle.free_deducted or end - start <= free):
        lines.append(free_line(vehicle.free_minutes))
    begin = start + free * vehicle.free_deducted
    paid = not free or end - start > free
    if paid:
        found = list(charges(version, vehicle, begin, end))
    lines += charge_lines(vehicle, version.currency, found)
    lines += cap_lines(version.currency, limit_charges(vehicle, version.zone, found))
    total = sum(line.amount for line in lines)
    if paid and total < vehicle.minimum and (found or has_paid_time(version, vehicle, begin, end)):
        lines.append(minimum_line(version.currency, vehicle.minimum, total))
        total = vehicle.minimum
    origins = tuple(dict.fromkeys(map(_origin, found))) or (vehicle.origin,)
    return Price(total, version.currency, tuple(lines), origins, weakest(origins))


def weakest(origins: Iterable[Origin]) -> str:
    """The status that stands latest in `STATUSES`."""
    return max((origin.status for origin in origins), key=STATUSES.index)


def _checked(entry: datetime, exit_: datetime) -> tuple[datetime, datetime]:
    if entry.utcoffset() is None or exit_.utcoffset() is None:
        raise WrongUsage(mark("Entry and exit need a time zone."))
    start, end = entry.astimezone(UTC), exit_.astimezone(UTC)
    if end < start:
        raise WrongUsage(
            mark("The exit %(exit)s is before the entry %(entry)s; give the later time as the exit."),
            entry=entry.isoformat(" ", "minutes"), exit=exit_.isoformat(" ", "minutes"),
        )  # fmt: skip
    if end - start > LONGEST_STAY:
        raise WrongUsage(
            mark("From %(entry)s to %(exit)s is longer than %(days)s days; check the years."),
            entry=entry.isoformat(" ", "minutes"), exit=exit_.isoformat(" ", "minutes"),
            days=LONGEST_STAY.days,
        )  # fmt: skip
    return start, end


def _origin(charge: Charge) -> Origin:
    return charge.step.origin if charge.step else charge.band.origin
