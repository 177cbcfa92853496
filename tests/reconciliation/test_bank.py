"""The bank leg: payouts and credits, over the three files whose last one decides."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import select

from payments.models import Movement, Transfer
from payments.provider import LineKind
from reconciliation.invariants import check
from reconciliation.models import BANK, Assignment
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    at,
    credit_line,
    file_of,
    line,
    night,
    payout_line,
)

NET = PRICE - FEE


def proven(world: World) -> bool:
    with world.databases.read() as tx:
        return list(check(tx)) == []


def test_a_payout_that_arrived_is_matched_booked_and_banked(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    (before,) = world.totals()
    assert (before.confirmed_count, before.banked_count, before.banked_gross) == (1, 0, 0)
    world.settle(DAY + ONE)
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET))
    result = world.reconcile(DAY + ONE)
    (after,) = world.totals()
    assert result.matched == 1
    assert (after.banked_count, after.banked_gross) == (1, PRICE)
    with world.databases.read() as tx:
        match = tx.scalars(select(Assignment).where(Assignment.leg == BANK)).one()
        payout = tx.scalars(select(Movement).where(Movement.kind == "payout")).one()
        entry = tx.scalars(select(Transfer).where(Transfer.movement_id == payout.id)).one()
    assert (match.rule, match.payout_id is not None, match.movement_id) == ("batch", True, None)
    assert (payout.rail_ref, payout.amount, payout.book_day) == ("B-1120", NET, DAY + ONE)
    assert (entry.debit, entry.credit) == ("bank", "clearing:an-binh")
    assert proven(world)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_missing_credit_is_found_by_whichever_file_comes_last(
    world: World, order: tuple[int, ...]
) -> None:
    paid = world.pay("A")
    for number in order:
        assert world.brief() == []
        if number == 0:
            world.settle(DAY, paid.line)
        else:
            world.credit(DAY + number * ONE)
        world.reconcile(DAY + number * ONE, now=night(DAY + 2 * ONE))
    assert world.brief() == [("missing_external", "L-B-1120", -NET, "open")]
    assert [b.timing for b in world.breaks()] == [True]
    world.reconcile(now=at(DAY + 9 * ONE))
    assert [b.timing for b in world.breaks()] == [False]
    assert proven(world)


def test_a_credit_that_comes_after_all_explains_the_missing_one(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    for later in (0, 1, 2):
        world.credit(DAY + later * ONE)
        world.reconcile(DAY + later * ONE)
    world.credit(DAY + 3 * ONE, credit_line(DAY + 3 * ONE, NET, DAY))
    world.reconcile(DAY + 3 * ONE)
    (row,) = world.breaks()
    assert (row.kind, row.state, row.resolution, row.difference) == (
        "missing_external",
        "resolved",
        "matched",
        0,
    )
    assert row.line == "L-FT1123"
    assert [t.banked_count for t in world.totals()] == [1]
    assert proven(world)


def test_a_credit_of_another_amount_is_named_and_booked_as_it_arrived(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET - 7))
    world.reconcile()
    world.reconcile(DAY + ONE)
    assert world.brief() == [("amount_mismatch", "L-FT1121", -7, "open")]
    with world.databases.read() as tx:
        booked = tx.scalars(select(Movement.amount).where(Movement.kind == "payout")).all()
    assert booked == [NET - 7]
    assert {t.banked_count for t in world.totals()} == {0}
    assert proven(world)


def test_one_payout_credited_twice_is_a_duplicate(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    twice = credit_line(DAY + ONE, NET)
    world.credit(DAY + ONE, twice, line("again", NET, 0, LineKind.PAYOUT, rail="B-1120",
                                        when=at(DAY + ONE, 10)))  # fmt: skip
    world.reconcile()
    world.reconcile(DAY + ONE)
    assert world.brief(DAY + ONE) == [("duplicate_external", "L-again", NET, "open")]
    assert proven(world)


def test_a_credit_waits_for_the_settlement_file_that_explains_it(world: World) -> None:
    paid = world.pay("A")
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET))
    world.reconcile(DAY + ONE)
    assert world.brief(DAY + ONE) == []
    assert proven(world)
    world.settle(DAY, paid.line)
    assert world.reconcile(now=at(DAY + ONE, 12)).matched == 2
    assert world.brief(DAY + ONE) == []
    assert proven(world)


def test_a_credit_nobody_explains_is_unknown_money(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    gift = line("gift", 99, 0, LineKind.OTHER, rail=None, when=at(DAY + ONE))
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET), gift)
    world.reconcile(DAY + ONE)
    assert world.brief(DAY + ONE) == [("missing_internal", "L-gift", 99, "open")]
    world.reconcile(DAY + ONE, now=at(DAY + 2 * ONE))
    assert len(world.breaks(DAY + ONE)) == 1
    assert proven(world)


def test_a_credit_is_not_waited_for_for_ever(world: World) -> None:
    world.credit(DAY, credit_line(DAY, 5))
    world.reconcile(DAY)
    assert world.brief() == []
    world.reconcile(DAY, now=at(DAY + 4 * ONE))
    assert world.brief() == [("missing_internal", "L-FT1120", 5, "open")]


def test_receipts_are_banked_when_every_payout_of_their_file_has_arrived(world: World) -> None:
    one, two = world.pay("A"), world.pay("B")
    first = payout_line(DAY, one.line)
    second = line("B-second", -NET, 0, LineKind.PAYOUT, rail="B-second", when=at(DAY, 23, 59))
    world.put(file_of(DAY, one.line, two.line, first, second))
    world.reconcile()
    world.credit(DAY + ONE, credit_line(DAY + ONE, NET))
    world.reconcile(DAY + ONE)
    assert [t.banked_count for t in world.totals()] == [0]
    world.credit(DAY + 2 * ONE, line("late", NET, 0, LineKind.PAYOUT, rail="B-second",
                                     when=at(DAY + 2 * ONE, 9)))  # fmt: skip
    world.reconcile(DAY + 2 * ONE)
    assert [(t.banked_count, t.banked_gross) for t in world.totals()] == [(2, 2 * PRICE)]
    assert proven(world)
