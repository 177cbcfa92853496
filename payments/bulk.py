"""Hundreds of thousands of rows at once: ids that the database can count, and rows that go straight
to the driver.

Objects and statements per row cost about ten times what the database itself takes. Rows made of
other rows are written by `INSERT … SELECT`; what is here serves those that come from outside.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count, islice, repeat
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    String,
    Uuid,
    cast,
    literal,
    type_coerce,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments.db import Base, UtcDateTime, new_id, table_of

#: What PostgreSQL's binary COPY calls the types of our columns.
_BINARY = {
    Boolean: "bool",
    BigInteger: "int8",
    String: "text",
    Uuid: "uuid",
    Date: "date",
    UtcDateTime: "timestamptz",
}

_Value = TypeVar("_Value", str, uuid.UUID)

#: From so many new rows on it is worth to `take_stock`.
MANY = 20_000

#: Values that one query names; SQLite allows 32,766 parameters.
_NAMED = 5_000

#: Rows that are turned into texts together.
_TOGETHER = 1_000

#: Ids of one run.
_MOST = 1 << 32


class Ids:
    """A run of ids made at one moment: UUIDv7 whose lowest 32 bits count (RFC 9562 §6.2, method 1).
    The database numbers rows with them by itself, and finds the rows of a run by their range."""

    def __init__(self) -> None:
        self._first = new_id().int // _MOST * _MOST

    def __iter__(self) -> Iterator[uuid.UUID]:
        return (uuid.UUID(int=number) for number in count(self._first))

    def given(self, tx: Session) -> Iterator[uuid.UUID | str]:
        """As the driver of `tx` takes them, for `add_many`."""
        if tx.get_bind().dialect.name == "postgresql":
            return iter(self)
        start = f"{self._first // _MOST:024x}"
        return (f"{start}{number:08x}" for number in count())

    def at(self, tx: Session, number: ColumnElement[int]) -> ColumnElement[uuid.UUID]:
        """SQL: the id with this `number`, 0 <= number < 2³²."""
        start = f"{self._first // _MOST:024x}"
        if tx.get_bind().dialect.name == "postgresql":
            return cast(sql.concat(start, sql.lpad(sql.to_hex(number), 8, "0")), Uuid)
        return sql.printf(f"{start}%08x", number, type_=Uuid)

    def like(self, tx: Session, other: ColumnElement[uuid.UUID]) -> ColumnElement[uuid.UUID]:
        """SQL: the id with the number of `other`, which is one of another run."""
        start = f"{self._first // _MOST:024x}"
        if tx.get_bind().dialect.name == "postgresql":
            return cast(sql.concat(start, sql.right(cast(other, String), 8)), Uuid)
        return type_coerce(literal(start) + sql.substr(other, 25), Uuid)

    def made(self, column: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
        """SQL: `column` holds an id of this run."""
        last = self._first + _MOST - 1
        return column.between(uuid.UUID(int=self._first), uuid.UUID(int=last))


def add_many(
    tx: Session,
    kind: type[Base],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    fixed: Mapping[str, Any] | None = None,
    ids: Iterator[uuid.UUID | str] | None = None,
) -> None:
    """Insert `rows`, the values of the columns `names` in their order, in the transaction of `tx`; the
    values of the columns in `fixed` are the same in each. With `ids` (`Ids.given`) each row is given
    the next of them.

    The database's own defaults apply to columns that are not named, those of `kind` do not. Rows
    that these refer to must be flushed. Raises the driver's own errors.
    """
    connection, same = tx.connection(), fixed or {}
    if ids is not None:
        names = (*names, "id")
    columns = [table_of(kind).c[name] for name in (*same, *names)]
    into = f'"{kind.__tablename__}" ({", ".join(column.name for column in columns)})'
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types([_BINARY[type(column.type)] for column in columns])
            always = tuple(same.values())
            for row in rows if ids is None else map(_with_id, rows, ids):
                copy.write_row((*always, *row))
        return
    places = ", ".join("?" * len(columns))
    stored = _stored([type(column.type) for column in columns], tuple(same.values()), rows, ids)
    driver.executemany(f"INSERT INTO {into} VALUES ({places})", stored)


def _with_id(row: Sequence[Any], key: uuid.UUID | str) -> Sequence[Any]:
    return (*row, key)


def _instant(value: datetime | None) -> str | None:
    """As `UtcDateTime` is stored; the offset that UTC ends in is cut off."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:-6]


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _hex(value: uuid.UUID | None) -> str | None:
    return None if value is None else value.hex


#: How SQLAlchemy hands values to a driver that knows only texts and numbers, in a quarter of the time.
_TEXTS: Mapping[type, Callable[[Any], object]] = {Uuid: _hex, Date: _day, UtcDateTime: _instant}


def _stored(
    types: Sequence[type],
    same: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    ids: Iterator[uuid.UUID | str] | None,
) -> Iterator[Sequence[Any]]:
    """The rows as texts and numbers, turned column by column."""
    changes, waiting = [_TEXTS.get(of) for of in types], iter(rows)
    always = [
        repeat(change(value) if change else value)
        for change, value in zip(changes, same, strict=False)
    ]
    while some := list(islice(waiting, _TOGETHER)):
        told = zip(changes[len(same) :], zip(*some, strict=True), strict=False)
        turned = [map(change, column) if change else column for change, column in told]
        yield from zip(*always, *turned, *([ids] if ids else []), strict=False)


def in_chunks(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """`values`, each once and in order, as many at a time as one query may name."""
    ordered = sorted(set(values))
    return (ordered[start : start + _NAMED] for start in range(0, len(ordered), _NAMED))


def take_stock(tx: Session, table: str) -> None:
    """Tell the database's planner how many rows `table` has by now. After a night's load it knows
    nothing of them, and joins what it takes for a few rows row by row."""
    connection = tx.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
    connection.exec_driver_sql(f'ANALYZE "{table}"')
