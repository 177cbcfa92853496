"""Files: believed whole or not at all, harmless when they come again, each line once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from itertools import permutations

import pytest
from sqlalchemy import select

from payments.db import Databases
from payments.provider import InvalidStatement, ProviderUnavailable, StatementFile
from reconciliation.invariants import check
from reconciliation.models import BANK, SETTLEMENT, Break, Statement, StatementBody, StatementLine
from reconciliation.storing import ControlTotalsDiffer, accept
from tests.payments.kit import at_once
from tests.reconciliation.kit import (
    DAY,
    ONE,
    PRICE,
    FilingRail,
    World,
    altered,
    at,
    file_of,
    line,
    make_world,
    night,
    payout_line,
)

GOOD = line("A")
BAD = {
    "has no reference": GOOD._replace(line_ref=""),
    "time without its offset": GOOD._replace(event_at=datetime(2026, 11, 20, 10)),  # noqa: DTZ001
    "XYZ is not a currency": GOOD._replace(currency="XYZ"),
    "is not 7, the whole file": GOOD._replace(net=7),
}


def test_the_same_file_twice_is_harmless(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY, paid.line)
    first, second = world.reconcile(), world.reconcile()
    assert first.accepted == second.repeated == ("2026-11-20-1.csv",)
    assert first.repeated == second.accepted == ()
    assert (world.count(Statement), world.count(StatementLine)) == (1, 2)


def test_a_line_in_two_files_is_one_line(world: World) -> None:
    first, second = world.pay("A"), world.pay("B")
    world.put(file_of(DAY, first.line, complete=False))
    world.put(file_of(DAY, first.line, second.line))
    assert world.reconcile().matched == 2
    assert world.count(StatementLine) == 2
    with world.databases.read() as tx:
        statements = tx.scalars(select(Statement).order_by(Statement.count)).all()
        assert [(s.count, s.repeated_count, s.repeated_gross) for s in statements] == [
            (1, 0, 0),
            (2, 1, PRICE),
        ]
        assert list(check(tx)) == []


def test_two_truly_identical_lines_of_one_file_stay_two(world: World) -> None:
    payment = world.order()
    world.receive("A", payment)
    world.receive("A", payment, occurrence=2)
    twin = line("A", order=payment.code)
    world.put(file_of(DAY, twin, twin))
    world.put(file_of(DAY, twin, twin, version=2))
    assert world.reconcile().matched == 2
    with world.databases.read() as tx:
        occurrences = tx.scalars(select(StatementLine.occurrence)).all()
    assert sorted(occurrences) == [1, 2]
    assert world.brief() == []


def test_a_corrected_line_under_the_same_reference_is_another_line(world: World) -> None:
    paid = world.pay("A")
    world.put(file_of(DAY, paid.line))
    world.put(file_of(DAY, altered(paid.line, gross=PRICE + 5), version=2))
    world.reconcile()
    assert world.brief() == [("duplicate_external", "L-A", PRICE + 5, "open")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_is_known_does_not_depend_on_the_order_files_arrive_in(
    world: World, order: tuple[int, ...]
) -> None:
    one, two, late = world.pay("A"), world.pay("B", 30_000), world.pay("C")
    files = (
        file_of(DAY, one.line, line("X"), payout_line(DAY, one.line, two.line, line("X"))),
        file_of(DAY, one.line, two.line, line("X"), version=2),
        file_of(DAY + ONE, late.line),
    )
    for hour, number in enumerate(order, start=1):
        world.put(files[number])
        world.reconcile(files[number].day, now=at(DAY + 2 * ONE, hour))
    world.reconcile(now=at(DAY + 2 * ONE, 4))
    live = [b for b in world.brief() if b[0] in ("late", "missing_internal")]
    assert live == [("late", "L-C", 0, "resolved"), ("missing_internal", "L-X", PRICE, "open")]
    assert [b for b in world.brief() if b[3] == "open"] == live[1:]
    with world.databases.read() as tx:
        assert list(check(tx)) == []


def truncated(file: StatementFile) -> StatementFile:
    return replace(file, lines=tuple(file.lines)[:-1], raw=file.raw[:-10])


def test_a_file_that_was_cut_off_is_refused_whole(world: World) -> None:
    paid = [world.pay(ref) for ref in "ABC"]
    whole = file_of(DAY, *(p.line for p in paid))
    world.put(truncated(whole))
    result = world.reconcile()
    assert (result.state, result.reason, result.matched) == ("awaiting", "refused", 0)
    assert [(r.leg, r.kind) for r in result.refusals] == [(SETTLEMENT, "control_total")]
    assert "2026-11-20-1.csv claims 3 × 60000" in result.refusals[0].reason
    assert (world.count(Statement), world.count(StatementLine), world.count(Break)) == (0, 0, 0)
    world.put(whole)
    assert world.reconcile().matched == 3
    assert world.count(StatementBody) == 1


def test_a_refused_second_file_leaves_the_day_as_far_as_it_was(world: World) -> None:
    paid = world.pay("A")
    world.put(file_of(DAY, paid.line, complete=False))
    world.put(truncated(file_of(DAY, paid.line, line("B"))))
    result = world.reconcile()
    assert (result.state, result.reason, result.accepted) == (
        "partial",
        "refused",
        ("2026-11-20-1.csv",),
    )


def test_a_file_its_own_rail_cannot_read_is_refused(world: World) -> None:
    world.shelf.failures["an-binh", SETTLEMENT] = InvalidStatement("line 3 makes no sense")
    result = world.reconcile()
    assert [(r.kind, r.reason) for r in result.refusals] == [
        ("unparsable_line", "line 3 makes no sense")
    ]
    assert (result.state, result.reason) == ("awaiting", "refused")


def test_a_line_we_cannot_read_refuses_the_file_its_rail_believed(world: World) -> None:
    world.put(file_of(DAY, GOOD, BAD["XYZ is not a currency"]))
    result = world.reconcile()
    assert [(r.leg, r.kind) for r in result.refusals] == [(SETTLEMENT, "unparsable_line")]
    assert world.count(StatementLine) == 0


def test_two_reconciliations_at_once_end_as_one(world: World) -> None:
    paid = [world.pay(ref) for ref in "ABC"]
    world.settle(DAY, *(p.line for p in paid[:2]), line("X"))
    results = at_once([world.reconcile] * 3)
    assert [r for r in results if isinstance(r, Exception)] == []
    assert sum(r.matched for r in results if not isinstance(r, Exception)) == 2
    assert world.brief() == [
        ("missing_external", None, -PRICE, "open"),
        ("missing_internal", "L-X", PRICE, "open"),
    ]
    with world.databases.read() as tx:
        assert list(check(tx)) == []


def test_a_silent_rail_leaves_the_day_awaiting(world: World) -> None:
    world.shelf.failures["an-binh", SETTLEMENT] = ProviderUnavailable("no answer")
    world.shelf.failures["an-binh", BANK] = ProviderUnavailable("no answer")
    result = world.reconcile()
    assert (result.state, result.reason) == ("awaiting", "unavailable")
    assert {r.leg for r in result.refusals} == {SETTLEMENT, BANK}


def test_a_failing_bank_feed_spares_the_settlement(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY, paid.line)
    world.put(truncated(file_of(DAY, line("F"), line("G"))), BANK)
    result = world.reconcile()
    assert (result.state, result.reason, result.matched) == ("complete", None, 1)
    assert [(r.leg, r.kind) for r in result.refusals] == [(BANK, "control_total")]


def believe(world: World, file: StatementFile, day: date = DAY) -> bool:
    with world.databases.write.begin() as tx:
        return accept(tx, world.account.id, SETTLEMENT, day, file, night(day))


@pytest.mark.parametrize("reason", BAD)
def test_one_unreadable_line_refuses_the_whole_file(world: World, reason: str) -> None:
    with pytest.raises(InvalidStatement, match=f"line 2.*{reason}"):
        believe(world, file_of(DAY, GOOD, BAD[reason]))
    assert (world.count(Statement), world.count(StatementLine)) == (0, 0)


def test_a_file_about_another_day_is_refused(world: World) -> None:
    with pytest.raises(InvalidStatement, match="about 2026-11-20, not about 2026-11-21"):
        believe(world, file_of(DAY, GOOD), DAY + ONE)


def test_totals_that_are_not_those_of_the_lines_are_refused_naming_both(world: World) -> None:
    file = file_of(DAY, GOOD)
    wrong = replace(file, control=replace(file.control, gross=PRICE + 1))
    with pytest.raises(ControlTotalsDiffer, match=r"1 × 20001 − 220 = 19780.*1 × 20000"):
        believe(world, wrong)
    assert (world.count(Statement), world.count(StatementLine)) == (0, 0)
    assert believe(world, file)


def test_a_rail_without_a_bank_feed_is_reconciled_on_its_one_leg(databases: Databases) -> None:
    world = make_world(databases, FilingRail)
    paid = world.pay("A")
    world.settle(DAY, paid.line)
    world.reconcile()
    world.reconcile(DAY + 2 * ONE)
    assert world.reconcile(DAY, night(DAY + 9 * ONE)).state == "complete"
    assert world.brief() == []
