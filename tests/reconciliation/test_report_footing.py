"""A report foots across its dimensions, or it is refused with the rows that differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.errors import WrongUsage
from reconciliation.reports.footing import DoesNotFoot, check
from reconciliation.reports.table import Column, Kind, Lazy, Sum, Table
from tests.reconciliation.report_kit import (
    COUNT,
    DAY,
    GROSS,
    LOT,
    MONEY,
    NET,
    REFUNDS,
    by_lot,
    report,
    table,
)  # fmt: skip

KIND = Column("kind", "Kind")


def published(total: int) -> Table:
    """The city's figure for phase 2 (hanoi.md §1.3): motorbikes by QR, cars without cash."""
    rows = [("Xe máy", 565_954), ("Ô tô", 268_938)]
    return Table("by_vehicle", "By vehicle", (KIND, COUNT), rows, (None, total), ("kind",))


def test_the_published_figure_would_have_been_refused() -> None:
    check(report(published(834_892)))
    with pytest.raises(DoesNotFoot) as refused:
        check(report(published(843_892)))
    told = str(refused.value)
    assert "Xe máy 565,954" in told
    assert "Ô tô 268,938" in told
    assert "make 834,892, but the total says 843,892 (difference 9,000)" in told


def test_the_same_total_must_be_reached_by_lot_and_by_day() -> None:
    lots = table("by_lot", (LOT, COUNT), [("1", 2), ("2", 3)], whole="receipts")
    days = table("by_day", (DAY, COUNT), [(date(2026, 11, 1), 4)], whole="receipts")
    with pytest.raises(
        DoesNotFoot, match=r"by_lot\.count = by_day\.count.*by_day 4 .*total says 5"
    ):
        check(report(lots, days))
    check(report(lots, replace(days, whole="something else")))


def test_a_finer_table_gives_the_rows_of_the_coarser_one() -> None:
    lots = table("by_lot", (LOT, COUNT), [("1", 2), ("2", 3)])
    fine = table(
        "by_class", (LOT, KIND, COUNT), [("1", "car", 1), ("1", "bike", 1), ("2", "car", 3)],
        refines="by_lot",
    )  # fmt: skip
    check(report(lots, fine))
    swapped = replace(fine, rows=[("1", "car", 2), ("1", "bike", 1), ("2", "car", 2)])
    with pytest.raises(DoesNotFoot, match=r"by_lot\.count 1 .*by_class 3 .*total says 2"):
        check(report(lots, swapped))
    elsewhere = replace(fine, rows=[("1", "car", 2), ("3", "car", 3)])
    with pytest.raises(DoesNotFoot, match=r"by_lot\.count 2 .*by_class 0 .*total says 3"):
        check(report(lots, elsewhere))


def test_net_is_gross_less_refunds_in_every_row() -> None:
    sums = (Sum("net", ("gross",), ("refunds",)),)
    wrong = table("by_lot", (LOT, *MONEY), [("12", 1, 100, 10, 95)], sums=sums)
    with pytest.raises(
        DoesNotFoot,
        match=r"12: net .*gross 100 \+ −refunds -10 make 90, .*says 95 \(difference 5\)",
    ):
        check(report(wrong))


def test_of_many_rows_some_are_named_and_all_are_added() -> None:
    rows = [(str(n), 1) for n in range(500)]
    whole = table("by_lot", (LOT, COUNT), rows)
    check(report(whole))
    with pytest.raises(DoesNotFoot, match=r"20\. 19 1 \+ … make 500, but the total says 501"):
        check(report(replace(whole, totals=(None, 501))))


def test_a_long_table_is_read_anew_and_checked_in_one_pass() -> None:
    passes = []

    def read():  # type: ignore[no-untyped-def]
        passes.append(1)
        yield from ((str(n), n) for n in range(10))

    check(report(Table("by_lot", "By lot", (LOT, COUNT), Lazy(read), (None, 45), ("lot",))))
    assert len(passes) == 1


@given(st.lists(st.integers(-(10**12), 10**12), max_size=30), st.integers(-5, 5))
def test_a_total_is_accepted_exactly_when_its_rows_make_it(rows: list[int], off: int) -> None:
    made = table("by_lot", (LOT, GROSS), [(str(n), amount) for n, amount in enumerate(rows)])
    claimed = replace(made, totals=(None, sum(rows) + off))
    if off:
        with pytest.raises(DoesNotFoot):
            check(report(claimed))
    else:
        check(report(claimed))


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(WrongUsage, match="A row of 1 cells does not fit 2 columns"):
        check(report(Table("t", "By lot", (LOT, COUNT), [("x",)])))


def test_a_table_names_only_columns_it_has() -> None:
    with pytest.raises(WrongUsage, match=r"by_lot names columns it does not have.*: day"):
        table("by_lot", (LOT, COUNT), [], by=("day",))
    with pytest.raises(WrongUsage, match="has twice"):
        Table("t", "By lot", (LOT, NET, REFUNDS, LOT), [])
    with pytest.raises(WrongUsage, match=r"sample has no table nothing; it has by_lot"):
        report(by_lot()).table("nothing")
    assert report(by_lot()).table("by_lot").columns[1].kind is Kind.DATE
