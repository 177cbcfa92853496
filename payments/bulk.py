"""Hundreds of thousands of rows at once: ids that the database can count, and rows that go straight
to the driver.

Objects and statements per row cost about ten times what the database itself takes. Rows made of
other rows are written by `INSERT … SELECT`; what is here serves those that come from outside.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    String,
    Uuid,
    cast,
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

#: From so many new rows on it is worth to `take_stock`.
MANY = 20_000

#: Ids of one run.
_MOST = 1 << 32


class Ids:
    """A run of ids made at one moment: UUIDv7 whose lowest 32 bits count (RFC 9562 §6.2, method 1).
    The database numbers rows with them by itself, and finds the rows of a run by their range."""

    def __init__(self) -> None:
        self._first = new_id().int // _MOST * _MOST

    def __iter__(self) -> Iterator[uuid.UUID]:
        return (uuid.UUID(int=number) for number in count(self._first))

    def at(self, tx: Session, number: ColumnElement[int]) -> ColumnElement[uuid.UUID]:
        """SQL: the id with this `number`, 0 <= number < 2³²."""
        start = f"{self._first // _MOST:024x}"
        if tx.get_bind().dialect.name == "postgresql":
            return cast(sql.concat(start, sql.lpad(sql.to_hex(number), 8, "0")), Uuid)
        return sql.printf(f"{start}%08x", number, type_=Uuid)

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
) -> None:
    """Insert `rows`, the values of the columns `names` in their order, in the transaction of `tx`; the
    values of the columns in `fixed` are the same in each.

    The database's own defaults apply to columns that are not named, those of `kind` do not. Rows
    that these refer to must be flushed. Raises the driver's own errors.
    """
    connection, same = tx.connection(), fixed or {}
    names = (*same, *names)
    columns = [table_of(kind).c[name] for name in names]
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        into = f'COPY "{kind.__tablename__}" ({", ".join(names)}) FROM STDIN (FORMAT BINARY)'
        with driver.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types([_BINARY[type(column.type)] for column in columns])
            always = tuple(same.values())
            for row in rows:
                copy.write_row((*always, *row))
        return
    into = f'INSERT INTO "{kind.__tablename__}" ({", ".join(names)})'
    places = ", ".join("?" * len(names))
    kinds = [_TEXTS.get(type(column.type)) for column in columns]
    driver.executemany(f"{into} VALUES ({places})", _stored(kinds, tuple(same.values()), rows))


def _instant(value: datetime) -> str:
    """As `UtcDateTime` is stored; the offset that UTC ends in is cut off."""
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:-6]


#: How SQLAlchemy hands values to a driver that knows only texts and numbers, in a quarter of the time.
_TEXTS: Mapping[type, Callable[[Any], object]] = {
    Uuid: attrgetter("hex"),
    Date: date.isoformat,
    UtcDateTime: _instant,
}


def _stored(
    kinds: Sequence[Callable[[Any], object] | None],
    same: Sequence[Any],
    rows: Iterable[Sequence[Any]],
) -> Iterator[Sequence[Any]]:
    always = tuple(
        change(value) if change else value for change, value in zip(kinds, same, strict=False)
    )
    changes = [(place, kind) for place, kind in enumerate(kinds[len(same) :]) if kind]
    for row in rows:
        stored = list(row)
        for place, change in changes:
            if stored[place] is not None:
                stored[place] = change(stored[place])
        yield (*always, *stored)


def take_stock(tx: Session, table: str) -> None:
    """Tell the database's planner how many rows `table` has by now. After a night's load it knows
    nothing of them, and joins what it takes for a few rows row by row."""
    connection = tx.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
    connection.exec_driver_sql(f'ANALYZE "{table}"')
