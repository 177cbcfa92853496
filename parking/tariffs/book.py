"""The tariff book: every version of every tariff of one file, and which is in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from parking.tariffs.model import Holiday, TariffVersion
from parking.tariffs.reader import Table, open_table
from parking.tariffs.reading import read_origin
from parking.tariffs.versions import read_version
from payments.errors import NotFound


@dataclass(frozen=True, slots=True)
class TariffBook:
    """`versions` per code, the oldest first; `zone` is the local time of bands and days."""

    zone: ZoneInfo
    versions: Mapping[str, tuple[TariffVersion, ...]]
    holidays: Mapping[date, Holiday]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.versions)

    @property
    def longest_grace(self) -> timedelta:
        """No payment covers a stay for longer than this."""
        versions = (version for found in self.versions.values() for version in found)
        return timedelta(minutes=max(version.exit_grace_minutes for version in versions))

    def in_force(self, code: str, day: date) -> TariffVersion:
        """The version that prices a stay entered on `day` (local). Raises `NotFound`."""
        found = [version for version in self._of(code) if version.valid_from <= day]
        if not found:
            first = self._of(code)[0].valid_from
            raise NotFound(
                "Tariff %(tariff)s begins on %(first)s; there is no price for %(day)s.",
                tariff=code, first=first.isoformat(), day=day.isoformat(),
            )  # fmt: skip
        return found[-1]

    def version(self, code: str, number: int) -> TariffVersion:
        """The version that a session remembers. Raises `NotFound`."""
        for version in self._of(code):
            if version.number == number:
                return version
        raise NotFound(
            "Tariff %(tariff)s has no version %(number)s; it has %(choices)s.",
            tariff=code, number=number,
            choices=", ".join(str(version.number) for version in self._of(code)),
        )  # fmt: skip

    def _of(self, code: str) -> tuple[TariffVersion, ...]:
        if code not in self.versions:
            raise NotFound(
                "There is no tariff %(tariff)s; there are %(choices)s.",
                tariff=code, choices=", ".join(self.versions),
            )  # fmt: skip
        return self.versions[code]


def load_book(path: str | Path | None = None) -> TariffBook:
    """The book of the tariff file at `path`, or Hanoi's, which is read once.

    Raises `InvalidTariff` with file, line and reason for a file that cannot be charged by.
    """
    return _packaged() if path is None else _read(Path(path))


@cache
def _packaged() -> TariffBook:
    with resources.as_file(resources.files("parking.tariffs")) as folder:
        return _read(folder / "hanoi.toml")


def _read(path: Path) -> TariffBook:
    table = open_table(path)
    zone = _zone(table)
    holidays = _holidays(table, path)
    versions: dict[str, tuple[TariffVersion, ...]] = {}
    for entry in table.tables("tariff"):
        version = read_version(entry, zone, holidays)
        _follows(entry, version, versions.get(version.code, ()))
        versions[version.code] = (*versions.get(version.code, ()), version)
    table.done()
    if not versions:
        raise table.refuse(None, "%(where)s: there is no [[tariff]] in this file.")
    return TariffBook(zone, versions, holidays)


def _follows(table: Table, version: TariffVersion, earlier: Iterable[TariffVersion]) -> None:
    for other in earlier:
        if version.number <= other.number or version.valid_from <= other.valid_from:
            raise table.refuse(
                "version" if version.number <= other.number else "valid_from",
                "%(where)s: version %(number)s of %(tariff)s must have a higher number and a later "
                "valid_from than version %(other)s.",
                number=version.number, tariff=version.code, other=other.number,
            )  # fmt: skip


def _zone(table: Table) -> ZoneInfo:
    name = table.text("timezone")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise table.refuse(
            "timezone",
            "%(where)s: %(value)s is not a time zone such as Asia/Ho_Chi_Minh.",
            value=name,
        ) from error


def _holidays(table: Table, path: Path) -> dict[date, Holiday]:
    """The holidays of the file named by ``holidays``, beside the tariff file."""
    if not table.has("holidays"):
        return {}
    calendar = open_table(path.parent / table.text("holidays"))
    found: dict[date, Holiday] = {}
    for entry in calendar.tables("holiday"):
        holiday = Holiday(
            entry.day("date"),
            entry.words("name"),
            entry.text("kind", "holiday"),
            read_origin(entry),
        )
        entry.done()
        if holiday.day in found:
            raise entry.refuse(
                "date", "%(where)s: %(day)s is listed twice.", day=holiday.day.isoformat()
            )
        found[holiday.day] = holiday
    calendar.done()
    return found
