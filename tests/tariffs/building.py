"""Tariff files for tests, and questions to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from parking.tariffs import Price, TariffVersion, load_book, price

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")

#: Every file begins with these lines; the text of the vehicle starts on line FIRST, its table on TABLE.
HEAD = """\
timezone = "{zone}"
{top}
[[tariff]]
code = "test"
version = 1
name = "Test"
valid_from = 2018-01-01
currency = "{currency}"
exit_grace_minutes = 10
quote_minutes = 5
[tariff.vehicles.car]
source = "Council, 1 Jan 2026"
status = "signed"
unrecorded_exit = {{ after_hours = 24, charge = "paid" }}
{restarts}
"""
FIRST = HEAD.count("\n") + 1
TABLE = FIRST - 5

Build = Callable[..., TariffVersion]


def write(
    folder: Path, vehicle: str, zone: str = "Asia/Ho_Chi_Minh", currency: str = "VND", top: str = ""
) -> Path:
    """A tariff file whose one vehicle reads `vehicle`; `restarts` is never unless it says else."""
    restarts = "" if "restarts" in vehicle else 'restarts = "never"'
    head = HEAD.format(zone=zone, currency=currency, top=top, restarts=restarts)
    path = folder / "city.toml"
    path.write_text(f"{head}{vehicle}\n", encoding="utf-8")
    return path


def build(folder: Path, vehicle: str, **settings: str) -> TariffVersion:
    return load_book(write(folder, vehicle, **settings)).version("test", 1)


def ask(version: TariffVersion, entry: str, exit_: str, vehicle: str = "car") -> Price:
    """The price between two local times of the version's zone, checked to add up."""
    start = datetime.fromisoformat(entry).replace(tzinfo=version.zone)
    end = datetime.fromisoformat(exit_).replace(tzinfo=version.zone)
    found = price(version, vehicle, start, end)
    assert sum(line.amount for line in found.lines) == found.amount
    return found


def amount(version: TariffVersion, entry: str, exit_: str, vehicle: str = "car") -> int:
    return ask(version, entry, exit_, vehicle).amount


def said(found: Price, language: str = "en") -> list[str]:
    """The lines of a price, with plain spaces."""
    return [line.say(language).replace("\u00a0", " ") for line in found.lines]
