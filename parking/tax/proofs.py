"""What must hold of tables for the tax office: they are what their rows say, and nothing of a filed
period was left out or told twice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.receipts.models import APPEND_ONLY as RECEIPT_TABLES
from parking.receipts.models import Receipt, ReceiptChange
from parking.tax.entries import changed_in, has_invoice, is_reported, sold_in
from parking.tax.models import APPEND_ONLY, HANDED_OVER, CompanyInvoice, TaxTable, TaxTableRow
from parking.tax.periods import Period
from reconciliation.invariants import Violation
from reconciliation.proofs.evidence import append_only, unguarded
from reconciliation.sides import Rows


def tax_triggers_are_in_place(tx: Session) -> Iterator[Violation]:
    """Filed tables and changes of receipts refuse UPDATE and DELETE, and a table refuses a receipt
    that an invoice stands for."""
    guards = append_only((*RECEIPT_TABLES, *APPEND_ONLY), tx.get_bind().dialect.name)
    guards.append("tax_table_row_no_invoiced")
    yield from unguarded(tx, "tax_triggers_are_in_place", guards)


def filed_tables_equal_their_rows(tx: Session) -> Iterator[Violation]:
    """Count and sums of a filed table are those of its rows, which are numbered from 1."""
    rows = (TaxTableRow.net, TaxTableRow.vat, TaxTableRow.gross)
    sums = [sql.coalesce(sql.sum(column), 0) for column in rows]
    query: Rows = (
        select(TaxTable, sql.count(TaxTableRow.position), *sums, sql.max(TaxTableRow.position))
        .outerjoin(TaxTableRow, TaxTableRow.table_id == TaxTable.id)
        .group_by(TaxTable.id)
        .order_by(TaxTable.id)
    )
    for table, *found, last in tx.execute(query):
        stated = [table.count, table.net, table.vat, table.gross]
        if list(map(int, found)) != stated or (last or 0) != table.count:
            yield Violation(
                "filed_tables_equal_their_rows",
                f"table {table.id}",
                f"count, net, VAT and gross {stated}, its rows {list(map(int, found))}",
            )


def filed_periods_tell_everything_once(tx: Session) -> Iterator[Violation]:
    """When its newest table was filed, each receipt of a period was either in a table or had an
    invoice, never both; and each change of one without an invoice was in a table.

    What was there already is told by its id, which is made under the same lock as the table's.
    """
    newest = {
        (table.operator_id, Period(table.starts, table.ends)): table
        for table in tx.scalars(select(TaxTable).order_by(TaxTable.number))
    }
    for (operator_id, period), last in newest.items():
        sold: Rows = select(Receipt.id).where(sold_in(operator_id, period))
        changed: Rows = (
            select(ReceiptChange.id)
            .join(Receipt, Receipt.id == ReceiptChange.receipt_id)
            .where(changed_in(operator_id, period))
        )
        for query, what in (
            (_left_out(sold, last), "receipt %s is neither in a table nor invoiced"),
            (_told_twice(sold, last), "receipt %s is in a table and invoiced"),
            (_forgotten(changed, last), "change %s is in no table"),
        ):
            for found in tx.scalars(query):
                yield Violation(
                    "filed_periods_tell_everything_once", f"period {period}", what % found
                )


def _left_out(sold: Rows, last: TaxTable) -> Rows:
    return sold.where(
        Receipt.id < last.id,
        ~is_reported(Receipt.id, None, "sale"),
        ~has_invoice(Receipt.id, *HANDED_OVER),
        ~_declined_after(last),
    )


def _declined_after(last: TaxTable) -> ColumnElement[bool]:
    return exists().where(
        CompanyInvoice.receipt_id == Receipt.id, CompanyInvoice.declined_at >= last.filed_at
    )


def _told_twice(sold: Rows, last: TaxTable) -> Rows:
    return sold.where(
        is_reported(Receipt.id, None, "sale"),
        ~is_reported(Receipt.id, None, "withdrawn"),
        exists().where(
            CompanyInvoice.receipt_id == Receipt.id,
            CompanyInvoice.state.in_(HANDED_OVER),
            CompanyInvoice.exported_at <= last.filed_at,
        ),
    )


def _forgotten(changed: Rows, last: TaxTable) -> Rows:
    return changed.where(
        ReceiptChange.id < last.id,
        ~is_reported(Receipt.id, ReceiptChange.id, "change"),
        ~exists().where(CompanyInvoice.receipt_id == Receipt.id),
    )
