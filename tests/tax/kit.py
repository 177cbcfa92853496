"""November at HK01 and what is told of it to the tax office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from parking.proofs import PROOFS
from parking.receipts.models import Receipt
from parking.tax.buyers import Buyer
from parking.tax.invoices import Act, ask, hand_over
from parking.tax.models import CompanyInvoice, TaxTable, TaxTableRow
from parking.tax.periods import Period, read_period
from parking.tax.tables import file_table
from tests.kit import Town
from tests.receipts.kit import operator

NOVEMBER, DECEMBER = read_period("2026-11"), read_period("2026-12")
#: The eighth day of the month after: time to file.
FILING = datetime(2026, 12, 8, 2, tzinfo=UTC)
VIETTEL = Buyer("0100109106", "Tập đoàn Viễn thông", "Số 1 Trần Hữu Dực, Hà Nội", "kt@cty.vn")


def file(town: Town, period: Period = NOVEMBER, lot: str = "HK01") -> TaxTable:
    """The period's table is filed now, not before the filing day."""
    town.clock.now = max(town.now, FILING)
    writer = town.house.databases.write
    return file_table(writer, operator(town, lot), period, "person:minh", town.now)


def rows_of(town: Town, table: TaxTable) -> Sequence[TaxTableRow]:
    """The rows of a filed table, in their order."""
    query = select(TaxTableRow).where(TaxTableRow.table_id == table.id)
    with town.house.databases.read() as tx:
        return tx.scalars(query.order_by(TaxTableRow.position)).all()


def act(town: Town, who: str = "person:minh") -> Act:
    """Somebody does something now."""
    return Act(who, town.now)


def asked(
    town: Town, receipt: Receipt, buyer: Buyer = VIETTEL, *, late: bool = False
) -> CompanyInvoice:
    """A company asks for an invoice in the place of a receipt."""
    with town.house.databases.write.begin() as tx:
        vault = town.house.gateways.vault
        return ask(tx, vault, receipt, buyer, act(town, "driver"), late=late)


def handed_over(town: Town, receipt: Receipt, *, late: bool = False) -> CompanyInvoice:
    """An invoice that the provider works on."""
    asked(town, receipt, late=late)
    with town.house.databases.write.begin() as tx:
        hand_over(tx, operator(town), act(town))
    with town.house.databases.read() as tx:
        return tx.scalars(
            select(CompanyInvoice).where(CompanyInvoice.receipt_id == receipt.id)
        ).one()


def violations(town: Town) -> list[str]:
    """What `parking verify` says of receipts and tables."""
    with town.house.databases.read() as tx:
        return [f"{v.rule}: {v.found}" for proof in PROOFS for v in proof(tx)]
