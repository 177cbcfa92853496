"""Company invoices as finance sees them: what waits, what the provider works on, what was issued."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, case, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.changes import worth
from parking.receipts.models import Receipt
from parking.receipts.service import number_text
from parking.tax.buyers import Buyer, buyer_of
from parking.tax.invoices import reported
from parking.tax.models import CompanyInvoice
from payments.errors import Conflict, NotFound
from payments.secrets import Vault

#: Settled invoices and lists that are shown; older ones are found by their receipt.
MOST = 50

#: State → its name.
STATE_WORDS = {
    "asked": mark("Waits for the list"),
    "exported": mark("With the provider"),
    "issued": mark("Invoice issued"),
    "declined": mark("Declined"),
}


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice with its receipt. `left`: what the receipt is worth today, in dong; `buyer` is None
    once it was forgotten; `late`: a filed table holds the receipt, so the next amendment takes it back."""

    invoice: CompanyInvoice
    receipt: Receipt
    operator: Operator
    left: int
    buyer: Buyer | None
    late: bool

    @property
    def receipt_number(self) -> str:
        """The receipt's number as people write it."""
        return number_text(self.operator, self.receipt)

    @property
    def known_buyer(self) -> Buyer:
        """The buyer. Raises `Conflict` once the details were deleted."""
        if self.buyer is None:
            raise Conflict(mark("The company's details were deleted."))
        return self.buyer

    @property
    def title(self) -> str:
        """Form and symbol as they are printed: ``1C26TAA``; empty before there is a number."""
        return f"{self.invoice.form}{self.invoice.symbol}" if self.invoice.form else ""

    @property
    def lessened(self) -> bool:
        """Money of the receipt went back."""
        return self.left != self.receipt.gross


@dataclass(frozen=True, slots=True)
class Batch:
    """A list made for the invoice provider."""

    operator: Operator
    number: int
    count: int
    waiting: int


def _joined(operator: str | None) -> Select[CompanyInvoice, Receipt, Operator, int]:
    query = (
        select(CompanyInvoice, Receipt, Operator, worth())
        .join(Receipt, Receipt.id == CompanyInvoice.receipt_id)
        .join(Operator, Operator.id == CompanyInvoice.operator_id)
    )
    return query if operator is None else query.where(Operator.code == operator)


def in_state(
    tx: Session, vault: Vault, operator: str | None, *states: str, newest: bool = False
) -> Sequence[InvoiceRow]:
    """Invoices in one of these states, the oldest request first; or the `MOST` newest ones."""
    query = _joined(operator).where(CompanyInvoice.state.in_(states))
    asked = CompanyInvoice.asked_at
    ordered = query.order_by(asked.desc()).limit(MOST) if newest else query.order_by(asked)
    return [_row(tx, vault, *found) for found in tx.execute(ordered)]


def own_invoice(
    tx: Session, vault: Vault, invoice_id: uuid.UUID, operator: str | None
) -> InvoiceRow:
    """The invoice, if it is this operator's. Raises `NotFound`."""
    query = _joined(operator).where(CompanyInvoice.id == invoice_id)
    found = tx.execute(query).one_or_none()
    if found is None:
        raise NotFound(mark("There is no such invoice request."))
    return _row(tx, vault, *found)


def on_list(tx: Session, vault: Vault, operator: Operator, number: int) -> Sequence[InvoiceRow]:
    """The invoices of one list that have no number yet. Raises `NotFound`."""
    query = _joined(operator.code).where(CompanyInvoice.batch == number)
    rows = [_row(tx, vault, *found) for found in tx.execute(query.order_by(Receipt.number))]
    if not rows:
        raise NotFound(mark("There is no such list of invoices."))
    return [row for row in rows if row.invoice.state == "exported"]


def batches(tx: Session, operator: str | None) -> Sequence[Batch]:
    """The newest lists, and how many of each have no number yet."""
    exported = sql.sum(case((CompanyInvoice.state == "exported", 1), else_=0))
    query = (
        select(Operator, CompanyInvoice.batch, sql.count(), exported)
        .join(CompanyInvoice, CompanyInvoice.operator_id == Operator.id)
        .where(CompanyInvoice.batch.is_not(None))
        .group_by(Operator.id, CompanyInvoice.batch)
        .order_by(sql.max(CompanyInvoice.exported_at).desc())
        .limit(MOST)
    )
    mine = query if operator is None else query.where(Operator.code == operator)
    return [Batch(row[0], row[1] or 0, row[2], int(row[3])) for row in tx.execute(mine)]


def receipt_by_number(tx: Session, text: str, operator: str | None) -> Receipt:
    """The receipt a person names as ``HOAN-KIEM-2026-000123``. Raises `NotFound`."""
    code, _, rest = text.strip().rpartition("-")
    code, _, year = code.rpartition("-")
    if code and year.isascii() and rest.isascii() and year.isdigit() and rest.isdigit():
        query = (
            select(Receipt)
            .join(Operator, Operator.id == Receipt.operator_id)
            .where(sql.upper(Operator.code) == code.upper())
            .where(Receipt.year == int(year[:6]), Receipt.number == int(rest[:12]))
        )
        mine = query if operator is None else query.where(Operator.code == operator)
        if (found := tx.scalar(mine)) is not None:
            return found
    raise NotFound(mark("There is no receipt %(number)s."), number=text.strip()[:40] or "—")


def _row(
    tx: Session,
    vault: Vault,
    invoice: CompanyInvoice,
    receipt: Receipt,
    operator: Operator,
    left: int,
) -> InvoiceRow:
    buyer, late = buyer_of(tx, vault, invoice), reported(tx, receipt.id)
    return InvoiceRow(invoice, receipt, operator, int(left), buyer, late)
