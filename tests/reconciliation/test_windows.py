"""How many days what has not come is awaited: two people agree on it, per account or for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from payments.errors import Conflict, WrongUsage
from payments.models import MerchantAccount
from reconciliation.invariants import check
from reconciliation.rules.deciding import approve, propose_window, retire
from reconciliation.rules.models import LineRule
from reconciliation.rules.windows import lateness
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    at,
    credit_line,
    file_of,
    night,
)

AN, BINH = "person:an", "person:binh"
NET, MORNING = PRICE - FEE, at(DAY)
#: When the statement of the day is due.
DUE = night(DAY) - timedelta(minutes=15)


def wait(world: World, days: int, of: MerchantAccount | None = None, when: Any = MORNING) -> Any:
    """Let a window count; of all accounts of the operator, unless `of` says which one."""
    with world.databases.write.begin() as tx:
        made = propose_window(tx, world.account.operator, of, days, AN, when)
        return approve(tx, made.id, BINH, when).id


def waits(world: World, when: Any) -> int:
    with world.databases.read() as tx:
        return lateness(tx, world.account.id, when).days


def proven(world: World) -> list[object]:
    with world.databases.read() as tx:
        return list(check(tx))


@pytest.mark.parametrize("days", [0, 1, 10, 31])
def test_so_many_days_a_payment_may_come_late(world: World, days: int) -> None:
    wait(world, days)
    world.pay("A")
    world.settle(DAY)
    if days:
        world.reconcile(now=DUE + timedelta(days=days) - timedelta(minutes=1))
        assert [b.timing for b in world.breaks()] == [True]
    world.reconcile(now=DUE + timedelta(days=days))
    assert [b.timing for b in world.breaks()] == [False]
    assert proven(world) == []


def test_the_accounts_own_window_goes_before_that_of_all(world: World) -> None:
    assert waits(world, at(DAY)) == 3
    own = wait(world, 7, world.account)
    wait(world, 1)
    assert waits(world, at(DAY)) == 7
    with world.databases.write.begin() as tx:
        retire(tx, own, AN, at(DAY + ONE))
    assert (waits(world, at(DAY)), waits(world, at(DAY + ONE))) == (7, 1)


def test_the_next_version_ends_the_one_before(world: World) -> None:
    wait(world, 7)
    wait(world, 2, when=at(DAY + ONE))
    assert [waits(world, at(DAY + later * ONE)) for later in (-1, 0, 1)] == [3, 7, 2]
    with world.databases.read() as tx:
        found = sorted((rule.version, rule.days, rule.state) for rule in tx.query(LineRule))
    assert found == [(1, 7, "retired"), (2, 2, "counting")]


def test_nobody_approves_their_own_window_and_what_only_waits_does_not_count(world: World) -> None:
    with pytest.raises(Conflict), world.databases.write.begin() as tx:
        approve(tx, propose_window(tx, "x", None, 5, AN, at(DAY)).id, AN, at(DAY))
    with world.databases.write.begin() as tx:
        propose_window(tx, world.account.operator, None, 5, AN, at(DAY))
    assert waits(world, night(DAY)) == 3


def test_a_window_is_a_month_at_most_and_never_changes(world: World) -> None:
    for wrong in (-1, 32):
        with pytest.raises(WrongUsage), world.databases.write.begin() as tx:
            propose_window(tx, world.account.operator, None, wrong, AN, at(DAY))
    wait(world, 5)
    with pytest.raises(DatabaseError, match="append-only"), world.databases.write.begin() as tx:
        tx.execute(text("UPDATE line_rule SET days = 6"))


@pytest.mark.parametrize("days", [0, 2])
def test_money_nobody_pays_out_is_missing_when_the_window_is_over(world: World, days: int) -> None:
    wait(world, days, world.account)
    world.settle(DAY - ONE)
    world.reconcile(DAY - ONE)
    world.put(file_of(DAY, world.pay("A").line))
    for later in range(days + 1):
        if later:
            world.put(file_of(DAY + later * ONE))
        world.reconcile(DAY + later * ONE)
        expected = [] if later < days else [("missing_external", -NET)]
        assert [(b.kind, b.difference) for b in world.breaks() if b.leg == "payout"] == expected
    assert proven(world) == []


def test_a_credit_that_was_awaited_by_an_older_window_breaks_no_promise(world: World) -> None:
    wait(world, 10)
    later = at(DAY + 6 * ONE)
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET, DAY))
    world.reconcile(DAY + ONE, now=later)
    assert (world.brief(DAY + ONE), proven(world)) == ([], [])
    wait(world, 2, when=later + timedelta(minutes=1))
    assert proven(world) == []
    world.reconcile(DAY + ONE, now=later + timedelta(hours=1))
    assert [row[0] for row in world.brief(DAY + ONE)] == ["missing_internal"]
    assert proven(world) == []
