"""Small dated tables in TOML: a row holds from its day until the next row begins.

Rows cannot overlap or leave a gap, because only their first days are written. Everything else that
could be wrong — an unknown or missing column, a wrong type, two rows from one day — stops the reading
with the file, the row and the reason: a tax rate is nothing to guess at.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Protocol, TypeVar

from payments.errors import NotFound, WrongUsage


class Dated(Protocol):
    """A row of a dated table."""

    @property
    def valid_from(self) -> date: ...


RowT = TypeVar("RowT", bound=Dated)


class InvalidTable(WrongUsage):
    """A dated table cannot be used as it is written."""


def read_table(
    file: Traversable, columns: Mapping[str, type], make: Callable[..., RowT]
) -> tuple[RowT, ...]:
    """The `[[rate]]` tables of `file`, each made by `make`, in order of their first day.

    `columns` names every column with its exact TOML type; all are required. Raises `InvalidTable`.
    """
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidTable("%(file)s: %(reason)s.", file=file.name, reason=error) from error
    raw = content.get("rate")
    if set(content) != {"rate"} or not isinstance(raw, list) or not raw:
        raise InvalidTable("%(file)s: only [[rate]] tables are known.", file=file.name)
    for number, row in enumerate(raw, 1):
        _check(file.name, number, row, columns)
    rows = tuple(make(**row) for row in raw)
    _check_order(file.name, rows)
    return rows


def in_force(rows: Sequence[RowT], day: date) -> RowT:
    """The row that holds on `day`. Raises `NotFound` for a day before the first row."""
    held = [row for row in rows if row.valid_from <= day]
    if not held:
        raise NotFound(
            "No rate is known for %(day)s: the table begins on %(first)s.",
            day=day.isoformat(), first=rows[0].valid_from.isoformat(),
        )  # fmt: skip
    return held[-1]


def _check(file: str, number: int, row: object, columns: Mapping[str, type]) -> None:
    if not isinstance(row, dict):
        raise InvalidTable("%(file)s: only [[rate]] tables are known.", file=file)
    for column in sorted(set(columns) ^ set(row)):
        raise InvalidTable(
            "%(file)s, rate %(number)s: a key is missing or unknown: %(column)s. Known: %(known)s.",
            file=file, number=number, column=column, known=", ".join(columns),
        )  # fmt: skip
    for column, kind in columns.items():
        # exact type: a TOML boolean is an int to Python, a TOML datetime is a date
        if type(row[column]) is not kind or (kind is int and row[column] <= 0):
            raise InvalidTable(
                "%(file)s, rate %(number)s: %(column)s cannot be %(value)s.",
                file=file, number=number, column=column, value=row[column],
            )  # fmt: skip


def _check_order(file: str, rows: Iterable[Dated]) -> None:
    for earlier, later in pairwise(rows):
        if earlier.valid_from >= later.valid_from:
            raise InvalidTable(
                "%(file)s: two rates overlap or stand out of order at %(day)s.",
                file=file, day=later.valid_from.isoformat(),
            )  # fmt: skip
