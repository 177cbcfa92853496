"""Totals, the daily report and tables: what is printed adds up, or is not printed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from payments.provider import LineKind, MovementFact, MovementKind, Notice, Status
from reconciliation.reports.daily import CentrePart, DailyReport, daily
from reconciliation.reports.figures import Figures
from reconciliation.reports.footing import DoesNotFoot, check_foots
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    at,
    credit_line,
    line,
    night,
)


def report(world: World, operator: str | None = None) -> DailyReport:
    with world.databases.read() as tx:
        return daily(tx, DAY, now=at(DAY + 3 * ONE), operator=operator)


def test_totals_split_by_cost_centre_and_product_and_add_up(world: World) -> None:
    paid = [
        world.pay("A"),
        world.pay("B", 5_000, lot="HK-002", product="stay.motorbike"),
        world.pay("C", 8_000, lot="HK-002", product="stay.motorbike"),
    ]
    world.move(MovementKind.REFUND, "R", paid[2].payment, 3_000)
    refund = line("R", -3_000, 0, LineKind.REFUND, order=paid[2].payment.code)
    world.settle(DAY, paid[0].line, altered(paid[1].line, gross=6_000), paid[2].line, refund)
    world.reconcile()
    found = {
        (t.cost_centre, t.product): (
            t.count, t.gross, t.refunds, t.fees, t.net, t.confirmed_count, t.confirmed_gross,
            t.breaks,
        )
        for t in world.totals()
    }  # fmt: skip
    assert found == {
        ("HK-001", "stay.car"): (1, PRICE, 0, FEE, PRICE - FEE, 1, PRICE, 0),
        ("HK-002", "stay.motorbike"): (2, 13_000, 3_000, 143, 9_857, 1, 8_000, 1),
    }


def test_money_without_a_payment_is_counted_without_a_cost_centre(world: World) -> None:
    motion = MovementFact(MovementKind.RECEIPT, "T-A", 900, "VND", at(DAY))
    world.tell(Notice("stray", "PKSTRANGER", Status.PAID, at(DAY), (motion,)))
    world.settle(DAY, line("A", 900, 10), line("X", 700, 8))
    world.reconcile()
    (suspense,) = world.totals()
    assert (suspense.cost_centre, suspense.product) == ("", "")
    assert (suspense.count, suspense.confirmed_count) == (1, 1)
    assert (suspense.gross, suspense.fees, suspense.breaks) == (900, 18, 1)


def test_money_in_another_currency_is_not_added(world: World) -> None:
    world.receive("A", world.order(), currency="USD")
    world.reconcile()
    assert world.totals() == []
    assert report(world).total == Figures()


def test_the_report_tells_recorded_confirmed_and_banked_apart(world: World) -> None:
    banked = world.pay("A")
    world.pay("B")
    world.settle(DAY, banked.line)
    world.credit(DAY + ONE, credit_line(DAY + ONE, PRICE - FEE))
    world.reconcile()
    world.reconcile(DAY + ONE)
    world.settle(DAY, world.pay("C", slug="cau-go", lot="DD-001").line, slug="cau-go")
    world.reconcile(slug="cau-go")
    found = report(world)
    assert found.total == Figures(3, 3 * PRICE, 0, 2 * FEE, 3 * PRICE - 2 * FEE, 2, 2 * PRICE, 1,
                                  PRICE, 1)  # fmt: skip
    assert found.total.matched == 2
    assert [(p.slug, p.operator, p.state, p.figures.count) for p in found.by_account] == [
        ("an-binh", "An Bình", "complete", 2),
        ("cau-go", "Cầu Gỗ", "complete", 1),
    ]
    assert [(p.cost_centre, p.figures.count) for p in found.by_cost_centre] == [
        ("DD-001", 1),
        ("HK-001", 2),
    ]
    assert (found.as_of, found.asked_at) == (night(DAY), at(DAY + 3 * ONE))


def test_an_operator_sees_its_own_figures_only(world: World) -> None:
    for slug in ("an-binh", "cau-go"):
        world.pay("A", slug=slug)
        world.reconcile(slug=slug)
    mine = report(world, operator="Cầu Gỗ")
    assert (mine.total.count, [p.slug for p in mine.by_account]) == (1, ["cau-go"])


def test_a_day_nobody_looked_at_is_empty_and_awaits_its_files(world: World) -> None:
    empty = report(world)
    assert empty.total == Figures()
    assert [(p.state, p.due_at) for p in empty.by_account] == [
        ("awaiting", None),
        ("awaiting", None),
    ]
    assert empty.as_of == at(DAY + 3 * ONE)


def test_a_report_that_does_not_add_up_is_refused_naming_its_rows(world: World) -> None:
    world.pay("A")
    world.reconcile()
    good = report(world)
    off = Figures(1, PRICE + 1, 0, 0, PRICE + 1)
    accounts = (replace(good.by_account[0], figures=off), *good.by_account[1:])
    with pytest.raises(DoesNotFoot, match=r"gross .*: an-binh 20,001 \+ cau-go 0 .* says 20,000"):
        replace(good, by_account=accounts).check()
    with pytest.raises(DoesNotFoot, match=r"gross does not add up: HK-001 20,001 .* says 20,000"):
        replace(good, by_cost_centre=(CentrePart("HK-001", off),)).check()


def test_net_that_is_not_gross_less_refunds_and_fees_is_refused(world: World) -> None:
    good, wrong = report(world), Figures(net=5)
    accounts = (replace(good.by_account[0], figures=wrong),)
    centres = (CentrePart("", wrong),)
    with pytest.raises(DoesNotFoot, match=r"net does not add up: gross 0 .* says 5"):
        replace(good, total=wrong, by_account=accounts, by_cost_centre=centres).check()


def test_a_long_list_of_parts_is_cut_in_the_complaint_not_in_the_sum() -> None:
    parts = {str(n): 1 for n in range(30)}
    check_foots("x", 30, parts)
    with pytest.raises(DoesNotFoot, match=r"19 1 \+ … make 30"):
        check_foots("x", 31, parts)
    with pytest.raises(DoesNotFoot, match="0 make 0, but the total says 1"):
        check_foots("x", 1, {})
