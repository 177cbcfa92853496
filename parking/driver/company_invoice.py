"""What a driver reads on a receipt about the invoice of a company, and until when one can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from parking.lots.models import Operator
from parking.receipts.models import Receipt
from parking.tax.buyers import Buyer, buyer_of
from parking.tax.invoices import check_possible, invoice_of
from parking.tax.models import CompanyInvoice
from parking.tax.periods import month_of
from payments.db import business_day
from payments.errors import Complaint, Conflict
from payments.secrets import Vault


@dataclass(frozen=True, slots=True)
class InvoicePart:
    """The invoice that was asked for, if one was, and its buyer while known; `refusal` says why none
    can be asked for here, `asked_until` is the last day on which one can be for sure."""

    invoice: CompanyInvoice | None
    buyer: Buyer | None
    refusal: Complaint | None
    asked_until: date

    @property
    def open(self) -> bool:
        """Whether the form can be sent: nothing was asked, or not handed over yet."""
        return self.refusal is None and (self.invoice is None or self.invoice.state == "asked")

    @property
    def tax_code(self) -> str:
        """The buyer's tax code; a person's is hidden but for its end."""
        code = self.buyer.tax_code if self.buyer else ""
        return f"****{code[-4:]}" if self.buyer and self.buyer.personal else code

    @property
    def email(self) -> str:
        """The buyer's address, enough to recognise it: the link of a receipt is passed on."""
        name, _, place = self.buyer.email.partition("@") if self.buyer else ("", "", "")
        return f"{name[:2]}****@{place}" if place else ""


def invoice_part(tx: Session, vault: Vault, operator: Operator, receipt: Receipt) -> InvoicePart:
    """The part of a receipt's page about its invoice."""
    invoice = invoice_of(tx, receipt.id)
    buyer = buyer_of(tx, vault, invoice) if invoice else None
    last = month_of(business_day(receipt.tax_point)).last
    return InvoicePart(invoice, buyer, _refusal(tx, operator, receipt, invoice), last)


def _refusal(
    tx: Session, operator: Operator, receipt: Receipt, invoice: CompanyInvoice | None
) -> Complaint | None:
    if invoice is not None:
        return None
    try:
        check_possible(tx, operator, receipt)
    except Conflict as refusal:
        return refusal
    return None
