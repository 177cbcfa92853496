"""Form 01/TTGD: what is filed once, and what an amendment holds, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DatabaseError

from parking.tax.models import TaxTableRow
from parking.tax.periods import read_period
from parking.tax.tables import file_table
from payments.db import new_id
from payments.errors import Conflict
from tests.kit import Town
from tests.passes.kit import bought
from tests.receipts.kit import changed, give_back, operator, receipted
from tests.tax.kit import (
    DECEMBER,
    FILING,
    NOVEMBER,
    asked,
    file,
    handed_over,
    rows_of,
    violations,
)


def test_every_transaction_of_the_month_is_one_row(town: Town) -> None:
    first, second = receipted(town, "30A-111.11"), receipted(town, "30A-222.22")
    receipted(town, "30A-333.33", lot="DD01")
    bought(town)
    table = file(town)
    rows = rows_of(town, table)
    assert (table.number, table.count, table.gross) == (0, 3, 260_000)
    assert [row.position for row in rows] == [1, 2, 3]
    assert [row.receipt_id for row in rows[:2]] == [first.id, second.id]
    assert (rows[0].net, rows[0].vat, rows[0].basis_points) == (23_148, 1_852, 800)
    assert rows[0].document == "HOAN-KIEM-2026-000001"
    assert [row.product for row in rows] == ["parking:car"] * 2 + ["pass:motorbike:full"]
    assert (table.taxpayer, table.tax_code) == ("Công ty Cổ phần Bãi xe Hoàn Kiếm", "0100000001")
    assert violations(town) == []


def test_a_table_is_not_filed_before_the_month_is_over_in_hanoi(town: Town) -> None:
    receipted(town)
    town.clock.now = datetime(2026, 11, 30, 16, 59, tzinfo=UTC)
    with pytest.raises(Conflict, match=r"2026-11 is not over: .* from 01/12/2026 on"):
        file_at_once(town)
    town.clock.forward(minutes=1)
    assert file_at_once(town) == 1


def file_at_once(town: Town) -> int:
    writer = town.house.databases.write
    return file_table(writer, operator(town), NOVEMBER, "person:minh", town.now).count


def test_receipts_that_were_due_are_written_first(town: Town) -> None:
    receipted(town)
    car = town.arrive("30A-222.22")
    town.clock.forward(minutes=30)
    town.pay(car)
    assert file(town).count == 2


def test_a_refund_of_the_same_month_is_an_adjustment_in_its_table(town: Town) -> None:
    receipt = receipted(town)
    give_back(town, receipt, 10_000)
    rows = rows_of(town, file(town))
    assert [(row.kind, row.gross) for row in rows] == [("sale", 25_000), ("change", -10_000)]
    assert {row.receipt_id for row in rows} == {receipt.id}
    assert violations(town) == []


def test_a_refund_of_a_later_month_stands_in_that_month(town: Town) -> None:
    receipt = receipted(town)
    november = file(town)
    give_back(town, receipt, 25_000)
    town.clock.now = datetime(2027, 1, 5, tzinfo=UTC)
    december = file(town, DECEMBER)
    assert (november.gross, december.gross, december.count) == (25_000, -25_000, 1)
    with pytest.raises(Conflict, match="Nothing was missing or changed in period 2026-11"):
        file(town)
    assert violations(town) == []


def test_an_amendment_holds_only_what_came_up_since(town: Town) -> None:
    receipted(town, "30A-111.11")
    car = town.arrive("30A-222.22")
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment)
    file(town)
    town.learn(payment)
    amendment = file(town)
    assert (amendment.number, amendment.count, amendment.gross) == (1, 1, 25_000)
    assert rows_of(town, amendment)[0].code == payment.code
    assert violations(town) == []


def test_a_month_without_any_transaction_can_be_filed_once(town: Town) -> None:
    assert (file(town).count, file_again(town)) == (0, "refused")


def file_again(town: Town) -> str:
    with pytest.raises(Conflict, match="Nothing was missing"):
        file(town)
    return "refused"


def test_months_and_quarters_do_not_overlap(town: Town) -> None:
    receipted(town)
    file(town)
    town.clock.now = datetime(2027, 1, 5, tzinfo=UTC)
    with pytest.raises(Conflict, match="2026-Q4 overlaps 2026-11"):
        file(town, read_period("2026-Q4"))


def test_a_company_that_waits_holds_the_table_up(town: Town) -> None:
    asked(town, receipted(town))
    with pytest.raises(Conflict, match="1 companies still wait"):
        file(town)


def test_what_has_an_invoice_is_in_no_table(town: Town) -> None:
    receipted(town, "30A-111.11")
    invoiced = receipted(town, "30A-222.22")
    handed_over(town, invoiced)
    give_back(town, invoiced, 5_000)
    table = file(town)
    assert (table.count, table.gross, table.invoiced) == (1, 25_000, 1)
    assert violations(town) == []


def test_an_invoice_asked_for_later_takes_the_receipt_back_in_an_amendment(town: Town) -> None:
    receipted(town, "30A-111.11")
    late = receipted(town, "30A-222.22")
    give_back(town, late, 5_000)
    assert file(town).gross == 45_000
    town.clock.forward(days=1)
    handed_over(town, late, late=True)
    amendment = file(town)
    rows = rows_of(town, amendment)
    assert [(row.kind, row.gross) for row in rows] == [
        ("withdrawn", -25_000),
        ("withdrawn", 5_000),
    ]
    assert violations(town) == []
    assert file_again(town) == "refused"


def test_the_database_refuses_to_report_a_receipt_twice(town: Town) -> None:
    receipted(town)
    table = file(town)
    (row,) = rows_of(town, table)
    again = {column.key: getattr(row, column.key) for column in TaxTableRow.__table__.columns}
    with pytest.raises(DatabaseError), town.house.databases.write.begin() as tx:
        tx.execute(insert(TaxTableRow), [{**again, "position": 2}])


def test_the_database_refuses_a_row_for_what_an_invoice_stands_for(town: Town) -> None:
    receipted(town, "30A-111.11")
    table = file(town)
    (row,) = rows_of(town, table)
    invoiced = receipted(town, "30A-222.22")
    handed_over(town, invoiced)
    like = {column.key: getattr(row, column.key) for column in TaxTableRow.__table__.columns}
    like |= {"receipt_id": invoiced.id, "position": 2}
    with pytest.raises(DatabaseError, match="invoice"), town.house.databases.write.begin() as tx:
        tx.execute(insert(TaxTableRow), [like])


@pytest.mark.parametrize(
    "statement", ["UPDATE tax_table SET gross = 0", "DELETE FROM tax_table_row"]
)
def test_a_filed_table_cannot_be_changed(town: Town, statement: str) -> None:
    receipted(town)
    file(town)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        town.house.databases.write.begin() as tx,
    ):
        tx.execute(text(statement))


def unguarded(town: Town, table: str) -> None:
    """Somebody with the keys of the database takes a table's triggers away."""
    on_postgresql = town.house.databases.engine.dialect.name == "postgresql"
    with town.house.databases.write.begin() as tx:
        for act in ("update", "delete"):
            on = f" ON {table}" if on_postgresql else ""
            tx.execute(text(f"DROP TRIGGER {table}_no_{act}{on}"))


def test_a_table_that_is_not_its_rows_is_named(town: Town) -> None:
    receipted(town)
    file(town)
    unguarded(town, "tax_table")
    with town.house.databases.write.begin() as tx:
        tx.execute(text("UPDATE tax_table SET gross = gross + 1"))
    found = violations(town)
    assert any("[1, 23148, 1852, 25001], its rows [1, 23148, 1852, 25000]" in v for v in found)
    assert any("tax_triggers_are_in_place" in v for v in found)


def test_a_receipt_that_fell_out_of_its_table_is_named(town: Town) -> None:
    receipt = receipted(town)
    give_back(town, receipt, 5_000)
    changed(town)
    file(town)
    unguarded(town, "tax_table_row")
    with town.house.databases.write.begin() as tx:
        tx.execute(text("DELETE FROM tax_table_row"))
    found = violations(town)
    assert any(f"receipt {receipt.id} is neither in a table nor invoiced" in v for v in found)
    assert any("is in no table" in v for v in found)


def test_a_receipt_that_is_reported_and_invoiced_is_named(town: Town) -> None:
    receipt = receipted(town)
    file(town)
    town.clock.forward(days=1)
    invoice = handed_over(town, receipt, late=True)
    assert violations(town) == []
    with town.house.databases.write.begin() as tx:
        earlier = update(type(invoice)).values(exported_at=FILING - timedelta(days=1))
        tx.execute(earlier)
    assert any(f"receipt {receipt.id} is in a table and invoiced" in v for v in violations(town))


def test_ids_tell_what_was_there_when_a_table_was_filed(town: Town) -> None:
    receipt = receipted(town)
    assert receipt.id < file(town).id < new_id()
    assert NOVEMBER.due >= FILING.date()
