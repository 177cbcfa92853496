"""From the tables of a tariff file to tariff versions; everything doubtful is refused by place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from parking.tariffs.model import (
    Band,
    Caps,
    Holiday,
    NightCap,
    TariffVersion,
    UnrecordedExit,
    VehicleTariff,
)
from parking.tariffs.monthly import read_monthly, read_pass_day
from parking.tariffs.plans import day_plans
from parking.tariffs.reader import Table
from parking.tariffs.reading import ORDINARY, read_bands, read_origin
from payments.money import EXPONENTS

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VEHICLE_CLASS = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

#: What a stay may pay that passes from one band into another, by what the bands charge.
CROSSINGS = {
    "ladder": ("block", "entry", "split"),
    "turn": ("entry", "both", "dearest", "combined", "split"),
    "mixed": ("split",),
}


def read_version(table: Table, zone: ZoneInfo, holidays: Mapping[date, Holiday]) -> TariffVersion:
    """One ``[[tariff]]``."""
    code = table.text("code")
    if not CODE.fullmatch(code):
        raise table.refuse(
            "code", "%(where)s: code must be small letters, digits and hyphens, not %(value)s.",
            value=code,
        )  # fmt: skip
    version = TariffVersion(
        code=code,
        number=table.number("version", least=1),
        names=table.words("name"),
        valid_from=table.day("valid_from"),
        currency=table.choice("currency", EXPONENTS),
        exit_grace_minutes=table.number("exit_grace_minutes", most=24 * 60),
        quote_minutes=table.number("quote_minutes", least=1, most=24 * 60),
        zone=zone,
        holidays=holidays,
        vehicles=_vehicles(table.table("vehicles"), holidays),
        fingerprint=_fingerprint(table, zone, holidays),
    )
    table.done()
    return version


def _fingerprint(table: Table, zone: ZoneInfo, holidays: Mapping[date, Holiday]) -> str:
    days = sorted((str(day), holiday.kind) for day, holiday in holidays.items())
    written = json.dumps([table.values, str(zone), days], default=str, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _vehicles(table: Table, holidays: Mapping[date, Holiday]) -> dict[str, VehicleTariff]:
    if not table.values:
        raise table.refuse(None, "%(where)s: a tariff needs at least one vehicle class.")
    day_types = dict.fromkeys(ORDINARY)
    if holidays:
        day_types |= dict.fromkeys(["holiday", *(holiday.kind for holiday in holidays.values())])
    vehicles = {}
    for key in table.values:
        if not VEHICLE_CLASS.fullmatch(key):
            raise table.refuse(
                key, "%(where)s: %(value)s is not a vehicle class: use small letters such as car.",
                value=key,
            )  # fmt: skip
        vehicles[key] = _vehicle(table.table(key), tuple(day_types))
    return vehicles


def _vehicle(table: Table, day_types: tuple[str, ...]) -> VehicleTariff:
    origin = read_origin(table)
    bands = read_bands(table, origin, day_types)
    crossing = _crossing(table, bands)
    vehicle = VehicleTariff(
        bands=bands,
        plans=day_plans(table, bands),
        crossing=crossing,
        straddle_minutes=_straddle(table, bands, crossing),
        combined=_combined(table, bands, crossing),
        restarts=table.choice("restarts", ("never", "24h", "calendar_day")),
        rounding=_rounding(table, bands),
        free_minutes=table.number("free_minutes", 0, most=24 * 60),
        free_deducted=table.choice("free_rule", ("threshold", "deducted"), "threshold")
        == "deducted",
        minimum=table.number("minimum", 0),
        caps=_caps(table),
        lost_card_fee=table.number("lost_card_fee", 0),
        unrecorded_exit=_unrecorded_exit(table),
        refund_unused=table.flag("refund_unused", default=False),
        monthly=read_monthly(table, origin),
        pass_day=read_pass_day(table, bands),
        origin=origin,
    )
    _minimum_fits(table, vehicle)
    table.done()
    return vehicle


def _crossing(table: Table, bands: tuple[Band, ...]) -> str:
    kinds = {band.kind for band in bands} & {"ladder", "turn"}
    choices = CROSSINGS["mixed" if len(kinds) == 2 else next(iter(kinds), "ladder")]
    if len(bands) == 1:
        return table.choice("crossing", choices, choices[0])
    return table.choice("crossing", choices)


def _straddle(table: Table, bands: tuple[Band, ...], crossing: str) -> int | None:
    straddle = table.optional_number("straddle_minutes")
    if straddle is not None and (crossing == "both" or all(b.kind != "turn" for b in bands)):
        raise table.refuse(
            "straddle_minutes",
            "%(where)s: straddle_minutes is for prices per turn whose crossing is not both.",
        )
    return straddle


def _combined(table: Table, bands: tuple[Band, ...], crossing: str) -> int:
    if crossing == "combined":
        return table.number("combined_price", least=max(band.turn for band in bands))
    return 0


def _rounding(table: Table, bands: tuple[Band, ...]) -> str:
    rounding = table.choice("rounding", ("up", "down", "nearest"), "up")
    bracketed = any(step.reach is not None for band in bands for step in band.ladder.steps)
    if bracketed and rounding != "up":
        raise table.refuse("rounding", "%(where)s: brackets are always rounded up.")
    return rounding


def _caps(table: Table) -> Caps:
    if not table.has("caps"):
        return Caps()
    caps = table.table("caps")
    night = None
    if caps.has("night"):
        hours = caps.table("night")
        night = NightCap(hours.clock("from"), hours.clock("to"), hours.number("amount"))
        hours.done()
    found = Caps(
        stay=caps.optional_number("stay"),
        calendar_day=caps.optional_number("calendar_day"),
        rolling_24h=caps.optional_number("rolling_24h"),
        rolling_week=caps.optional_number("rolling_week"),
        night=night,
    )
    caps.done()
    return found


def _minimum_fits(table: Table, vehicle: VehicleTariff) -> None:
    """A minimum above a cap would break the cap."""
    caps = vehicle.caps
    limits = [caps.stay, caps.calendar_day, caps.rolling_24h, caps.rolling_week]
    limits += [caps.night.amount if caps.night else None]
    limits += [step.cap for band in vehicle.bands for step in band.ladder.steps]
    least = min((limit for limit in limits if limit is not None), default=vehicle.minimum)
    if vehicle.minimum > least:
        raise table.refuse(
            "minimum", "%(where)s: the minimum %(value)s is above the cap %(limit)s.",
            value=vehicle.minimum, limit=least,
        )  # fmt: skip


def _unrecorded_exit(table: Table) -> UnrecordedExit:
    rule = table.table("unrecorded_exit")
    charge = rule.choice("charge", ("paid", "last_seen", "limit"))
    found = UnrecordedExit(rule.number("after_hours", least=1, most=24 * 366), charge)
    rule.done()
    return found
