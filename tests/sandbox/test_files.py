"""Settlement and bank files: what stands in them, that they never change, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.db import CITY_ZONE
from payments.errors import NotFound
from payments.provider import (
    Control,
    InvalidStatement,
    LineKind,
    ProviderRefused,
    RefundOrder,
    StatementFile,
    StatementLine,
)
from payments.providers.sandbox_file import parse_file
from payments.sandbox.lines import Line, render
from tests.sandbox.conftest import MORNING, TODAY, TOMORROW, Clock, World


def file_of(world: World, days: int = 0) -> StatementFile:
    """The settlement file of the day `days` after today, read the following night."""
    day = TODAY + timedelta(days=days)
    world.clock.after_midnight(days + 1)
    (file,) = world.an.statement(day, day)
    return file


def by_order(file: StatementFile) -> dict[str | None, list[StatementLine]]:
    found: dict[str | None, list[StatementLine]] = {}
    for line in file.lines:
        found.setdefault(line.order_code, []).append(line)
    return found


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
    world.an.refund(RefundOrder("R1", 5_000, second))
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
    assert (file.lines, file.control) == ((), Control(0, 0, 0, 0))


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
    assert theirs.lines == ()


def test_the_payout_reaches_the_bank_the_next_morning(world: World, clock: Clock) -> None:
    world.paid(1, 100_000)
    clock.after_midnight(2)
    credits = world.an.bank_credits(TOMORROW)
    (settled,) = world.an.statement(TODAY, TODAY)
    assert credits is not None
    (credit,) = credits.lines
    payout = settled.lines[-1]
    assert (credit.kind, credit.gross, credit.net) == (LineKind.PAYOUT, 98_900, -payout.net)
    assert credit.rail_ref == payout.rail_ref
    assert credit.event_at == datetime.combine(TOMORROW, time(9, 0), CITY_ZONE)
    assert credits.control == Control(1, 98_900, 0, 98_900)
    again = world.an.bank_credits(TOMORROW)
    assert again is not None
    assert again.raw == credits.raw
    quiet = world.an.bank_credits(TODAY)
    assert quiet is not None
    assert quiet.lines == ()


def test_refunds_that_outweigh_receipts_are_kept_back_from_the_next_payout(
    world: World, clock: Clock
) -> None:
    order = world.paid(1, 50_000)
    file_of(world)
    clock.now = MORNING + timedelta(days=1)
    world.an.refund(RefundOrder("R1", 50_000, order))
    only_refund = file_of(world, 1)
    clock.now = MORNING + timedelta(days=2)
    world.paid(2, 60_000)
    later = file_of(world, 2)
    assert [line.kind for line in only_refund.lines] == [LineKind.REFUND]
    assert only_refund.control.net == -50_000
    assert later.lines[-1].gross == -(59_340 - 50_000)


def test_a_missing_line_never_comes(world: World) -> None:
    kept, lost = world.paid(1), world.paid(2, 30_000)
    fault = world.drive.plant(TODAY, "missing_line", order=lost.code)
    assert (fault.line, fault.next_line, fault.difference) == (None, None, -30_000)
    assert set(by_order(file_of(world))) == {kept.code, None}
    assert file_of(world, 1).lines == ()


def test_a_late_line_stands_in_the_next_days_file_with_its_true_time(world: World) -> None:
    order = world.paid()
    fault = world.drive.plant(TODAY, "late_line", order=order.code)
    assert (fault.line, fault.next_day, fault.difference) == (None, TOMORROW, -20_000)
    assert file_of(world).lines == ()
    late, payout = file_of(world, 1).lines
    assert (late.line_ref, late.order_code) == (fault.next_line, order.code)
    assert late.event_at == MORNING
    assert payout.gross == -late.net


@pytest.mark.parametrize(("amount", "shown"), [(None, 21_000), (12_000, 12_000)])
def test_a_wrong_amount_is_shown_instead_of_the_true_one(
    world: World, amount: int | None, shown: int
) -> None:
    order = world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "wrong_amount", order=order.code, amount=amount)
    line = file_of(world).lines[0]
    assert (line.line_ref, line.gross, line.fee) == (fault.line, shown, 220)
    assert fault.difference == shown - 20_000


@pytest.mark.parametrize(("amount", "shown"), [(None, 320), (1, 1)])
def test_a_wrong_fee_is_shown_instead_of_the_true_one(
    world: World, amount: int | None, shown: int
) -> None:
    order = world.paid(1, 20_000)
    fault = world.drive.plant(TODAY, "fee_error", order=order.code, amount=amount)
    line = file_of(world).lines[0]
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


def test_planted_faults_can_be_asked_for_afterwards(world: World) -> None:
    order = world.paid()
    planted = [
        world.drive.plant(TODAY, "late_line", order=order.code),
        world.drive.plant(TODAY, "not_parking"),
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


@pytest.mark.parametrize("day", ["2026-13-01", "20261120", "today", "2026-1-1"])
def test_a_day_that_is_none_is_refused(world: World, day: str) -> None:
    client = world.drive._api
    with pytest.raises(ProviderRefused, match="YYYY-MM-DD"):
        client.call("GET", f"/v1/statements/{day}")


def sample() -> bytes:
    lines = [
        Line("L1", "payment", "PK1", "T1", MORNING, 20_000, 220, "Hàng Trống, số 1"),
        Line("L2", "refund", "PK1", "R1", MORNING, -5_000, 0, 'with "quotes"'),
        Line("L3", "other", "", "I1", MORNING, 12_345, 0, "interest"),
    ]
    return render("sandbox-settlement", "an", TODAY, MORNING, lines)


def parse(raw: bytes) -> StatementFile:
    return parse_file("sandbox-settlement", "an", TODAY, raw)


def test_what_was_rendered_is_read_back(world: World) -> None:
    file = parse(sample())
    assert [line.line_ref for line in file.lines] == ["L1", "L2", "L3"]
    assert file.lines[0].text == "Hàng Trống, số 1"
    assert file.control == Control(3, 27_345, 220, 27_125)
    assert file.raw == sample()


def test_a_file_cut_off_anywhere_is_refused_whole() -> None:
    raw = sample()
    for length in range(len(raw)):
        with pytest.raises(InvalidStatement):
            parse(raw[:length])


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_file_with_any_altered_byte_is_refused_whole(data: st.DataObject) -> None:
    raw = bytearray(sample())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidStatement):
        parse(bytes(raw))


@settings(deadline=None, max_examples=100)
@given(raw=st.binary(max_size=200))
def test_any_other_bytes_are_refused_not_a_crash(raw: bytes) -> None:
    with pytest.raises(InvalidStatement):
        parse(raw)


def resealed(change: Callable[[str], str]) -> bytes:
    """The sample with its lines changed and an honest checksum over the change."""
    before, tail = sample().decode().rsplit("\nT,", 1)
    changed = (change(before) + "\n").encode("utf-8", "surrogateescape")
    totals = tail.split(",")[:4]
    return changed + ",".join(["T", *totals, hashlib.sha256(changed).hexdigest()]).encode() + b"\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("L1,payment", "L1,gift", "line 3: unknown kind 'gift'"),
        ("L1,payment", ",payment", "line 3: a line needs a reference"),
        ("L2,refund", "L1,refund", "line 4: line reference L1 stands twice"),
        ("-5000,0,-5000", "-5000,1,-5000", "line 4: gross -5000 less fee 1 is not net -5000"),
        ("-5000,0,-5000", "-5000,0", "line 4: 9 columns instead of 10"),
        ("-5000,0,-5000", "-5e3,0,-5000", "line 4: '-5e3' is not a whole amount"),
        ("-5000,0,-5000", "-6000,0,-6000", "line 6: the totals are not those of the lines"),
        ("12345,0,12345,VND", "12345,0,12345,DONG", "line 5: DONG is not a currency"),
        ("2026-11-20T08:00:00+07:00,20000", "2026-11-20T08:00:00,20000", "line 3: a line needs"),
        ("2026-11-20T08:00:00+07:00,20000", "yesterday,20000", "line 3: Invalid isoformat"),
        ("line_ref,kind", "kind,line_ref", "line 2: the columns must be line_ref, kind"),
        ("H,1,", "H,2,", "line 1: not the head"),
        (",an,", ",binh,", "line 1: about sandbox-settlement, binh"),
        ("an,2026-11-20", "an,2026-11-21", "line 1: about"),
        ("sandbox-settlement", "sandbox-bank", "line 1: about"),
        (",complete", ",perhaps", "line 1: neither complete nor partial"),
        ('"with ""quotes"""', '"with "quotes', "line 4: "),
        ("interest", "\udcff", "line 5: not UTF-8"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_naming_line_and_reason(
    old: str, new: str, reason: str
) -> None:
    raw = resealed(lambda text: text.replace(old, new, 1))
    with pytest.raises(InvalidStatement) as refused:
        parse(raw)
    assert reason in str(refused.value)
    assert "sandbox-settlement-an-2026-11-20.csv" in str(refused.value)


def test_a_partial_file_says_so() -> None:
    assert parse(resealed(lambda text: text.replace(",complete", ",partial"))).complete is False


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.integers(-(10**12), 10**12), st.integers(0, 10**6), st.text(max_size=20)
        ),
        max_size=20,
    )
)  # fmt: skip
def test_whatever_is_written_is_read_back(rows: list[tuple[int, int, str]]) -> None:
    lines = [
        Line(f"L{n}", "payment", "PK1", "T1", MORNING, gross, fee, text)
        for n, (gross, fee, text) in enumerate(rows)
        if text.isprintable()
    ]
    file = parse(render("sandbox-settlement", "an", TODAY, MORNING, lines))
    assert [(line.gross, line.fee, line.text) for line in file.lines] == [
        (line.gross, line.fee, line.text) for line in lines
    ]
