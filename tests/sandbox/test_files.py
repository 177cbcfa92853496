"""Settlement and bank files: what stands in them, and that they never change."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from payments.db import CITY_ZONE
from payments.provider import (
    Control,
    LineKind,
    ProviderRefused,
    StatementFile,
)
from tests.sandbox.conftest import MORNING, TODAY, TOMORROW, Clock, World, giving_back


def file_of(world: World, days: int = 0) -> StatementFile:
    """The settlement file of the day `days` after today, read the following night."""
    day = TODAY + timedelta(days=days)
    world.clock.after_midnight(days + 1)
    (file,) = world.an.statement(day, day)
    return file


def test_the_file_is_out_a_quarter_after_midnight(world: World, clock: Clock) -> None:
    world.paid()
    clock.now = datetime.combine(TOMORROW, time(0, 14, 59), CITY_ZONE)
    assert world.an.statement(TODAY, TODAY) == []
    assert world.an.bank_credits(TODAY) is None
    clock.forward(seconds=1)
    assert len(world.an.statement(TODAY, TODAY)) == 1
    assert world.an.bank_credits(TODAY) is not None


def test_a_days_file_holds_receipts_refunds_fees_and_the_payout(world: World) -> None:
    first, second = world.paid(1, 20_000), world.paid(2, 45_000)
    world.an.refund(giving_back("R1", 5_000, second))
    file = file_of(world)
    receipt, other, refund, payout = file.lines
    assert (receipt.order_code, receipt.gross, receipt.fee, receipt.net) == (
        first.code, 20_000, 220, 19_780,
    )  # fmt: skip
    assert (other.kind, other.gross, other.fee) == (LineKind.PAYMENT, 45_000, 495)
    assert (refund.kind, refund.gross, refund.fee, refund.text) == (
        LineKind.REFUND, -5_000, 0, "R1",
    )  # fmt: skip
    assert (payout.kind, payout.order_code, payout.gross) == (LineKind.PAYOUT, None, -59_285)
    assert file.control == Control(4, 715, 715, 0)
    assert (file.day, file.complete) == (TODAY, True)
    assert receipt.event_at == MORNING


def test_a_day_without_money_has_an_empty_file_and_no_payout(world: World) -> None:
    file = file_of(world)
    assert ([*file.lines], file.control) == ([], Control(0, 0, 0, 0))


def test_a_file_is_the_same_bytes_for_ever(world: World, clock: Clock) -> None:
    world.paid(1)
    first = file_of(world)
    clock.now = MORNING
    world.paid(2)
    again = file_of(world)
    clock.forward(days=400)
    assert first.raw == again.raw == world.an.statement(TODAY, TODAY)[0].raw


def test_money_after_the_file_stands_in_the_next_one(world: World, clock: Clock) -> None:
    file_of(world)
    clock.now = MORNING
    order = world.paid()
    (line, _payout) = file_of(world, 1).lines
    assert (line.order_code, line.event_at) == (order.code, MORNING)


def test_each_line_stands_in_its_own_day_whichever_file_is_asked_for_first(
    world: World, clock: Clock
) -> None:
    first = world.paid(1)
    clock.forward(days=1)
    second = world.paid(2)
    later, earlier = file_of(world, 1), file_of(world, 0)
    assert [line.order_code for line in earlier.lines] == [first.code, None]
    assert [line.order_code for line in later.lines] == [second.code, None]


def test_several_days_are_read_at_once_and_missing_ones_are_absent(
    world: World, clock: Clock
) -> None:
    world.paid()
    clock.after_midnight(2)
    files = world.an.statement(TODAY - timedelta(days=1), TODAY + timedelta(days=5))
    assert [file.day for file in files] == [TODAY - timedelta(days=1), TODAY, TOMORROW]


def test_merchants_have_files_of_their_own(world: World, clock: Clock) -> None:
    world.paid()
    clock.after_midnight()
    (theirs,) = world.binh.statement(TODAY, TODAY)
    assert [*theirs.lines] == []


def test_the_payout_reaches_the_bank_the_next_morning(world: World, clock: Clock) -> None:
    world.paid(1, 100_000)
    clock.after_midnight(2)
    credits = world.an.bank_credits(TOMORROW)
    (settled,) = world.an.statement(TODAY, TODAY)
    assert credits is not None
    (credit,) = credits.lines
    payout = [*settled.lines][-1]
    assert (credit.kind, credit.gross, credit.net) == (LineKind.PAYOUT, 98_900, -payout.net)
    assert credit.rail_ref == payout.rail_ref
    assert credit.event_at == datetime.combine(TOMORROW, time(9, 0), CITY_ZONE)
    assert credits.control == Control(1, 98_900, 0, 98_900)
    again = world.an.bank_credits(TOMORROW)
    assert again is not None
    assert again.raw == credits.raw
    quiet = world.an.bank_credits(TODAY)
    assert quiet is not None
    assert [*quiet.lines] == []


def test_refunds_that_outweigh_receipts_are_kept_back_from_the_next_payout(
    world: World, clock: Clock
) -> None:
    order = world.paid(1, 50_000)
    file_of(world)
    clock.now = MORNING + timedelta(days=1)
    world.an.refund(giving_back("R1", 50_000, order))
    only_refund = file_of(world, 1)
    clock.now = MORNING + timedelta(days=2)
    world.paid(2, 60_000)
    later = file_of(world, 2)
    assert [line.kind for line in only_refund.lines] == [LineKind.REFUND]
    assert only_refund.control.net == -50_000
    assert [*later.lines][-1].gross == -(59_340 - 50_000)


@pytest.mark.parametrize("day", ["2026-13-01", "20261120", "today", "2026-1-1"])
def test_a_day_that_is_none_is_refused(world: World, day: str) -> None:
    client = world.drive._api
    with pytest.raises(ProviderRefused, match="YYYY-MM-DD"):
        client.call("GET", f"/v1/statements/{day}")
