"""Filing Form 01/TTGD: a period's rows become a table that never changes.

A table is filed once the period is over and no company waits for an invoice of one of its receipts;
what comes up afterwards goes into an amendment. Filing here means: these are the rows we sent. The
table itself is handed in at the tax office's portal, for which no file format is published.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice

from sqlalchemy import and_, insert, or_, select
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.changes import change_due
from parking.receipts.methods import lock
from parking.receipts.service import issue_due
from parking.tax.entries import PAGE, entries, filed_for, invoiced, totals
from parking.tax.models import HANDED_OVER, TaxTable, TaxTableRow
from parking.tax.periods import Period
from payments import audit
from payments.db import table_of
from payments.errors import Conflict, NotFound


def tables_of(tx: Session, operator_id: uuid.UUID, period: Period) -> Sequence[TaxTable]:
    """What was filed for the period, the first table first."""
    query = select(TaxTable).where(filed_for(operator_id, period))
    return tx.scalars(query.order_by(TaxTable.number)).all()


def table_by_number(tx: Session, operator_id: uuid.UUID, period: Period, number: int) -> TaxTable:
    """A filed table; `number` 0 is the first. Raises `NotFound`."""
    found = next((t for t in tables_of(tx, operator_id, period) if t.number == number), None)
    if found is None:
        raise NotFound(
            mark("No table number %(number)s was filed for period %(period)s."),
            number=number,
            period=period,
        )
    return found


def file_table(
    db: sessionmaker[Session], operator: Operator, period: Period, actor: str, now: datetime
) -> TaxTable:
    """File what the period's tables lack: the first table, or the next amendment.

    Receipts and changes that are due are written first. Raises `Conflict` before the period is over,
    while a company waits for an invoice, when months and quarters would overlap, and when there is
    nothing to amend.
    """
    if now < period.span[1]:
        raise Conflict(
            mark("Period %(period)s is not over: its table can be filed from %(day)s on."),
            period=period,
            day=f"{period.after.first:%d/%m/%Y}",
        )
    while issue_due(db, now) or change_due(db, now):
        pass
    with db.begin() as tx:
        lock(tx, operator.id)
        _check(tx, operator, period)
        table = _table(tx, operator, period, actor, now)
        _write_rows(tx, operator, period, table.id)
        name = f"tax_table:{operator.code}:{period}:{table.number}"
        detail: dict[str, object] = {"rows": table.count, "gross": table.gross}
        audit.append(tx, actor, "tax_table.file", name, detail, now)
        return table


def _check(tx: Session, operator: Operator, period: Period) -> None:
    across = and_(TaxTable.starts <= period.last, TaxTable.ends >= period.first)
    other = or_(TaxTable.starts != period.first, TaxTable.ends != period.last)
    mine = TaxTable.operator_id == operator.id
    crossing = tx.scalar(select(TaxTable).where(mine, across, other).limit(1))
    if crossing is not None:
        raise Conflict(
            mark("Period %(period)s overlaps %(other)s, for which a table was filed."),
            period=period,
            other=Period(crossing.starts, crossing.ends),
        )
    if waiting := invoiced(tx, operator, period, "asked"):
        raise Conflict(
            mark(
                "%(count)s companies still wait for an invoice of period %(period)s: hand the "
                "requests to the invoice provider, or decline them, and file then."
            ),
            count=waiting,
            period=period,
        )


def _table(tx: Session, operator: Operator, period: Period, actor: str, now: datetime) -> TaxTable:
    number, sums = len(tables_of(tx, operator.id, period)), totals(tx, operator, period)
    if number and not sums.count:
        raise Conflict(
            mark("Nothing was missing or changed in period %(period)s since its last table."),
            period=period,
        )
    table = TaxTable(
        operator_id=operator.id,
        starts=period.first,
        ends=period.last,
        number=number,
        taxpayer=operator.legal_name,
        tax_code=operator.tax_code,
        count=sums.count,
        net=sums.net,
        vat=sums.vat,
        gross=sums.gross,
        invoiced=invoiced(tx, operator, period, *HANDED_OVER),
        filed_by=actor,
        filed_at=now,
    )
    tx.add(table)
    tx.flush()
    return table


def _write_rows(tx: Session, operator: Operator, period: Period, table_id: uuid.UUID) -> None:
    rows = (
        {"table_id": table_id, "position": position, **asdict(entry)}
        for position, entry in enumerate(entries(tx, operator, period), start=1)
    )
    while page := list(islice(rows, PAGE)):
        tx.connection().execute(insert(table_of(TaxTableRow)), page)
