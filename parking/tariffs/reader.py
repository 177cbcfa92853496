"""Checked reading: every value taken from a tariff file is of the right kind or refused by place.

A `Table` knows which of its keys were asked for, so that `done` can refuse a key nobody understands:
a mistyped ``free_minuts`` would otherwise quietly charge people.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from parking.tariffs.errors import InvalidTariff
from parking.tariffs.toml_lines import Path as Place
from parking.tariffs.toml_lines import lines_of
from payments.money import LARGEST

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_MISSING = object()


@dataclass(frozen=True)
class Source:
    """One tariff file: its name for messages, and where in it everything stands."""

    file: str
    lines: Mapping[Place, int]

    def refuse(self, place: Place, reason: str, /, **parts: object) -> InvalidTariff:
        """The complaint about `place`, or about the nearest table around it that is written down."""
        while place not in self.lines:
            place = place[:-1]
        brief = {name: " ".join(str(value).split())[:200] for name, value in parts.items()}
        return InvalidTariff(reason, where=f"{self.file}:{self.lines[place]}", **brief)


@dataclass
class Table:
    """One table of the file. Readers raise `InvalidTariff` with the line of the key."""

    source: Source
    place: Place
    values: Mapping[str, Any]
    _asked: set[str] = field(default_factory=set)

    def refuse(self, key: str | None, reason: str, /, **parts: object) -> InvalidTariff:
        place = self.place if key is None else (*self.place, key)
        return self.source.refuse(place, reason, **parts)

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self.values

    def value(self, key: str, default: Any = _MISSING) -> Any:
        self._asked.add(key)
        if key not in self.values and default is _MISSING:
            raise self.refuse(None, "%(where)s: %(key)s is missing.", key=key)
        return self.values.get(key, default)

    def number(self, key: str, default: Any = _MISSING, least: int = 0, most: int = LARGEST) -> int:
        """A whole number from `least` to `most`; a fraction or a truth value is refused."""
        value = self.value(key, default)
        if type(value) is not int:
            raise self.refuse(
                key, "%(where)s: %(key)s must be a whole number, not %(value)s.",
                key=key, value=value,
            )  # fmt: skip
        if not least <= value <= most:
            raise self.refuse(
                key, "%(where)s: %(key)s must be between %(least)s and %(most)s, not %(value)s.",
                key=key, least=least, most=most, value=value,
            )  # fmt: skip
        return value

    def optional_number(self, key: str, least: int = 0) -> int | None:
        """As `number`, or `None` where the key is absent."""
        return self.number(key, least=least) if self.has(key) else None

    def text(self, key: str, default: Any = _MISSING) -> str:
        value = self.value(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(
                key, "%(where)s: %(key)s must be a text, not %(value)s.", key=key, value=value
            )
        return value

    def choice(self, key: str, choices: Collection[str], default: Any = _MISSING) -> str:
        value = self.value(key, default)
        if value not in choices:
            raise self.refuse(
                key, "%(where)s: %(key)s must be one of %(choices)s, not %(value)s.",
                key=key, choices=", ".join(choices), value=value,
            )  # fmt: skip
        return str(value)

    def choices(
        self, key: str, choices: Collection[str], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """A list of some of `choices`, each at most once and at least one."""
        value = self.value(key, list(default))
        wrong = not isinstance(value, list) or not value or len(set(map(str, value))) < len(value)
        if wrong or any(entry not in choices for entry in value):
            raise self.refuse(
                key, "%(where)s: %(key)s must be a list of some of %(choices)s, not %(value)s.",
                key=key, choices=", ".join(choices), value=value,
            )  # fmt: skip
        return tuple(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.value(key, default)
        if type(value) is not bool:
            raise self.refuse(
                key, "%(where)s: %(key)s must be true or false, not %(value)s.",
                key=key, value=value,
            )  # fmt: skip
        return value

    def day(self, key: str) -> date:
        value = self.value(key)
        if type(value) is not date:
            raise self.refuse(
                key, "%(where)s: %(key)s must be a date such as 2018-01-01, not %(value)s.",
                key=key, value=value,
            )  # fmt: skip
        return value

    def clock(self, key: str) -> int:
        """Minutes after midnight of a time such as ``"18:00"``, up to ``"24:00"``."""
        value = self.value(key)
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            raise self.refuse(
                key, '%(where)s: %(key)s must be a time such as "18:00", not %(value)s.',
                key=key, value=value,
            )  # fmt: skip
        return int(value[:2]) * 60 + int(value[3:])

    def words(self, key: str) -> dict[str, str]:
        """A name: one text for every language, or a table from language to text."""
        value = self.value(key)
        if isinstance(value, dict) and value:
            names = self.table(key)
            return {language: names.text(language) for language in value}
        text = self.text(key)
        return {"vi": text, "en": text}

    def table(self, key: str) -> Table:
        value = self.value(key)
        if not isinstance(value, dict):
            raise self.refuse(key, "%(where)s: %(key)s must be a table.", key=key)
        return Table(self.source, (*self.place, key), value)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array; nothing where the key is absent."""
        value = self.value(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.refuse(key, "%(where)s: %(key)s must be a list of tables.", key=key)
        for number, entry in enumerate(value):
            yield Table(self.source, (*self.place, key, number), entry)

    def done(self) -> None:
        """Refuses the first key that nobody asked for."""
        for key in self.values:
            if key not in self._asked:
                raise self.refuse(
                    key, "%(where)s: nobody knows the key %(key)s here; known are %(choices)s.",
                    key=key, choices=", ".join(sorted(self._asked)),
                )  # fmt: skip


def open_table(path: Path) -> Table:
    """The whole file `path` as one table.

    Raises `InvalidTariff` where it cannot be read or is not TOML.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise InvalidTariff(
            "%(where)s: this file cannot be read (%(reason)s).",
            where=f"{path}:1", reason=error.strerror or str(error),
        ) from error  # fmt: skip
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidTariff(
            "%(where)s: this is not UTF-8 text; save the file as UTF-8.", where=f"{path}:{line}"
        ) from error
    # TOML counts both ways of ending a line as one; a lone carriage return is refused by tomllib.
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, text, str(error)) from error
    return Table(Source(str(path), lines_of(text)), (), values)


def _not_toml(path: Path, text: str, reason: str) -> InvalidTariff:
    found = re.search(r" \(at line (\d+), column \d+\)", reason)
    line = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
    said = reason[: found.start()] if found else reason
    return InvalidTariff(
        "%(where)s: this is not TOML: %(reason)s.", where=f"{path}:{line}", reason=said
    )
