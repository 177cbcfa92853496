"""What the invoice provider is handed: one invoice a row, every field it needs, unsigned.

Keys are the element names of the e-invoice (Decision 1306/QĐ-CT, version 2.1.0) where there is one:
buyer (NMua), service (HHDVu), sums (TToan). Seller, invoice number, date and signature are the
provider's to add, the amount in words too. One service a row, so its sums are the invoice's.

No XML is made. Its fields are known, but of those it must have, symbol, number and date of the invoice and
the provider's tax code (KHHDon, SHDon, NLap, MSTTCGP) are set by the provider when it issues, and the
seller's address (DChi) is in the provider's records, not in ours: what we could write would be refused
by its schema. Sources also disagree on the order of elements, and the successor of Decision 1306 for
Decree 254 was not found. The provider's import of lists takes these columns by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.receipts.vat import net_of, percent_of
from parking.sessions.models import ParkingSession
from parking.sessions.stays import stays_of
from parking.tax.desk import InvoiceRow
from parking.tax.numbers import FORMS
from parking.tax.services import PASS, SERVICES, TURN, unit_of
from payments.models import Payment
from payments.provider import CASH
from reconciliation.reports.table import Column, Kind, Parameter, Report, Row, Table

NAME = "invoices"
_MONEY, _COUNT, _WORD = Kind.MONEY, Kind.COUNT, Kind.WORD

COLUMNS = (
    Column("receipt", mark("Receipt")),
    Column("KHMSHDon", mark("Form number (KHMSHDon)")),
    Column("DVTTe", mark("Currency (DVTTe)")),
    Column("HTTToan", mark("Way of payment (HTTToan)"), _WORD, words={
        "cash": mark("Paid in cash"), "cashless": mark("Paid by transfer or card"),
    }),
    Column("MST", mark("Buyer's tax code (MST)")),
    Column("CCCDan", mark("Buyer's personal number (CCCDan)")),
    Column("Ten", mark("Buyer (Ten)")),
    Column("DChi", mark("Buyer's address (DChi)")),
    Column("DCTDTu", mark("Buyer's e-mail (DCTDTu)")),
    Column("THHDVu", mark("Service (THHDVu)"), _WORD, words=SERVICES),
    Column("DVTinh", mark("Unit (DVTinh)"), _WORD, words={TURN: TURN, PASS: PASS}),
    Column("SLuong", mark("Quantity (SLuong)"), _COUNT),
    Column("DGia", mark("Unit price (DGia)"), _MONEY),
    Column("ThTien", mark("Value before VAT (ThTien)"), _MONEY),
    Column("TSuat", mark("VAT rate (TSuat)")),
    Column("TgTThue", mark("VAT (TgTThue)"), _MONEY),
    Column("TgTTTBSo", mark("Total (TgTTTBSo)"), _MONEY),
    Column("tax_point", mark("End of the service or payment"), Kind.INSTANT),
    Column("code", mark("Payment code")),
    Column("plate", mark("Licence plate")),
    Column("lot", mark("Lot")),
    Column("entry", mark("Entry"), Kind.INSTANT),
    Column("exit", mark("Exit"), Kind.INSTANT),
)  # fmt: skip


def provider_list(tx: Session, found: Sequence[InvoiceRow], number: int) -> Report:
    """The list as a report of one table; invoices whose buyer was forgotten are not on it."""
    rows = list(_rows(tx, [row for row in found if row.buyer is not None]))
    told = Parameter(Column("list", mark("List")), str(number))
    table = Table(NAME, mark("Company invoices"), COLUMNS, rows)
    as_of = max((row.invoice.exported_at for row in found if row.invoice.exported_at), default=None)
    return Report(NAME, mark("Company invoices"), (told,), as_of, (table,))


def _rows(tx: Session, found: Sequence[InvoiceRow]) -> Iterator[Row]:
    payments = [tx.get_one(Payment, row.receipt.payment_id) for row in found]
    stays = stays_of(tx, payments)
    for row, payment in zip(found, payments, strict=True):
        sold = (row.receipt.tax_point, *_stay(stays[payment.id], payment))
        yield (*_buyer(row, payment), *_service(row, payment), *sold)


def _buyer(row: InvoiceRow, payment: Payment) -> Row:
    buyer = row.known_buyer
    way = "cash" if payment.account.provider == CASH else "cashless"
    company, person = ("", buyer.tax_code) if buyer.personal else (buyer.tax_code, "")
    form = FORMS[row.receipt.tax_method]
    named = (company, person, buyer.name, buyer.address, buyer.email)
    return (row.receipt_number, str(form), row.receipt.currency, way, *named)


def _service(row: InvoiceRow, payment: Payment) -> Row:
    rate = row.receipt.vat_basis_points
    net = net_of(row.left, rate)
    printed = percent_of(rate) if rate else ""
    unit = unit_of(payment.product)
    return (payment.product, unit, 1, net, net, printed, row.left - net, row.left)


def _stay(stays: Sequence[ParkingSession], payment: Payment) -> Row:
    first = stays[0] if stays else None
    plates = ", ".join(stay.plate for stay in stays)
    times = (first.entry_at, first.exit_at) if first and len(stays) == 1 else (None, None)
    return (payment.code, plates, payment.cost_centre, *times)
