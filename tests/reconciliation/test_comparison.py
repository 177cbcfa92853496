"""Our figures beside the provider's: every difference is explained line by line, or named as not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from payments.provider import LineKind, MovementFact, MovementKind, Notice, Status
from reconciliation.models import Assignment
from reconciliation.reports.comparison import Compared, compare
from reconciliation.reports.outside import AtBank, Outside
from reconciliation.reports.period import Period
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    at,
    credit_line,
    file_of,
    line,
    night,
    payout_line,
)  # fmt: skip
from tests.reconciliation.work import one, resolving, work


def compared(world: World, since: date = DAY, until: date | None = None) -> Compared:
    with world.databases.read() as tx:
        found = {row.slug: row for row in compare(tx, Period(since, until or since))}
    return found["an-binh"]


def reasons(found: Compared) -> dict[str, int]:
    return {row.reason: row.amount for row in found.reasons}


def test_what_agrees_has_no_difference_and_needs_no_reason(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    found = compared(world)
    assert found.outside == Outside(1, PRICE, 0, FEE, PRICE - FEE, 1)
    assert (found.ours, found.theirs, found.difference, found.reasons) == (PRICE, PRICE, 0, ())


def test_every_break_explains_its_part(world: World) -> None:
    short, _, extra = world.pay("A"), world.pay("B", 8_000), line("X", 700, 8)
    world.settle(DAY, altered(short.line, gross=PRICE - 1_000), extra)
    world.reconcile()
    found = compared(world)
    assert found.difference == -1_000 - 8_000 + 700
    assert reasons(found) == {
        "amount_mismatch": -1_000,
        "missing_external": -8_000,
        "missing_internal": 700,
    }
    assert (found.only_ours, found.only_theirs, found.unexplained) == (1, 1, 0)


def test_money_that_went_back_lowers_both_sides(world: World) -> None:
    paid = world.pay("A")
    world.move(MovementKind.REFUND, "R", paid.payment, 3_000)
    world.settle(DAY, paid.line, line("R", -3_000, 0, LineKind.REFUND, order=paid.payment.code))
    world.reconcile()
    found = compared(world)
    assert (found.outside.gross, found.outside.refunds, found.ours) == (PRICE, 3_000, PRICE - 3_000)
    assert found.difference == 0


def test_a_fee_that_differs_stands_beside_the_difference(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, fee=FEE + 30))
    world.reconcile()
    found = compared(world)
    assert found.difference == 0
    assert [(row.reason, row.amount, row.beside) for row in found.reasons] == [
        ("fee_mismatch", 0, 30)
    ]


def test_a_pair_over_midnight_is_explained_at_the_edge_and_gone_in_both_days(world: World) -> None:
    paid = world.pay("A")
    world.reconcile()
    world.settle(DAY + ONE, altered(paid.line, event_at=at(DAY + ONE, 0, 1)))
    world.reconcile(DAY + ONE, now=night(DAY + ONE))
    assert reasons(compared(world)) == {"other_day": -PRICE}
    assert reasons(compared(world, DAY + ONE)) == {"other_day": PRICE}
    both = compared(world, DAY, DAY + ONE)
    assert (both.difference, both.reasons) == (0, ())


def test_what_nobody_explains_is_named_so(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    with world.databases.write.begin() as tx:
        tx.query(Assignment).delete()
    with world.databases.read() as tx:
        (found,) = compare(tx, Period(DAY, DAY, operator="An Bình"))
    assert reasons(found) == {"awaiting": -PRICE, "unexplained": PRICE}
    assert found.unexplained == PRICE


def test_money_in_another_currency_is_in_no_sum(world: World) -> None:
    motion = MovementFact(MovementKind.RECEIPT, "T-A", 900, "USD", at(DAY))
    world.tell(Notice("stray", "PKSTRANGER", Status.PAID, at(DAY), (motion,)))
    world.settle(DAY, world.pay("B").line)
    world.reconcile()
    found = compared(world)
    assert (found.difference, found.unexplained) == (0, 0)
    assert [(row.reason, row.beside) for row in found.reasons] == [("missing_external", -900)]


def test_a_payout_is_in_the_bank_once_its_credit_came(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    net = PRICE - FEE
    assert compared(world).bank == AtBank(1, net, 0, net)
    world.credit(DAY + ONE, credit_line(DAY + ONE, net))
    world.reconcile(DAY + ONE)
    assert compared(world).bank == AtBank(1, net, net, net)


def test_of_a_payout_that_arrived_short_only_the_rest_is_not_in_the_bank(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    net = PRICE - FEE
    world.credit(DAY + ONE, credit_line(DAY + ONE, net - 7))
    world.reconcile(DAY + ONE)
    assert compared(world).bank == AtBank(1, net, net - 7, net)
    work(world, one(world, "amount_mismatch").id, resolving("provider_charge"))
    assert compared(world).bank == AtBank(1, net, net - 7, net)


def test_a_payout_stands_beside_what_its_lines_make(world: World) -> None:
    paid = world.pay("A").line
    payout, net = payout_line(DAY, paid), PRICE - FEE
    world.put(file_of(DAY, paid, payout._replace(gross=payout.gross + 7, net=payout.net + 7)))
    world.reconcile()
    bank = compared(world).bank
    assert (bank.announced, bank.carried, bank.off, bank.untold) == (net - 7, net, -7, 0)


def test_a_payout_nobody_names_lines_for_is_told_apart(world: World) -> None:
    paid = world.pay("A").line
    world.put(replace(file_of(DAY, paid, payout_line(DAY, paid)), by_payout=False))
    world.reconcile()
    bank, net = compared(world).bank, PRICE - FEE
    assert (bank.announced, bank.carried, bank.off, bank.untold) == (net, 0, 0, net)
