"""What one look at an account-day still has to do, gathered once in temporary tables.

A day of the city has hundreds of thousands of lines, and all but a few thousand are matched in the
first pass. Each later question is asked about those few only, instead of finding them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Date,
    MetaData,
    String,
    Table,
    Uuid,
    literal_column,
    select,
    union,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable

from payments.bulk import take_stock
from payments.db import UtcDateTime
from payments.models import Movement
from payments.provider import LineKind
from reconciliation.models import BANK, SETTLEMENT, Assignment, StatementLine
from reconciliation.sides import (
    Rows,
    Scope,
    counterpart_kind,
    line_matched,
    line_settled,
    lines_in_scope,
    movement_matched,
    movements_in_scope,
)

_tables = MetaData()


def _listing(name: str, *more: Column[Any]) -> Table:
    own = Column("id", Uuid, nullable=False)
    return Table(name, _tables, own, *more, prefixes=["TEMPORARY"])


#: Lines in scope, of both legs, that were neither matched nor settled by a person when the look
#: began; `wanted` is the kind of movement a settlement line speaks of.
NEW_LINES = _listing(
    "new_line",
    Column("leg", String),
    Column("kind", String),
    Column("wanted", String),
    Column("line_ref", String),
    Column("occurrence", BigInteger),
    Column("order_code", String),
    Column("rail_ref", String),
    Column("event_at", UtcDateTime),
    Column("book_day", Date),
    Column("gross", BigInteger),
    Column("fee", BigInteger),
    Column("currency", String),
)
#: The pairs that this look has made, by which rule. Of those of the settlement leg also what the line
#: says of the provider's fee, and whose money on which day it was.
PAIRS = Table(
    "new_pair",
    _tables,
    Column("leg", String),
    Column("rule", String),
    Column("line_id", Uuid),
    Column("movement_id", Uuid),
    Column("payout_id", Uuid),
    Column("line_ref", String),
    Column("occurrence", BigInteger),
    Column("fee", BigInteger),
    Column("currency", String),
    Column("event_at", UtcDateTime),
    Column("book_day", Date),
    Column("payment_id", Uuid),
    Column("moved_on", Date),
    prefixes=["TEMPORARY"],
)
#: Settlement lines but for payouts, and movements, that nothing is matched with after the passes.
LOOSE_LINES, LOOSE_MOVEMENTS = _listing("loose_line"), _listing("loose_movement")

#: Rail references that several of the new lines, or several of our movements, have.
REPEATED = Table(
    "repeated_reference",
    _tables,
    Column("rail_ref", String, primary_key=True),
    prefixes=["TEMPORARY"],
)


@contextmanager
def worklists(tx: Session) -> Iterator[None]:
    """The tables exist, empty, until the block ends. An error in it must end the transaction, which
    takes them with it."""
    connection = tx.connection()
    if connection.dialect.name == "postgresql":
        # compiling a query takes longer than most of them; sorts of a whole city stay in memory
        connection.exec_driver_sql("SET LOCAL jit = off")
        connection.exec_driver_sql("SET LOCAL work_mem = '64MB'")
    for table in _tables.sorted_tables:
        connection.execute(CreateTable(table))
    yield
    for table in _tables.sorted_tables:
        connection.execute(DropTable(table))


def list_new_lines(tx: Session, scope: Scope) -> None:
    """Fill `NEW_LINES`, with the lines of both legs, and `REPEATED`."""
    _fill(tx, NEW_LINES, *(lines_in_scope(scope, leg, _new(leg)) for leg in (SETTLEMENT, BANK)))
    _fill(tx, REPEATED, _repeated(scope))


def _new(leg: str) -> Rows:
    told: Rows = select(
        StatementLine.id,
        StatementLine.leg,
        StatementLine.kind,
        counterpart_kind(),
        StatementLine.line_ref,
        StatementLine.occurrence,
        StatementLine.order_code,
        StatementLine.rail_ref,
        StatementLine.event_at,
        StatementLine.book_day,
        StatementLine.gross,
        StatementLine.fee,
        StatementLine.currency,
    )
    return told.where(~line_matched(leg), ~line_settled(leg))


def _repeated(scope: Scope) -> CompoundSelect[str | None]:
    line = NEW_LINES.c
    of_lines = (
        select(line.rail_ref)
        .where(line.leg == SETTLEMENT, line.rail_ref.is_not(None))
        .group_by(line.rail_ref)
        .having(sql.count() > 1)
    )
    # the first of several movements has the occurrence 1, each further one a higher number
    of_movements = select(Movement.rail_ref).where(
        Movement.account_id == scope.account_id, Movement.occurrence > 1
    )
    return union(of_lines, of_movements)


def list_loose_ones(tx: Session, scope: Scope) -> None:
    """Fill `LOOSE_LINES` and `LOOSE_MOVEMENTS`."""
    line = NEW_LINES.c
    matched = select(Assignment.id).where(
        Assignment.leg == SETTLEMENT, Assignment.line_id == line.id
    )
    loose = line.leg == SETTLEMENT, line.kind != LineKind.PAYOUT.value, ~matched.exists()
    _fill(tx, LOOSE_LINES, select(line.id).where(*loose))
    movements: Rows = select(Movement.id).where(~movement_matched())
    _fill(tx, LOOSE_MOVEMENTS, movements_in_scope(scope, SETTLEMENT, movements))


def _fill(tx: Session, table: Table, *found: Rows | CompoundSelect[Any]) -> None:
    for rows in found:
        tx.connection().execute(table.insert().from_select(list(table.c), rows))
    take_stock(tx, table.name)


def numbered(tx: Session, table: Table) -> ColumnElement[int]:
    """SQL: a number of its own for each row of `table`, from 1 on. SQLite has one already, and counts
    only by writing all rows down once more."""
    if tx.get_bind().dialect.name == "sqlite":
        return literal_column(f"{table.name}.rowid", BigInteger)
    return sql.row_number().over()
