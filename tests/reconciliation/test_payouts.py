"""The payout leg: what a payout pays is what its lines make, or a difference says how much it is off."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from parking.trace.way import shares
from payments.provider import LineKind, StatementLine
from reconciliation.breaks import BreakRow
from reconciliation.invariants import check
from reconciliation.models import PAYOUT, AssignmentLog, Break, Statement
from reconciliation.models import StatementLine as StoredLine
from reconciliation.payouts.models import PayoutBatch, StatementShare
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
    payout_line,
)
from tests.reconciliation.work import balance, clearing, resolving, work

NET = PRICE - FEE


def short(payout: StatementLine, by: int) -> StatementLine:
    """The payout, with so much less paid out."""
    return payout._replace(gross=payout.gross + by, net=payout.net + by)


def of_payouts(world: World, day: Any = DAY) -> list[BreakRow]:
    return [row for row in world.breaks(day) if row.leg == PAYOUT]


def brief(world: World, day: Any = DAY) -> list[tuple[str, str | None, int, str]]:
    return [(row.kind, row.line, row.difference, row.state) for row in of_payouts(world, day)]


def batches(world: World) -> list[tuple[int, int, int, int]]:
    with world.databases.read() as tx:
        rows = tx.scalars(select(PayoutBatch).order_by(PayoutBatch.id))
        return [(row.count, row.gross, row.fee, row.net) for row in rows]


def acts(world: World) -> list[str]:
    with world.databases.read() as tx:
        of_payout = select(AssignmentLog.act).where(AssignmentLog.leg == PAYOUT)
        return list(tx.scalars(of_payout.order_by(AssignmentLog.id)))


def proven(world: World) -> bool:
    with world.databases.read() as tx:
        assert list(check(tx)) == []
    return True


def test_a_payout_of_exactly_its_lines_is_matched_with_them(world: World) -> None:
    world.settle(DAY, world.pay("A").line, world.pay("B").line)
    world.reconcile()
    world.reconcile(now=at(DAY + ONE, 5))
    assert batches(world) == [(2, 2 * PRICE, 2 * FEE, 2 * NET)]
    assert (brief(world), acts(world)) == ([], ["match"])
    assert proven(world)


def test_a_payout_that_is_short_says_by_how_much(world: World) -> None:
    paid = world.pay("A").line
    world.put(file_of(DAY, paid, short(payout_line(DAY, paid), 5_000)))
    result = world.reconcile()
    assert (result.opened, batches(world)) == (1, [])
    assert brief(world) == [("amount_mismatch", "L-B-1120", -5_000, "open")]
    again = world.reconcile(now=at(DAY + ONE, 5))
    assert (again.opened, again.resolved) == (0, 0)
    assert proven(world)


def test_a_payout_of_nothing_we_know_is_a_difference_of_all_of_it(world: World) -> None:
    world.pay("A")
    world.put(file_of(DAY, line("B-1120", -700, 0, LineKind.PAYOUT, rail="B-1120")))
    world.reconcile()
    assert brief(world) == [("amount_mismatch", "L-B-1120", 700, "open")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_lines_of_a_file_without_a_payout_are_carried_by_the_next_whatever_comes_first(
    world: World, order: tuple[int, ...]
) -> None:
    paid, back, later = world.pay("A").line, line("R", -PRICE, 0, LineKind.REFUND), world.pay("C")
    next_day = later.line._replace(event_at=at(DAY + ONE), line_ref="L-C")
    files = (
        file_of(DAY, paid, back),
        file_of(DAY + ONE, next_day, payout_line(DAY + ONE, paid, back, next_day)),
        file_of(DAY + 2 * ONE, payout_line(DAY + 2 * ONE)),
    )
    for hour, number in enumerate(order, start=1):
        world.put(files[number])
        world.reconcile(files[number].day, now=at(DAY + 3 * ONE, hour))
    assert sorted(batches(world)) == [(0, 0, 0, 0), (3, PRICE, 2 * FEE, PRICE - 2 * FEE)]
    assert [row.state for row in of_payouts(world, DAY + ONE) if row.state == "open"] == []
    with world.databases.read() as tx:
        carrier = tx.scalar(select(Statement.batch).where(Statement.day == DAY))
        paid_out = select(StoredLine).where(StoredLine.rail_ref == "B-1121")
        told = sorted(share.line_ref for share in shares(tx, tx.scalars(paid_out).all()))
    assert (carrier, told) == ("B-1121", ["L-A", "L-C", "L-R"])


def test_a_line_goes_to_the_payout_that_it_names(world: World) -> None:
    one, two = world.pay("A").line, world.pay("B", 30_000).line
    first = payout_line(DAY, one)
    other = line("B-other", -two.net, 0, LineKind.PAYOUT, rail="B-other")
    world.put(
        file_of(DAY, one._replace(batch="B-1120"), two._replace(batch="B-other"), first, other)
    )
    world.reconcile()
    assert sorted(count for count, *_ in batches(world)) == [1, 1]
    assert brief(world) == []
    assert proven(world)


def test_payouts_of_a_file_whose_lines_name_none_are_judged_together(world: World) -> None:
    one, two = world.pay("A").line, world.pay("B").line
    half = line("B-half", -NET, 0, LineKind.PAYOUT, rail="B-half")
    world.put(file_of(DAY, one, two, payout_line(DAY, one), short(half, 1)))
    world.reconcile()
    assert brief(world) == [("amount_mismatch", "L-B-1120", -1, "open")]
    assert proven(world)


def test_a_payout_nobody_names_lines_for_is_not_judged(world: World) -> None:
    paid = world.pay("A").line
    world.put(replace(file_of(DAY, paid, short(payout_line(DAY, paid), 5)), by_payout=False))
    world.reconcile()
    assert (brief(world), batches(world)) == ([], [])
    assert proven(world)


def test_a_second_payout_of_the_same_money_is_called_a_duplicate(world: World) -> None:
    paid = world.pay("A").line
    world.settle(DAY, paid)
    again = payout_line(DAY, paid)._replace(line_ref="L-again")
    world.put(file_of(DAY + ONE, again._replace(event_at=at(DAY + ONE))))
    world.reconcile()
    world.reconcile(DAY + ONE)
    assert brief(world) == []
    assert brief(world, DAY + ONE) == [("duplicate_external", "L-again", NET, "open")]
    assert proven(world)


def test_a_later_file_with_the_missing_lines_explains_a_payout(world: World) -> None:
    one, two = world.pay("A").line, world.pay("B").line
    world.put(file_of(DAY, one, payout_line(DAY, one, two)))
    world.reconcile()
    assert brief(world) == [("amount_mismatch", "L-B-1120", NET, "open")]
    world.put(file_of(DAY, one, two, payout_line(DAY, one, two), version=2))
    result = world.reconcile(now=at(DAY + ONE, 5))
    assert result.resolved >= 1
    assert brief(world) == [("amount_mismatch", "L-B-1120", 0, "resolved")]
    assert batches(world) == [(2, 2 * PRICE, 2 * FEE, 2 * NET)]
    assert proven(world)


def test_a_match_that_a_later_file_unmakes_lapses_and_stays_in_the_log(world: World) -> None:
    one, two = world.pay("A").line, world.pay("B").line
    world.settle(DAY, one)
    world.reconcile()
    world.put(file_of(DAY, one, two, payout_line(DAY, one), version=2))
    world.reconcile(now=at(DAY + ONE, 5))
    assert (batches(world), acts(world)) == ([], ["match", "lapse"])
    assert brief(world) == [("amount_mismatch", "L-B-1120", -NET, "open")]
    assert proven(world)


def test_a_payout_of_a_day_that_is_not_all_there_is_not_judged_yet(world: World) -> None:
    paid = world.pay("A").line
    world.put(file_of(DAY, paid, short(payout_line(DAY, paid), 5), complete=False))
    world.reconcile()
    assert (brief(world), batches(world)) == ([], [])
    world.reconcile(now=at(DAY + 5 * ONE))
    assert brief(world) == [("amount_mismatch", "L-B-1120", -5, "open")]


def test_money_nobody_pays_out_is_missing_after_three_days(world: World) -> None:
    world.settle(DAY - ONE)
    world.reconcile(DAY - ONE)
    world.put(file_of(DAY, world.pay("A").line))
    for later in range(4):
        if later:
            world.put(file_of(DAY + later * ONE))
        world.reconcile(DAY + later * ONE)
        expected = [] if later < 3 else [("missing_external", "L-A", -NET, "open")]
        assert brief(world) == expected
    assert world.reconcile(DAY + 3 * ONE).opened == 0
    payout = payout_line(DAY + 4 * ONE, line("A"))
    world.put(file_of(DAY + 4 * ONE, payout))
    world.reconcile(DAY + 4 * ONE)
    assert brief(world) == [("missing_external", "L-A", 0, "resolved")]
    assert batches(world)[-1] == (1, PRICE, FEE, NET)
    assert proven(world)


def test_what_we_owe_the_provider_is_not_missed(world: World) -> None:
    world.settle(DAY - ONE)
    world.reconcile(DAY - ONE)
    world.put(file_of(DAY, line("R", -PRICE, 0, LineKind.REFUND)))
    for later in range(5):
        world.put(file_of(DAY + later * ONE, version=2))
        world.reconcile(DAY + later * ONE)
    assert brief(world) == []


def test_an_account_that_was_never_paid_out_waits_for_no_payout(world: World) -> None:
    world.put(file_of(DAY, world.pay("A").line))
    world.reconcile()
    world.put(file_of(DAY + 4 * ONE))
    world.reconcile(DAY + 4 * ONE)
    assert brief(world) == []


def test_lines_that_name_a_payout_nobody_announces_are_missed(world: World) -> None:
    world.settle(DAY - ONE)
    world.reconcile(DAY - ONE)
    world.put(file_of(DAY, world.pay("A").line._replace(batch="B-lost"), payout_line(DAY)))
    world.reconcile()
    assert brief(world) == []
    world.put(file_of(DAY + 3 * ONE))
    world.reconcile(DAY + 3 * ONE)
    assert brief(world) == [("missing_external", "L-A", -NET, "open")]


def test_lines_of_another_currency_are_no_part_of_a_payout(world: World) -> None:
    paid, foreign = world.pay("A").line, line("F", 9, 0, currency="USD")
    world.put(file_of(DAY, paid, foreign, payout_line(DAY, paid)))
    world.reconcile()
    assert batches(world) == [(1, PRICE, FEE, NET)]
    assert brief(world) == []
    assert proven(world)


def test_a_persons_word_about_a_payout_stands_when_files_come(world: World) -> None:
    paid = world.pay("A").line
    world.put(file_of(DAY, paid, short(payout_line(DAY, paid), 300)))
    world.reconcile()
    (row,) = of_payouts(world)
    owed = clearing(world)
    work(world, row.id, resolving("provider_charge"), at(DAY + ONE, 6))
    assert (owed - clearing(world), balance(world, "fees")) == (300, FEE + 300)
    world.put(file_of(DAY, paid, short(payout_line(DAY, paid), 300), version=2))
    world.reconcile(now=at(DAY + ONE, 7))
    assert [(one.state, one.resolution) for one in of_payouts(world)] == [
        ("resolved", "provider_charge")
    ]
    assert proven(world)


def test_receipts_are_banked_when_the_payout_that_carries_them_arrives(world: World) -> None:
    paid = world.pay("A").line
    world.put(file_of(DAY, paid))
    world.put(file_of(DAY + ONE, payout_line(DAY + ONE, paid)))
    world.reconcile()
    world.reconcile(DAY + ONE)
    assert [one.banked_gross for one in world.totals()] == [0]
    world.credit(DAY + 2 * ONE, credit_line(DAY + 2 * ONE, NET))
    world.reconcile(DAY + 2 * ONE)
    assert [one.banked_gross for one in world.totals()] == [PRICE]
    assert proven(world)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        (StatementShare.net, 1, "shares_equal_their_lines"),
        (Statement.batch, "B-none", "payouts_equal_their_lines"),
        (PayoutBatch.count, 7, "payouts_equal_their_lines"),
    ],
    ids=["share", "carrier", "match"],
)
def test_what_does_not_add_up_is_noticed(
    world: World, column: InstrumentedAttribute[Any], value: object, rule: str
) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    changes = {column.key: value}
    if column is StatementShare.net:
        changes["gross"] = 1 + FEE
    with world.databases.write.begin() as tx:
        tx.execute(update(column.class_).values(**changes))
    with world.databases.read() as tx:
        assert rule in {one.rule for one in check(tx)}


def test_a_payout_nobody_judged_and_a_file_left_behind_are_noticed(world: World) -> None:
    world.put(file_of(DAY, world.pay("A").line))
    world.put(file_of(DAY + ONE, payout_line(DAY + ONE, line("A"))))
    world.reconcile()
    world.reconcile(DAY + ONE)
    with world.databases.write.begin() as tx:
        tx.execute(delete(PayoutBatch))
        tx.execute(update(Statement).where(Statement.paid_by == "later").values(batch=None))
    with world.databases.read() as tx:
        found = {(one.rule, one.found) for one in check(tx)}
    assert ("payouts_equal_their_lines", "claimed 0 times on payout") in found
    assert ("shares_equal_their_lines", "carried by none, the next payout is B-1121") in found


def test_a_difference_of_another_size_is_noticed(world: World) -> None:
    paid = world.pay("A").line
    world.put(file_of(DAY, paid, short(payout_line(DAY, paid), 300)))
    world.reconcile()
    with world.databases.write.begin() as tx:
        tx.execute(update(Break).values(difference=-299))
    with world.databases.read() as tx:
        found = {(one.rule, one.found) for one in check(tx)}
    said = "said to be off by -299, is off by -300"
    assert ("payouts_equal_their_lines", said) in found
