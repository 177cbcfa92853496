"""The nightly job: every open day of every account, whatever one rail does."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

import pytest

from payments.db import Databases
from payments.provider import (
    Capabilities,
    MovementFact,
    MovementKind,
    Notice,
    ProviderUnavailable,
    Status,
)
from reconciliation.days import due_at
from reconciliation.models import BANK, SETTLEMENT, AccountDay
from reconciliation.service import Result, reconcile_open_days
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    FilingRail,
    World,
    at,
    credit_line,
    make_world,
    night,
)


def run(world: World, now: datetime) -> list[Result]:
    return reconcile_open_days(world.databases.write, world.gateways, now)


def visited(results: list[Result]) -> list[tuple[str, date]]:
    return [(result.account, result.day) for result in results]


def test_a_file_is_due_its_minutes_after_midnight_in_the_city() -> None:
    rail = Capabilities(True, True, frozenset({"VND"}), statement_due_minutes=15)
    assert due_at(DAY, rail) == at(DAY + ONE, 0, 15)


def test_every_day_since_the_first_money_is_reconciled_once(databases: Databases) -> None:
    world = make_world(databases, FilingRail)
    world.settle(DAY, world.pay("A").line)
    world.settle(DAY + ONE)
    world.settle(DAY + 2 * ONE, world.pay("B", when=at(DAY + 2 * ONE)).line)
    now = night(DAY + 2 * ONE)
    assert visited(run(world, now)) == [("an-binh", DAY + n * ONE) for n in range(3)]
    assert world.count(AccountDay) == 3
    assert run(world, now) == []


def test_today_is_not_over_yet(world: World) -> None:
    world.pay("A")
    assert run(world, at(DAY, 23, 59)) == []
    assert visited(run(world, at(DAY + ONE, 0, 0))) == [("an-binh", DAY)]


def test_a_day_is_asked_for_until_its_file_comes(databases: Databases) -> None:
    world = make_world(databases, FilingRail)
    paid = world.pay("A")
    assert [r.reason for r in run(world, night(DAY))] == ["no_file"]
    world.settle(DAY, paid.line)
    assert [r.state for r in run(world, night(DAY) + timedelta(hours=1))] == ["complete"]
    assert run(world, night(DAY) + timedelta(hours=2)) == []


def test_a_day_that_waits_for_a_late_line_is_looked_at_until_it_is_no_timing(
    databases: Databases,
) -> None:
    world = make_world(databases, FilingRail)
    world.pay("A")
    for later in range(5):
        world.settle(DAY + later * ONE)
    looks = [visited(run(world, night(DAY + n * ONE))) for n in range(5)]
    assert [("an-binh", DAY) in look for look in looks] == [True, True, True, True, False]
    assert [b.timing for b in world.breaks()] == [False]


def test_money_recorded_after_a_look_brings_its_day_back(databases: Databases) -> None:
    world = make_world(databases, FilingRail)
    world.settle(DAY, world.pay("A").line)
    run(world, night(DAY))
    told = at(DAY + ONE, 9)
    assert run(world, told) == []
    late = world.order()
    motion = MovementFact(MovementKind.RECEIPT, "T-C", PRICE, "VND", at(DAY, 22))
    world.tell(Notice("c", late.code, Status.PAID, told, (motion,)), now=told)
    assert visited(run(world, told + timedelta(hours=1))) == [("an-binh", DAY)]
    assert sum(t.gross for t in world.totals()) == 2 * PRICE


def test_a_bank_file_that_did_not_come_brings_its_day_back(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.credit(DAY)
    world.settle(DAY + ONE)
    world.shelf.failures["an-binh", BANK] = ProviderUnavailable("no answer")
    run(world, night(DAY + ONE))
    del world.shelf.failures["an-binh", BANK]
    world.credit(DAY + ONE, credit_line(DAY + ONE, PRICE - FEE))
    found = run(world, night(DAY + ONE) + timedelta(hours=1))
    assert visited(found) == [("an-binh", DAY), ("an-binh", DAY + ONE)]
    assert [t.banked_count for t in world.totals()] == [1]
    assert run(world, night(DAY + ONE) + timedelta(hours=2)) == []


def test_one_broken_rail_stops_no_other_account(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.pay("A")
    world.settle(DAY, world.pay("B", slug="cau-go").line, slug="cau-go")
    world.shelf.failures["an-binh", SETTLEMENT] = KeyError("a defect of the rail's code")
    with caplog.at_level(logging.ERROR):
        broken, well = run(world, night(DAY))
    assert (broken.account, broken.state, broken.reason, broken.day) == (
        "an-binh",
        "awaiting",
        "failed",
        DAY,
    )
    assert "a defect of the rail's code" in broken.refusals[0].reason
    assert (well.account, well.state, well.matched) == ("cau-go", "complete", 1)
    assert "an-binh could not be reconciled" in caplog.text


def test_an_account_whose_rail_is_not_installed_says_so(world: World) -> None:
    world.pay("A")
    bare = type(world.gateways)({}, world.gateways.http, world.gateways.clock, world.gateways.vault)
    results = reconcile_open_days(world.databases.write, bare, night(DAY))
    assert [r.refusals[0].reason for r in results] == [
        "There is no payment provider banking here; installed are: -."
    ] * 2


class CashBox(FilingRail):
    """A rail without statements."""

    name = "cash-box"
    capabilities = Capabilities(refunds=False, statements=False, currencies=frozenset({"VND"}))


def test_a_rail_without_statements_is_added_up_once_and_then_left_alone(
    databases: Databases,
) -> None:
    world = make_world(databases, CashBox)
    world.pay("A")
    assert [(r.state, r.reason) for r in run(world, night(DAY))] == [("awaiting", "no_statements")]
    assert [t.gross for t in world.totals()] == [PRICE]
    assert run(world, night(DAY) + timedelta(hours=1)) == []
