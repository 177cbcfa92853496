"""Tables sent to the tax office, row by row, and invoices that companies asked for.

Rows of a table name the receipt (or its later change) they report; indexes see to it that nothing is
reported twice, and a trigger that no receipt is reported while an invoice stands for it.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking.receipts.models import Receipt
from payments.db import Base, new_id

#: Tables of this room whose rows may never change.
APPEND_ONLY = ("tax_table", "tax_table_row")

#: How far an invoice is. `asked`: the company waits; `exported`: handed to the invoice provider;
#: `issued`: it has a number; `declined`: there will be none, and the receipt is reported instead.
STATES = ("asked", "exported", "issued", "declined")
#: In these states the invoice stands for the receipt, and the receipt is in no table.
HANDED_OVER = ("exported", "issued")

_WHOLE = text("change_id IS NULL")
_CHANGED = text("change_id IS NOT NULL")
_ALIVE = text("state <> 'declined'")


class TaxTable(Base):
    """Form 01/TTGD as it was filed for one operator and one period, `starts` to `ends` (both days
    included); `number` 0 is the first, 1 the first amendment. Append-only.

    Name and tax code are those of the filing; `count` to `gross` are the totals of its rows;
    `invoiced` counts the period's receipts that were left out because an invoice stands for them.
    """

    __tablename__ = "tax_table"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"))
    starts: Mapped[date]
    ends: Mapped[date]
    number: Mapped[int]
    taxpayer: Mapped[str]
    tax_code: Mapped[str]
    count: Mapped[int]
    net: Mapped[int]
    vat: Mapped[int]
    gross: Mapped[int]
    invoiced: Mapped[int]
    filed_by: Mapped[str]
    filed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("operator_id", "starts", "ends", "number"),
        CheckConstraint("starts <= ends AND number >= 0", name="period"),
    )


class TaxTableRow(Base):
    """One row of a filed table. Append-only.

    `kind`: ``sale`` reports a receipt, ``change`` a later change of one, ``withdrawn`` takes either
    back because an invoice stands for it now. `document` is the receipt's number as people write it,
    `code` the payment code, `product` the accounting label that says which service it was.
    """

    __tablename__ = "tax_table_row"

    table_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tax_table.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    receipt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("receipt.id"))
    change_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("receipt_change.id"))
    code: Mapped[str]
    document: Mapped[str]
    at: Mapped[datetime]
    product: Mapped[str]
    basis_points: Mapped[int]
    net: Mapped[int]
    vat: Mapped[int]
    gross: Mapped[int]

    __table_args__ = (
        CheckConstraint("kind IN ('sale', 'change', 'withdrawn')", name="kind"),
        CheckConstraint("gross = net + vat", name="foots"),
        Index(
            "ux_tax_table_row_receipt", "receipt_id", "kind", unique=True,
            sqlite_where=_WHOLE, postgresql_where=_WHOLE,
        ),
        Index(
            "ux_tax_table_row_change", "change_id", "kind", unique=True,
            sqlite_where=_CHANGED, postgresql_where=_CHANGED,
        ),
    )  # fmt: skip


class CompanyInvoice(Base):
    """An invoice that a company asked for instead of a receipt alone. At most one that stands per
    receipt; `batch` numbers the files made for the invoice provider, per operator. `form`, `symbol`,
    `number` and `dated` are the invoice's own (Circular 91/2026, Annex I)."""

    __tablename__ = "company_invoice"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    receipt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("receipt.id"))
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"))
    state: Mapped[str] = mapped_column(default="asked")
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    batch: Mapped[int | None]
    exported_at: Mapped[datetime | None]
    form: Mapped[int | None]
    symbol: Mapped[str | None]
    number: Mapped[int | None]
    dated: Mapped[date | None]
    issued_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    reason: Mapped[str | None]

    receipt: Mapped[Receipt] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("operator_id", "form", "symbol", "number"),
        CheckConstraint("state IN ('asked', 'exported', 'issued', 'declined')", name="state"),
        CheckConstraint("(state = 'issued') = (number IS NOT NULL)", name="numbered"),
        CheckConstraint("number BETWEEN 1 AND 99999999", name="number"),
        Index("ix_company_invoice_queue", "operator_id", "state"),
        Index(
            "ux_company_invoice_receipt", "receipt_id", unique=True,
            sqlite_where=_ALIVE, postgresql_where=_ALIVE,
        ),
    )  # fmt: skip


class InvoiceBuyer(Base):
    """Who the invoice is for, and where it is sent. `sealed` holds tax code, name, address and e-mail,
    encrypted; the row is deleted `parking.tax.buyers.KEPT` after the invoice was settled."""

    __tablename__ = "invoice_buyer"

    invoice_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("company_invoice.id"), primary_key=True
    )
    sealed: Mapped[str]
    agreed_at: Mapped[datetime]
