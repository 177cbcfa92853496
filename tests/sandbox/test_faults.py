"""Every kind of fault a day's file can carry on purpose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.errors import NotFound
from payments.provider import (
    LineKind,
    ProviderRefused,
    StatementFile,
    StatementLine,
)
from tests.sandbox.conftest import MORNING, TODAY, TOMORROW, World, giving_back
from tests.sandbox.test_files import file_of


def by_order(file: StatementFile) -> dict[str | None, list[StatementLine]]:
    found: dict[str | None, list[StatementLine]] = {}
    for line in file.lines:
        found.setdefault(line.order_code, []).append(line)
    return found


def test_a_missing_line_never_comes(world: World) -> None:
    kept, lost = world.paid(1), world.paid(2, 30_000)
    fault = world.drive.plant(TODAY, "missing_line", order=lost.code)
    assert (fault.line, fault.next_line, fault.difference) == (None, None, -30_000)
    assert set(by_order(file_of(world))) == {kept.code, None}
    assert [*file_of(world, 1).lines] == []


def test_a_late_line_stands_in_the_next_days_file_with_its_true_time(world: World) -> None:
    order = world.paid()
    fault = world.drive.plant(TODAY, "late_line", order=order.code)
    assert (fault.line, fault.next_day, fault.difference) == (None, TOMORROW, -20_000)
    assert [*file_of(world).lines] == []
    late, payout = file_of(world, 1).lines
    assert (late.line_ref, late.order_code) == (fault.next_line, order.code)
    assert late.event_at == MORNING
    assert payout.gross == -late.net


def test_a_late_line_stands_in_the_next_days_file_even_when_a_later_one_is_asked_for_first(
    world: World,
) -> None:
    order = world.paid()
    world.drive.plant(TODAY, "late_line", order=order.code)
    assert [*file_of(world, 20).lines] == []
    assert [line.order_code for line in file_of(world, 1).lines] == [order.code, None]


@pytest.mark.parametrize(("amount", "shown"), [(None, 21_000), (12_000, 12_000)])
def test_a_wrong_amount_is_shown_instead_of_the_true_one(
    world: World, amount: int | None, shown: int
) -> None:
    order = world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "wrong_amount", order=order.code, amount=amount)
    line = next(iter(file_of(world).lines))
    assert (line.line_ref, line.gross, line.fee) == (fault.line, shown, 220)
    assert fault.difference == shown - 20_000


@pytest.mark.parametrize(("amount", "shown"), [(None, 320), (1, 1)])
def test_a_wrong_fee_is_shown_instead_of_the_true_one(
    world: World, amount: int | None, shown: int
) -> None:
    order = world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "fee_error", order=order.code, amount=amount)
    line = next(iter(file_of(world).lines))
    assert (line.line_ref, line.gross, line.fee) == (fault.line, 20_000, shown)
    assert fault.difference == shown - 220


def test_a_duplicate_is_a_second_line_for_the_same_money(world: World) -> None:
    order = world.paid()
    fault = world.drive.plant(TODAY, "duplicate", order=order.code)
    first, second = by_order(file_of(world))[order.code]
    assert first.rail_ref == second.rail_ref
    assert (first.gross, first.net) == (second.gross, second.net)
    assert first.line_ref != second.line_ref == fault.line
    assert fault.difference == 20_000


def test_unknown_and_foreign_lines_stand_alone(world: World) -> None:
    unknown = world.drive.plant(TODAY, "unknown_line")
    larger = world.drive.plant(TODAY, "unknown_line", amount=70_000)
    interest = world.drive.plant(TODAY, "not_parking")
    lines = {line.line_ref: line for line in file_of(world).lines}
    assert lines[str(unknown.line)].kind is LineKind.PAYMENT
    assert lines[str(unknown.line)].order_code == unknown.order
    assert lines[str(larger.line)].gross == larger.difference == 70_000
    assert lines[str(interest.line)].kind is LineKind.OTHER
    assert lines[str(interest.line)].order_code is None
    assert "interest" in lines[str(interest.line)].text
    assert len(lines) == 4  # with the payout


@pytest.mark.parametrize(("amount", "missing"), [(None, 5_000), (700, 700)])
def test_a_short_payout_is_less_than_its_lines_make_and_the_bank_credits_what_it_says(
    world: World, amount: int | None, missing: int
) -> None:
    world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "short_payout", amount=amount)
    line, payout = file_of(world).lines
    assert (payout.line_ref, payout.kind) == (fault.line, LineKind.PAYOUT)
    assert payout.net == -(line.net - missing)
    assert (fault.difference, fault.next_day) == (-missing, None)
    (credit,) = credits_of(world)
    assert (credit.gross, credit.rail_ref) == (-payout.gross, payout.rail_ref)


def test_a_short_credit_is_less_than_the_payout_that_the_file_announces(world: World) -> None:
    world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "short_credit", amount=300)
    line, payout = file_of(world).lines
    assert payout.net == -line.net
    (credit,) = credits_of(world)
    assert (credit.line_ref, credit.gross) == (fault.next_line, line.net - 300)
    assert (fault.line, fault.next_day, fault.difference) == (None, TOMORROW, -300)


def test_what_is_missing_of_a_payout_is_no_part_of_the_next(world: World) -> None:
    world.paid(1, 20_000)
    world.drive.plant(TODAY, "short_payout")
    world.drive.plant(TODAY, "short_credit")
    file_of(world)
    world.clock.now = MORNING + timedelta(days=1)
    world.paid(2, 30_000)
    line, payout = file_of(world, 1).lines
    assert payout.net == -line.net


def test_more_than_the_payout_cannot_be_missing_of_it(world: World) -> None:
    assert world.drive.payout_so_far(TODAY) == 0
    with pytest.raises(ProviderRefused, match="would be 0: 5000 of it cannot be missing"):
        world.drive.plant(TODAY, "short_payout")
    world.paid(1, 20_000)
    assert world.drive.payout_so_far(TODAY) == 19_780
    world.drive.plant(TODAY, "short_payout", amount=19_000)
    with pytest.raises(ProviderRefused, match="would be 780: 780 of it cannot be missing"):
        world.drive.plant(TODAY, "short_credit", amount=780)
    with pytest.raises(ProviderRefused, match="has that fault already"):
        world.drive.plant(TODAY, "short_payout", amount=1)


def test_a_payout_that_shrank_below_what_should_be_missing_is_whole(world: World) -> None:
    first, _ = world.paid(1, 20_000), world.paid(2, 10_000)
    world.drive.plant(TODAY, "short_payout", amount=15_000)
    world.an.refund(giving_back("R1", 20_000, first))
    *lines, payout = file_of(world).lines
    assert payout.net == -sum(line.net for line in lines)


def credits_of(world: World) -> list[StatementLine]:
    """The credits of today's payout."""
    world.clock.after_midnight(2)
    found = world.an.bank_credits(TOMORROW)
    assert found is not None
    return [*found.lines]


def test_planted_faults_can_be_asked_for_afterwards(world: World) -> None:
    order = world.paid()
    planted = [
        world.drive.plant(TODAY, "late_line", order=order.code),
        world.drive.plant(TODAY, "not_parking"),
        world.drive.plant(TODAY, "short_payout"),
        world.drive.plant(TODAY, "short_credit", amount=1),
    ]
    file_of(world)
    assert world.drive.faults(TODAY) == planted
    assert world.drive.faults(TOMORROW) == []


def test_a_payment_made_twice_can_be_settled_wrong_once(world: World) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_twice")
    world.drive.plant(TODAY, "missing_line", order=order.code)
    assert len(by_order(file_of(world))[order.code]) == 1


def test_a_fault_that_cannot_be_is_refused(world: World) -> None:
    order = world.paid(1, 20_000)
    with pytest.raises(ProviderRefused, match="kind must be one of missing_line"):
        world.drive.plant(TODAY, "earthquake")
    with pytest.raises(ProviderRefused, match="right amount"):
        world.drive.plant(TODAY, "wrong_amount", order=order.code, amount=20_000)
    with pytest.raises(ProviderRefused, match="right amount"):
        world.drive.plant(TODAY, "fee_error", order=order.code, amount=220)
    with pytest.raises(NotFound):
        world.drive.plant(TOMORROW, "late_line", order=order.code)
    world.drive.plant(TODAY, "duplicate", order=order.code)
    with pytest.raises(ProviderRefused, match="has a fault already"):
        world.drive.plant(TODAY, "late_line", order=order.code)
    file_of(world)
    with pytest.raises(ProviderRefused, match="made already"):
        world.drive.plant(TODAY, "not_parking")
