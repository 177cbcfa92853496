"""Who a company invoice is for: read from a form, kept sealed, forgotten in time.

Tax codes of companies have ten digits, the last one a check digit (weights 31, 29, 23, 19, 17, 13, 7,
5, 3 over the nine before it; ten less the sum modulo eleven); branches add three digits. People are
taxed by their twelve-digit personal number, whose first three digits are a province. The weights are
general knowledge, confirmed on published codes of large companies; no text of the law was at hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.tax.models import CompanyInvoice, InvoiceBuyer
from payments.errors import WrongUsage
from payments.secrets import Vault

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_COMPANY = re.compile(r"(\d{10})(?:-?(\d{3}))?", re.ASCII)
_PERSON = re.compile(r"0\d{11}", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@(?:[^@\s.,;<>\"]+\.)+[^@\s.,;<>\"]{2,}")
#: Decision 1306/QĐ-CT: NMua/Ten and NMua/DChi have 400 letters, DCTDTu 50.
LONGEST, LONGEST_EMAIL = 400, 50

#: How long the buyer's details are kept here once the invoice is settled: for questions and
#: corrections. The invoice itself is kept by the operator and its provider (ten years: Accounting Law).
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Buyer:
    """What an invoice says of its buyer. `tax_code` has ten, ``ten-three`` or twelve digits."""

    tax_code: str
    name: str
    address: str
    email: str

    @property
    def personal(self) -> bool:
        """Whether the code is a person's."""
        return len(self.tax_code) == 12


def read_buyer(form: Mapping[str, str]) -> Buyer:
    """The buyer a form names. Raises `WrongUsage` naming what cannot be right."""
    name, address = (" ".join(form.get(key, "").split()) for key in ("name", "address"))
    email = form.get("email", "").strip()
    code = read_tax_code(form.get("tax_code", ""))
    if len(name) < 2 or not any(letter.isalpha() for letter in name):
        raise WrongUsage(mark("Please write the name of the company as it is registered."))
    if len(address) < 5:
        raise WrongUsage(mark("Please write the registered address of the company."))
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise WrongUsage(
            mark("“%(text)s” is no e-mail address; write it as ketoan@congty.vn."),
            text=email[:40] or "—",
        )
    return Buyer(code, name[:LONGEST], address[:LONGEST], email)


def read_tax_code(text: str) -> str:
    """A tax code as people type it, with or without spaces and dots. Raises `WrongUsage`."""
    typed = re.sub(r"[\s.]", "", text)
    if _PERSON.fullmatch(typed):
        return typed
    company = _COMPANY.fullmatch(typed)
    if company is None:
        raise WrongUsage(
            mark(
                "“%(text)s” is no tax code: a company's has 10 digits, a branch's 13, a person's 12."
            ),
            text=text.strip()[:20] or "—",
        )
    if not checks(company[1]) or company[2] == "000":
        raise WrongUsage(
            mark(
                "Tax code %(text)s cannot be right: its check digit does not fit. Please compare it."
            ),
            text=typed,
        )
    return f"{company[1]}-{company[2]}" if company[2] else company[1]


def checks(ten: str) -> bool:
    """Whether the tenth digit is the check digit of the nine before it."""
    weighed = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, ten[:9], strict=True))
    return 10 - weighed % 11 == int(ten[9])


def keep_buyer(
    tx: Session, vault: Vault, invoice: CompanyInvoice, buyer: Buyer, now: datetime
) -> None:
    """Keep who the invoice is for, in the place of what was said before."""
    row = tx.get(InvoiceBuyer, invoice.id) or InvoiceBuyer(invoice_id=invoice.id)
    row.sealed, row.agreed_at = vault.seal_parts(asdict(buyer)), now
    tx.add(row)
    tx.flush()


def buyer_of(tx: Session, vault: Vault, invoice: CompanyInvoice) -> Buyer | None:
    """Who the invoice is for; None once that was forgotten. Raises `SecretUnreadable`."""
    row = tx.get(InvoiceBuyer, invoice.id)
    return Buyer(**vault.open_parts(row.sealed)) if row else None


def forget_buyers(db: sessionmaker[Session], now: datetime) -> int:
    """Delete the details of buyers whose invoice was settled `KEPT` ago; how many."""
    old = now - KEPT
    settled = select(CompanyInvoice.id).where(
        or_(CompanyInvoice.issued_at <= old, CompanyInvoice.declined_at <= old)
    )
    with db.begin() as tx:
        gone = delete(InvoiceBuyer).where(InvoiceBuyer.invoice_id.in_(settled))
        return tx.connection().execute(gone).rowcount
