"""The number an invoice got at the provider: form, symbol, number and day.

Circular 91/2026/TT-BTC, Annex I: form number 1 is a VAT invoice, 2 a sales invoice; the symbol has six
characters: C (with a code of the tax office) or K (without), the year, a type letter and two letters of
the seller; the number has at most eight digits and is unique within form and symbol.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.receipts.models import Receipt
from parking.tax.invoices import Act, locked, reason_of
from parking.tax.models import CompanyInvoice
from parking.tax.periods import read_day
from payments import audit
from payments.db import business_day
from payments.errors import Conflict, WrongUsage

SYMBOL = re.compile(r"[CK](\d{2})[TDLMNBGHXF][A-Z]{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,8}", re.ASCII)
#: Tax method of the receipt → form of its invoice.
FORMS = {"deduction": 1, "direct": 2}


@dataclass(frozen=True, slots=True)
class InvoiceNumber:
    """As ``1C26TAA`` no. 123 of a day: `form` 1, `symbol` ``C26TAA``."""

    form: int
    symbol: str
    number: int
    dated: date


def read_number(form: Mapping[str, str]) -> InvoiceNumber:
    """What a form says; the symbol may be typed with the form number in front (``1C26TAA``).

    Raises `WrongUsage` naming what cannot be right.
    """
    typed = re.sub(r"\s", "", form.get("symbol", "")).upper()
    parts = re.fullmatch(r"([12])(.{6})", typed)
    found = SYMBOL.fullmatch(parts[2]) if parts else None
    if parts is None or found is None:
        raise WrongUsage(
            mark("“%(text)s” is no symbol of an invoice; write form and symbol as 1C26TAA."),
            text=typed[:20] or "—",
        )
    digits = form.get("number", "").strip()
    if not _NUMBER.fullmatch(digits) or not int(digits):
        raise WrongUsage(
            mark("“%(text)s” is no number of an invoice: it is 1 to 99,999,999."),
            text=digits[:20] or "—",
        )
    dated = read_day(form.get("dated", ""))
    if int(found[1]) != dated.year % 100:
        raise WrongUsage(
            mark("Symbol %(symbol)s is not of the year of %(day)s."),
            symbol=typed,
            day=f"{dated:%d/%m/%Y}",
        )
    return InvoiceNumber(int(parts[1]), parts[2], int(digits), dated)


def issue(tx: Session, invoice_id: uuid.UUID, number: InvoiceNumber, act: Act) -> None:
    """Write down the number the provider gave. Raises `Conflict` when the invoice has one already,
    was declined, or another one has this number; `WrongUsage` when it does not fit the receipt."""
    invoice = locked(tx, invoice_id)
    if invoice.state not in ("asked", "exported"):
        raise Conflict(mark("This invoice was issued or declined before."))
    _check(tx, invoice, number, act)
    invoice.exported_at = invoice.exported_at or act.now
    invoice.issued_at, invoice.state = act.now, "issued"
    _write(tx, invoice, number, "issue", act, {})


def correct(
    tx: Session, invoice_id: uuid.UUID, number: InvoiceNumber, reason: str, act: Act
) -> None:
    """Put a number right that was written down wrongly, or that another invoice replaced. Raises as
    `issue` does, and `WrongUsage` without a reason."""
    said = reason_of(reason)
    invoice = locked(tx, invoice_id)
    if invoice.state != "issued":
        raise Conflict(mark("This invoice has no number yet."))
    _check(tx, invoice, number, act)
    before = f"{invoice.form}{invoice.symbol} {invoice.number}"
    invoice.reason = said
    _write(tx, invoice, number, "correct", act, {"before": before, "reason": said})


def _check(tx: Session, invoice: CompanyInvoice, number: InvoiceNumber, act: Act) -> None:
    receipt = tx.get_one(Receipt, invoice.receipt_id)
    if number.form != FORMS.get(receipt.tax_method):
        raise WrongUsage(
            mark(
                "The form number does not fit how the operator is taxed: it is 1 by deduction and 2 "
                "for a percentage of revenue."
            )
        )
    sold = business_day(receipt.tax_point)
    if not sold <= number.dated <= business_day(act.now):
        raise WrongUsage(
            mark("An invoice of this receipt is dated %(sold)s or later, and not in the future."),
            sold=f"{sold:%d/%m/%Y}",
        )
    taken = select(CompanyInvoice.id).where(
        CompanyInvoice.operator_id == invoice.operator_id,
        CompanyInvoice.form == number.form,
        CompanyInvoice.symbol == number.symbol,
        CompanyInvoice.number == number.number,
        CompanyInvoice.id != invoice.id,
    )
    if tx.scalar(taken) is not None:
        raise Conflict(
            mark("Another receipt has invoice %(symbol)s no. %(number)s already."),
            symbol=f"{number.form}{number.symbol}",
            number=number.number,
        )


def _write(
    tx: Session,
    invoice: CompanyInvoice,
    number: InvoiceNumber,
    what: str,
    act: Act,
    detail: dict[str, object],
) -> None:
    invoice.form, invoice.symbol = number.form, number.symbol
    invoice.number, invoice.dated = number.number, number.dated
    tx.flush()
    told = {**asdict(number), **detail}
    audit.append(tx, act.actor, f"invoice.{what}", f"invoice:{invoice.id}", told, act.now)
