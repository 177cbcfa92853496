"""Where a turn ends, when the next one falls due, and when a band last ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parking.tariffs.charges import charges
from parking.tariffs.days import MINUTE, instant, segments
from parking.tariffs.model import DAY, TariffVersion, VehicleTariff

#: No band and no renewal is longer; what holds beyond it is paid for good.
AHEAD = 2 * DAY


@dataclass(frozen=True, slots=True)
class Turn:
    """The last turn that fell due: when it stops holding, and from when on another one is owed. They
    differ by the tolerance of a tariff, within which a vehicle may still leave."""

    ends: datetime
    next_due: datetime


def last_turn(
    version: TariffVersion, vehicle_class: str, entry: datetime, moment: datetime
) -> Turn | None:
    """The last turn that a stay from `entry` owed at `moment`.

    None when it owed none by then, and when it pays for good because the price holds all day and is
    never renewed. Raises `NotFound` for a vehicle class without price.
    """
    vehicle = version.vehicle(vehicle_class)
    begin, until = entry.astimezone(UTC), moment.astimezone(UTC)
    if vehicle.free_deducted:
        begin += vehicle.free_minutes * MINUTE
    owed = [c for c in charges(version, vehicle, begin, until) if c.step is None]
    if not owed:
        return None
    following = list(charges(version, vehicle, begin, until + AHEAD))[len(owed) :]
    band_end = _band_end(version, vehicle, owed[-1].at)
    next_due = following[0].at + tolerance(vehicle) if following else band_end
    if next_due is None:
        return None
    return Turn(min(band_end or next_due, next_due), next_due)


def _band_end(version: TariffVersion, vehicle: VehicleTariff, at: datetime) -> datetime | None:
    if len(vehicle.bands) == 1:
        return None
    return segments(vehicle, version.zone, version.holidays, at, at + AHEAD)[0].end


def tolerance(vehicle: VehicleTariff) -> timedelta:
    """How long a stay may reach into the next band before that one is owed too."""
    return (vehicle.straddle_minutes or 0) * MINUTE


def last_border(version: TariffVersion, vehicle: VehicleTariff, now: datetime) -> datetime | None:
    """The latest moment at or before `now` at which a turn can have ended: one band gave way to
    another, or it was renewed. None when one turn pays for good."""
    if len(vehicle.bands) == 1:
        return None if vehicle.restarts == "never" else now - DAY
    today = now.astimezone(version.zone).date()
    borders = (
        instant(version.zone, day, band.start)
        for day in (today - DAY, today)
        for band in vehicle.bands
    )
    return max(border for border in borders if border <= now)
