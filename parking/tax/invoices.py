"""Invoices that companies ask for: asked, handed to the invoice provider, issued or declined.

While an invoice stands for a receipt, the receipt is reported in no table (Decree 254/2026: a business
customer who asks gets an invoice of its own). A driver may ask until the table that holds the receipt
was filed; afterwards the operator's finance asks for them, and the next amendment takes it back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.changes import worth
from parking.receipts.methods import lock
from parking.receipts.models import Receipt
from parking.receipts.service import number_text
from parking.tax.buyers import Buyer, keep_buyer
from parking.tax.entries import CURRENCY, is_reported
from parking.tax.models import CompanyInvoice, InvoiceBuyer
from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage
from payments.secrets import Vault

SHORTEST_REASON = 3


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to an invoice, and when."""

    actor: str
    now: datetime


def invoice_of(tx: Session, receipt_id: uuid.UUID) -> CompanyInvoice | None:
    """The invoice that was asked for a receipt and not declined."""
    query = select(CompanyInvoice).where(CompanyInvoice.receipt_id == receipt_id)
    return tx.scalar(query.where(CompanyInvoice.state != "declined"))


def reported(tx: Session, receipt_id: uuid.UUID) -> bool:
    """Whether a filed table holds the receipt."""
    there = select(Receipt.id).where(
        Receipt.id == receipt_id,
        is_reported(Receipt.id, None, "sale"),
        ~is_reported(Receipt.id, None, "withdrawn"),
    )
    return tx.scalar(there) is not None


def ask(
    tx: Session, vault: Vault, receipt: Receipt, buyer: Buyer, act: Act, *, late: bool = False
) -> CompanyInvoice:
    """Ask for an invoice, or correct who it is for until it is handed over. `late`: by finance, also
    when a filed table holds the receipt.

    Raises `Conflict` when there can be none (any more), saying what to do.
    """
    operator = tx.get_one(Operator, receipt.operator_id)
    lock(tx, operator.id)
    invoice = invoice_of(tx, receipt.id)
    if invoice is None:
        check_possible(tx, operator, receipt, late=late)
        invoice = CompanyInvoice(
            receipt_id=receipt.id, operator_id=operator.id, asked_by=act.actor, asked_at=act.now
        )
        tx.add(invoice)
        tx.flush()
    elif invoice.state != "asked":
        raise Conflict(
            mark("The invoice is being issued already; to correct it, please ask the operator.")
        )
    keep_buyer(tx, vault, invoice, buyer, act.now)
    _note(tx, invoice, "ask", act, {"receipt": number_text(operator, receipt)})
    return invoice


def check_possible(
    tx: Session, operator: Operator, receipt: Receipt, *, late: bool = False
) -> None:
    """Whether an invoice of the receipt can be asked for. Raises `Conflict`, saying why not and what
    to do."""
    left = tx.scalar(select(worth()).where(Receipt.id == receipt.id))
    if receipt.tax_method == "none":
        raise Conflict(
            mark("%(operator)s is a household below the revenue threshold and issues no invoices."),
            operator=operator.legal_name,
        )
    if not left or receipt.currency != CURRENCY:
        raise Conflict(mark("This payment went back; there is nothing to invoice."))
    if not late and reported(tx, receipt.id):
        raise Conflict(
            mark(
                "This receipt was reported to the tax office already. Please ask %(operator)s for the "
                "invoice and name receipt %(receipt)s: it can still be issued."
            ),
            operator=operator.legal_name,
            receipt=number_text(operator, receipt),
        )


def hand_over(tx: Session, operator: Operator, act: Act) -> int:
    """Put everything that waits onto the next list for the invoice provider; the list's number.

    Raises `Conflict` when nothing waits.
    """
    lock(tx, operator.id)
    mine = CompanyInvoice.operator_id == operator.id
    waiting = tx.scalars(select(CompanyInvoice).where(mine, CompanyInvoice.state == "asked")).all()
    if not waiting:
        raise Conflict(
            mark("No company waits for an invoice of %(operator)s."), operator=operator.code
        )
    batch = (tx.scalar(select(sql.max(CompanyInvoice.batch)).where(mine)) or 0) + 1
    for invoice in waiting:
        invoice.state, invoice.batch, invoice.exported_at = "exported", batch, act.now
    tx.flush()
    name, detail = f"invoices:{operator.code}:{batch}", {"count": len(waiting)}
    audit.append(tx, act.actor, "invoice.hand_over", name, {**detail}, act.now)
    return batch


def decline(tx: Session, invoice_id: uuid.UUID, reason: str, act: Act) -> None:
    """There will be no invoice: the receipt is reported like any other.

    Raises `WrongUsage` without a reason; `Conflict` once it has a number (Circular 91/2026 knows no
    cancelling), or when an amendment took the receipt back for it.
    """
    said = reason_of(reason)
    invoice = locked(tx, invoice_id)
    if invoice.state not in ("asked", "exported"):
        raise Conflict(mark("This invoice was issued or declined before."))
    taken_back = select(Receipt.id).where(
        Receipt.id == invoice.receipt_id, is_reported(Receipt.id, None, "withdrawn")
    )
    if tx.scalar(taken_back) is not None:
        raise Conflict(
            mark("An amendment took the receipt back because of this invoice: it has to be issued.")
        )
    invoice.state, invoice.reason, invoice.declined_at = "declined", said, act.now
    _note(tx, invoice, "decline", act, {"reason": said})


def take_back(tx: Session, receipt: Receipt, act: Act) -> None:
    """Who asked wants no invoice after all: their details are deleted at once (Law 91/2025: consent
    can be withdrawn). Raises `Conflict` when nothing waits, or it was handed over already."""
    lock(tx, receipt.operator_id)
    invoice = invoice_of(tx, receipt.id)
    if invoice is None or invoice.state != "asked":
        raise Conflict(mark("No request for an invoice waits here that could be taken back."))
    tx.execute(delete(InvoiceBuyer).where(InvoiceBuyer.invoice_id == invoice.id))
    invoice.state, invoice.declined_at = "declined", act.now
    _note(tx, invoice, "take_back", act, {})


def mark_sent(tx: Session, invoice_id: uuid.UUID, act: Act) -> None:
    """The company has its invoice. Raises `Conflict` before it has a number."""
    invoice = locked(tx, invoice_id)
    if invoice.state != "issued":
        raise Conflict(mark("This invoice has no number yet."))
    invoice.sent_at = invoice.sent_at or act.now
    _note(tx, invoice, "sent", act, {})


def locked(tx: Session, invoice_id: uuid.UUID) -> CompanyInvoice:
    """The invoice, under its operator's lock. Raises `NotFound`."""
    invoice = tx.get(CompanyInvoice, invoice_id)
    if invoice is None:
        raise NotFound(mark("There is no such invoice request."))
    lock(tx, invoice.operator_id)
    tx.refresh(invoice)
    return invoice


def reason_of(text: str) -> str:
    """What a person gives as a reason. Raises `WrongUsage` when it says nothing."""
    said = " ".join(text.split())[:300]
    if len(said) < SHORTEST_REASON:
        raise WrongUsage(mark("Please say in a few words why."))
    return said


def _note(
    tx: Session, invoice: CompanyInvoice, what: str, act: Act, detail: dict[str, object]
) -> None:
    audit.append(tx, act.actor, f"invoice.{what}", f"invoice:{invoice.id}", detail, act.now)
