"""Figures of a day that is not over: current, without asking anybody, and never a violation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.provider import MovementFact, MovementKind, Notice, Status
from reconciliation.invariants import check
from reconciliation.models import SETTLEMENT, AccountDay, DayTotal
from reconciliation.reports.daily import daily
from reconciliation.running import keep_current
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, at, night

MINUTE = timedelta(minutes=1)


def add_up(world: World, hour: int, minute: int = 0) -> int:
    return keep_current(world.databases.write, at(DAY, hour, minute))


def violations(world: World) -> list[str]:
    with world.databases.read() as tx:
        return [found.row for found in check(tx) if found.rule == "totals_equal_their_rows"]


def test_todays_money_is_in_the_report_before_the_night(world: World) -> None:
    world.pay("A")
    world.pay("B", 5_000, slug="cau-go")
    assert add_up(world, 10, 1) == 2
    with world.databases.read() as tx:
        found = daily(tx, DAY, now=at(DAY, 10, 2))
    assert (found.total.count, found.total.gross, found.total.net) == (
        2,
        PRICE + 5_000,
        PRICE + 5_000,
    )
    assert {part.state for part in found.by_account} == {"awaiting"}
    assert found.as_of == at(DAY, 10, 1)


def test_nobody_is_asked_and_no_day_is_taken_for_compared(world: World) -> None:
    world.pay("A")
    world.shelf.failures["an-binh", SETTLEMENT] = AssertionError("asked for a file")
    add_up(world, 10, 1)
    assert world.count(AccountDay) == 0
    assert world.count(DayTotal) == 1


def test_money_that_comes_after_a_round_is_no_violation_and_in_the_next(world: World) -> None:
    world.pay("A")
    add_up(world, 10, 1)
    world.pay("B", when=at(DAY, 12))
    assert violations(world) == []
    add_up(world, 12, 1)
    assert sum(total.count for total in world.totals()) == 2
    assert violations(world) == []


def test_money_told_late_brings_its_recent_day_up_to_date(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    order, told = world.order(), at(DAY + ONE, 9)
    motion = MovementFact(MovementKind.RECEIPT, "T-C", PRICE, "VND", at(DAY, 22))
    world.tell(Notice("c", order.code, Status.PAID, told, (motion,)), now=told)
    assert keep_current(world.databases.write, told + MINUTE) == 1
    assert sum(total.gross for total in world.totals()) == 2 * PRICE
    keep_current(world.databases.write, told + 30 * MINUTE)
    assert keep_current(world.databases.write, told + 31 * MINUTE) == 0


def test_a_night_after_many_rounds_ends_as_one_without(world: World) -> None:
    paid = world.pay("A")
    for minute in range(3):
        add_up(world, 10, minute)
    world.settle(DAY, paid.line)
    assert world.reconcile().state == "complete"
    (total,) = world.totals()
    assert (total.count, total.gross, total.fees, total.confirmed_count) == (1, PRICE, FEE, 1)
    assert total.computed_at == night(DAY)


@pytest.mark.parametrize("figure", ["count", "gross"])
def test_a_figure_that_was_changed_by_hand_is_named_before_the_night_too(
    world: World, figure: str
) -> None:
    world.pay("A")
    add_up(world, 11)
    with world.databases.write.begin() as tx:
        (total,) = tx.query(DayTotal)
        setattr(total, figure, getattr(total, figure) + 1)
        total.net = total.gross
    assert violations(world) == [f"day_total {DAY} an-binh HK-001 stay.car"]
