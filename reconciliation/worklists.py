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
    CompoundSelect,
    MetaData,
    String,
    Table,
    Uuid,
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
    Column("gross", BigInteger),
    Column("fee", BigInteger),
    Column("currency", String),
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
    for leg in (SETTLEMENT, BANK):
        todo = lines_in_scope(scope, leg)
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
            StatementLine.gross,
            StatementLine.fee,
            StatementLine.currency,
        )
        lines = told.join(todo, todo.c[0] == StatementLine.id)
        _fill(tx, NEW_LINES, lines.where(~line_matched(leg), ~line_settled(leg)))
    _fill(tx, REPEATED, _repeated(scope))


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
    todo = movements_in_scope(scope, SETTLEMENT)
    movements: Rows = select(Movement.id).join(todo, todo.c[0] == Movement.id)
    _fill(tx, LOOSE_MOVEMENTS, movements.where(~movement_matched()))


def _fill(tx: Session, table: Table, found: Rows | CompoundSelect[Any]) -> None:
    tx.connection().execute(table.insert().from_select(list(table.c), found))
    take_stock(tx, table.name)
