"""What belongs into a period's table and is in none yet, as one query.

Three kinds: *sales*, receipts whose tax point lies in the period (Decree 254/2026: the end of the
service, or the payment if that came first; cash and monthly passes like any other); *changes* of
receipts that happened in it, as negative (seldom positive) adjustments; and *withdrawals* of what this
period's tables reported before an invoice stood for it. A receipt with an invoice that a company asked
for is left out, and so are its changes: the invoice itself is adjusted then.

So the first table holds everything, and an amendment (Circular 91/2026, Art. 10(2)) just what was
missing or changed since, because whatever a table reported does not come up again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Uuid,
    and_,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from parking.lots.models import Operator
from parking.receipts.models import Receipt, ReceiptChange
from parking.receipts.service import number_text
from parking.tax.models import HANDED_OVER, CompanyInvoice, TaxTable, TaxTableRow
from parking.tax.periods import Period
from payments.models import Payment
from reconciliation.sides import Rows

#: Rows held in memory at once.
PAGE = 1000
CURRENCY = "VND"
Id = InstrumentedAttribute[uuid.UUID] | InstrumentedAttribute[uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a table before it is in one; fields as in `TaxTableRow`."""

    kind: str
    receipt_id: uuid.UUID
    change_id: uuid.UUID | None
    code: str
    document: str
    at: datetime
    product: str
    basis_points: int
    net: int
    vat: int
    gross: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over rows, in dong."""

    count: int = 0
    net: int = 0
    vat: int = 0
    gross: int = 0


def entries(
    tx: Session, operator: Operator, period: Period, until: datetime | None = None
) -> Iterator[Entry]:
    """The rows by time, read as they are used: a month of a city is never in memory. `until`: what was
    written down later is left out, so that rows read again are the same."""
    told = _told(operator.id, period, until)
    query = (
        select(told, Payment.code, Payment.product, Receipt)
        .join(Receipt, Receipt.id == told.c.receipt_id)
        .join(Payment, Payment.id == Receipt.payment_id)
        .order_by(told.c.at, Receipt.number, told.c.kind.desc(), told.c.change_id.nulls_first())
        .execution_options(yield_per=PAGE)
    )
    for row in tx.execute(query):
        yield Entry(
            kind=row.kind,
            receipt_id=row.receipt_id,
            change_id=row.change_id,
            code=row.code,
            document=number_text(operator, row.Receipt),
            at=row.at,
            product=row.product,
            basis_points=row.Receipt.vat_basis_points,
            net=row.net,
            vat=row.vat,
            gross=row.gross,
        )


def totals(
    tx: Session, operator: Operator, period: Period, until: datetime | None = None
) -> Totals:
    """The sums of what `entries` gives."""
    told = _told(operator.id, period, until)
    return _sums(tx, select(told.c.net, told.c.vat, told.c.gross))


def last_written(tx: Session, operator: Operator, period: Period) -> datetime | None:
    """When the last receipt or change of the period was written down; None while there is none."""
    receipts = select(sql.max(Receipt.issued_at)).where(sold_in(operator.id, period))
    changes = select(sql.max(ReceiptChange.recorded_at)).join(
        Receipt, Receipt.id == ReceiptChange.receipt_id
    )
    found = tx.scalar(receipts), tx.scalar(changes.where(changed_in(operator.id, period)))
    return max((at for at in found if at is not None), default=None)


def _sums(tx: Session, rows: Select[int, int, int]) -> Totals:
    told = rows.subquery()
    sums = [sql.coalesce(sql.sum(told.c[name]), 0) for name in ("net", "vat", "gross")]
    return Totals(*map(int, tx.execute(select(sql.count(), *sums).select_from(told)).one()))


def invoiced(tx: Session, operator: Operator, period: Period, *states: str) -> int:
    """How many receipts of the period have an invoice in one of these states."""
    query = select(sql.count()).select_from(Receipt).join(CompanyInvoice)
    mine = sold_in(operator.id, period), CompanyInvoice.state.in_(states)
    return tx.scalar(query.where(*mine)) or 0


def sold_in(operator_id: uuid.UUID, period: Period) -> ColumnElement[bool]:
    """SQL: receipts whose tax point lies in the period."""
    return _within(Receipt.tax_point, operator_id, period)


def changed_in(operator_id: uuid.UUID, period: Period) -> ColumnElement[bool]:
    """SQL: changes that happened in the period, of receipts that the query joins."""
    return _within(ReceiptChange.at, operator_id, period)


def _within(
    at: InstrumentedAttribute[datetime], operator_id: uuid.UUID, period: Period
) -> ColumnElement[bool]:
    begin, end = period.span
    mine = and_(Receipt.operator_id == operator_id, Receipt.currency == CURRENCY)
    return and_(mine, at >= begin, at < end)


def has_invoice(receipt_id: Id, *states: str) -> ColumnElement[bool]:
    """SQL: whether an invoice in one of these states belongs to the receipt; any that was not
    declined, when none is named."""
    wanted = CompanyInvoice.state.in_(states) if states else CompanyInvoice.state != "declined"
    return exists().where(CompanyInvoice.receipt_id == receipt_id, wanted)


def is_reported(receipt_id: Id, change_id: Id | None, kind: str) -> ColumnElement[bool]:
    """SQL: whether a filed row of that kind speaks of the receipt, or of its change."""
    row = aliased(TaxTableRow)
    of_it = (
        and_(row.receipt_id == receipt_id, row.change_id.is_(None))
        if change_id is None
        else row.change_id == change_id
    )
    return exists().where(of_it, row.kind == kind)


def _told(operator_id: uuid.UUID, period: Period, until: datetime | None) -> Subquery:
    sales, changes = _sales(operator_id, period), _changes(operator_id, period)
    if until is not None:
        sales = sales.where(Receipt.issued_at <= until)
        changes = changes.where(ReceiptChange.recorded_at <= until)
    return union_all(sales, changes, _withdrawn(operator_id, period)).subquery("told")


def _columns(kind: str, receipt_id: Id, change_id: Any, at: Any) -> tuple[Any, ...]:
    named = literal(kind).label("kind"), receipt_id.label("receipt_id")
    return (*named, change_id.label("change_id"), at.label("at"))


def _sales(operator_id: uuid.UUID, period: Period) -> Rows:
    nothing = null().cast(Uuid)
    columns = _columns("sale", Receipt.id, nothing, Receipt.tax_point)
    return select(*columns, Receipt.net, Receipt.vat, Receipt.gross).where(
        sold_in(operator_id, period),
        ~is_reported(Receipt.id, None, "sale"),
        ~has_invoice(Receipt.id),
    )


def _changes(operator_id: uuid.UUID, period: Period) -> Rows:
    change = ReceiptChange
    columns = _columns("change", Receipt.id, change.id, change.at)
    return (
        select(*columns, change.net, change.vat, change.gross)
        .join(Receipt, Receipt.id == change.receipt_id)
        .where(
            changed_in(operator_id, period),
            ~is_reported(Receipt.id, change.id, "change"),
            ~has_invoice(Receipt.id),
        )
    )


def _withdrawn(operator_id: uuid.UUID, period: Period) -> Rows:
    row = TaxTableRow
    columns = _columns("withdrawn", row.receipt_id, row.change_id, row.at)
    return (
        select(*columns, -row.net, -row.vat, -row.gross)
        .join(TaxTable, TaxTable.id == row.table_id)
        .where(
            filed_for(operator_id, period),
            row.kind != "withdrawn",
            has_invoice(row.receipt_id, *HANDED_OVER),
            or_(
                and_(row.change_id.is_(None), ~is_reported(row.receipt_id, None, "withdrawn")),
                and_(
                    row.change_id.is_not(None),
                    ~is_reported(row.receipt_id, row.change_id, "withdrawn"),
                ),
            ),
        )
    )


def filed_for(operator_id: uuid.UUID, period: Period) -> ColumnElement[bool]:
    """SQL: tables of exactly this period."""
    return and_(
        TaxTable.operator_id == operator_id,
        TaxTable.starts == period.first,
        TaxTable.ends == period.last,
    )
