"""The database: declarative base, UTC instants, time-ordered ids, engines and sessionmakers.

SQLite hazards this file exists for (each was reproduced): the Python driver does not BEGIN before a
SELECT, so read-modify-write loses updates silently; `INSERT OR REPLACE` slips past triggers unless
`recursive_triggers` is on. Writers therefore open with BEGIN IMMEDIATE, and pages that only read use
a second, deferred sessionmaker so that they never queue behind a writer.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Sequence,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

#: Business days are calendar days here (no daylight saving time since 1975).
CITY_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

#: How long a writer waits for another, and anybody for a server, before a request is answered 503.
LOCK_WAIT_SECONDS = 5

#: A pooled connection that rested longer than this is tried before it is used.
RESTED_SECONDS = 2


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored in UTC; naive values are refused on the way in, aware on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class as_stored(FunctionElement[Any]):
    """SQL: the instant in a column as the driver gives it fastest, to be read by `in_utc`: the text
    that SQLite stores, microseconds since 1970 on PostgreSQL. For whoever fetches thousands."""

    inherit_cache = True


@compiles(as_stored)
def _text(element: as_stored, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


@compiles(as_stored, "postgresql")
def _microseconds(element: as_stored, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **more)}) * 1e6 AS BIGINT)"


@lru_cache(maxsize=65_536)
def in_utc(stored: str | int) -> datetime:
    """The instant that `as_stored` gave."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=stored)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table of the house, so that constraints are named alike on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the name and shape are SQLAlchemy's
        datetime: UtcDateTime,
        date: Date,
        int: BigInteger,
        str: String,
        uuid.UUID: Uuid,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7, method 3): milliseconds, then the fraction of the millisecond, then
    random bits. Time-ordered, so that indexes stay small; never used as a secret."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


def id_before(moment: uuid.UUID, span: timedelta) -> uuid.UUID:
    """Smaller than every id that `new_id` made `span` before it made `moment`, or later."""
    milliseconds = (moment.int >> 80) - int(span.total_seconds() * 1000)
    return uuid.UUID(int=max(0, milliseconds) << 80)


def next_number(tx: Session, column: InstrumentedAttribute[Any]) -> int:
    """The next integer of `column` (``payment.number`` has the sequence ``payment_number``). SQLite
    has no sequences; its writers are alone, so a maximum will do."""
    if tx.get_bind().dialect.name == "postgresql":
        numbers = Sequence(f"{column.class_.__tablename__}_{column.key}")
        return int(tx.execute(numbers.next_value()).scalar_one())
    return int(tx.scalar(select(func.coalesce(func.max(column), 0))) or 0) + 1


def business_day(instant: datetime) -> date:
    """The calendar day of `instant` in the city."""
    return instant.astimezone(CITY_ZONE).date()


def _sqlite_engine(url: str, begin: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            # pages of a big transaction would go to disk and come back again and again
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: str) -> Engine:
    """A pool whose connections are tried before use when nobody used them for a while: a server
    that was restarted is noticed, and busy connections do not pay for it."""
    wait = {"connect_timeout": LOCK_WAIT_SECONDS}
    engine = create_engine(url, pool_size=10, connect_args=wait)

    @event.listens_for(engine, "checkin")
    def remember(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def try_out(connection: Any, record: Any, _proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if rested > RESTED_SECONDS and not _answers(engine, connection):
            raise DisconnectionError

    return engine


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False


@dataclass(frozen=True)
class Databases:
    """`write` opens units of work that may change things, `read` only looks, and `ask` is for one
    question: without BEGIN and ROLLBACK around it, which cost as much as the question."""

    write: sessionmaker[Session]
    read: sessionmaker[Session]
    ask: sessionmaker[Session]
    engine: Engine

    def dispose(self) -> None:
        """Close every pooled connection."""
        for maker in (self.write, self.read):
            maker.kw["bind"].dispose()


def connect(url: str) -> Databases:
    """Sessionmakers for `url`: SQLite (a file) or PostgreSQL (``postgresql+psycopg://``)."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, "BEGIN IMMEDIATE")
        readers = askers = _sqlite_engine(url, "BEGIN DEFERRED")
    else:
        engine = readers = _postgresql_engine(url)
        askers = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Databases(
        sessionmaker(engine, expire_on_commit=False),
        sessionmaker(readers, expire_on_commit=False),
        sessionmaker(askers, expire_on_commit=False),
        engine,
    )


def insert_once(tx: Session, row: Base) -> bool:
    """Insert `row` unless a unique key already holds one; True when it was inserted.

    `ON CONFLICT DO NOTHING` instead of catching the error: two racing notices must not spoil the
    transaction of the one that comes second.
    """
    return add_once(tx, type(row), _values(row))


def table_of(kind: type[Base]) -> Table:
    """The table of `kind`, for statements that make no objects."""
    return cast(Table, kind.__table__)


def add_once(tx: Session, kind: type[Base], values: Mapping[str, Any]) -> bool:
    """As `insert_once`, for whoever needs no object: a notice would wait for them."""
    connection = tx.connection()
    statement = _insert_unless_there(kind, connection.dialect.name)
    return connection.execute(statement, values).rowcount == 1


def add_now(tx: Session, kind: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row at once, without the session's unit of work."""
    tx.connection().execute(_insert(kind), values)


def _values(row: Base) -> dict[str, Any]:
    return {
        attribute.key: value
        for attribute in type(row).__mapper__.column_attrs
        if (value := getattr(row, attribute.key)) is not None
    }


@cache
def _insert(kind: type[Base]) -> Insert:
    return insert(table_of(kind))


@cache
def _insert_unless_there(kind: type[Base], dialect: str) -> Insert:
    of_dialect = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # without the option an INSERT's rowcount is -1 on PostgreSQL
    return (
        of_dialect(table_of(kind))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )
