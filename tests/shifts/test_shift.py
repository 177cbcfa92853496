"""A shift opens with a float, is counted blind, and its difference is named, booked and explained."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from parking.commands.doctor import Finding, findings
from parking.proofs import PROOFS
from parking.shifts import service
from parking.shifts.models import Shift
from payments.db import CITY_ZONE
from payments.errors import Conflict, WrongUsage
from payments.models import Audit, Transfer
from payments.money import InvalidMoney
from reconciliation.invariants import check
from reconciliation.models import AccountDay
from tests.shifts.kit import Counter

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
FLOAT = 200_000


def night(counter: Counter, day: date = DAY) -> None:
    """One o'clock in the morning after `day`."""
    counter.town.clock.now = datetime.combine(day + timedelta(days=1), time(1), CITY_ZONE)


def proven(counter: Counter) -> list[str]:
    with counter.town.house.databases.read() as tx:
        found = [*check(tx), *(row for proof in PROOFS for row in proof(tx))]
    return [f"{row.rule}: {row.row} {row.found}" for row in found]


def test_a_person_has_one_shift_and_one_till(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    with pytest.raises(Conflict, match="a shift open already"):
        counter.begin(counter.hoa)
    till = counter.till(shift)
    assert (till.slug, till.provider, till.operator) == ("cash-hoa", "cash", "hoan-kiem")
    counter.count(counter.hoa, FLOAT)
    counter.close(counter.hoa)
    assert counter.begin(counter.hoa).account_id == till.id
    assert counter.till(counter.begin(counter.binh)).slug == "cash-binh-le"


def test_a_float_and_a_count_are_amounts(counter: Counter) -> None:
    with pytest.raises(InvalidMoney):
        counter.begin(counter.hoa, -1)
    counter.begin(counter.hoa)
    with pytest.raises(InvalidMoney):
        counter.count(counter.hoa, -1)


def test_a_till_must_be_counted_before_its_shift_is_closed(counter: Counter) -> None:
    counter.begin(counter.hoa)
    with pytest.raises(Conflict, match="Count the cash"):
        counter.close(counter.hoa)


def test_a_till_that_is_right_needs_no_words(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    taken = counter.take(counter.hoa, counter.stay()).amount
    counter.count(counter.hoa, FLOAT + taken)
    closed = counter.close(counter.hoa)
    assert (closed.expected, closed.counted, closed.difference) == (FLOAT + taken,) * 2 + (0,)
    assert closed.closing_day == DAY
    assert counter.balances()["cash:hoa"] == taken
    assert "over_short" not in counter.balances()
    night(counter)
    result = counter.reconcile(shift, DAY)
    assert (result.state, result.matched, counter.breaks(DAY)) == ("complete", 1, [])
    assert proven(counter) == []


def test_a_difference_needs_a_note(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT - 20_000)
    for note in ("", "  ?  ", "x" * 301):
        with pytest.raises(WrongUsage, match="say why"):
            counter.close(counter.hoa, note)
    assert counter.close(counter.hoa, " gave  wrong change ").note == "gave wrong change"


@pytest.mark.parametrize(("difference", "kind"), [(-20_000, "cash_short"), (5_000, "cash_over")])
def test_reconcile_finds_exactly_the_difference_of_the_count(
    counter: Counter, difference: int, kind: str
) -> None:
    shift = counter.begin(counter.hoa)
    taken = counter.take(counter.hoa, counter.stay()).amount
    counter.count(counter.hoa, FLOAT + taken + difference)
    counter.close(counter.hoa, "counted twice")
    assert counter.balances()["over_short"] == -difference
    assert counter.balances()["cash:hoa"] == taken + difference
    night(counter)
    counter.reconcile(shift, DAY)
    counter.reconcile(shift, DAY)
    (found,) = counter.breaks(DAY)
    assert (found.kind, found.difference, found.account) == (kind, difference, "cash-hoa")
    assert (found.state, found.payment, found.day) == ("open", None, DAY)
    assert proven(counter) == []


def test_the_difference_is_a_transfer_of_its_own_kind(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT - 1)
    counter.close(counter.hoa, "a coin fell")
    with counter.town.house.databases.read() as tx:
        (row,) = tx.scalars(select(Transfer)).all()
    assert (row.kind, row.debit, row.credit) == ("count_short", "over_short", "cash:hoa")
    assert (row.amount, row.book_day, row.movement_id is None) == (1, DAY, False)


def test_money_given_back_is_not_expected_in_the_till(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, counter.stay())
    counter.give_back(counter.hoa, payment)
    counter.count(counter.hoa, FLOAT)
    assert counter.close(counter.hoa).difference == 0
    night(counter)
    assert counter.reconcile(shift, DAY).matched == 2
    assert (counter.breaks(DAY), proven(counter)) == ([], [])


def test_counting_again_is_possible_and_leaves_both_counts(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT - 20_000)
    counter.count(counter.hoa, FLOAT)
    closed = counter.close(counter.hoa)
    assert closed.handover is not None
    assert (closed.difference, closed.handover["counts"]) == (0, [FLOAT - 20_000, FLOAT])
    with counter.town.house.databases.read() as tx:
        acts = tx.scalars(select(Audit.act).where(Audit.subject == service.subject_of(closed.id)))
        assert sorted(acts) == ["shift.close", "shift.count", "shift.count", "shift.open"]


def test_while_a_shift_is_open_its_day_says_so_and_nothing_is_confirmed(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    counter.take(counter.hoa, counter.stay())
    night(counter)
    result = counter.reconcile(shift, DAY)
    assert (result.state, result.reason, result.matched) == ("awaiting", "shift_open", 0)
    assert counter.breaks(DAY) == []
    assert proven(counter) == []


def test_across_midnight_payments_keep_their_day_and_the_difference_is_the_closing_days(
    counter: Counter,
) -> None:
    counter.town.clock.now += timedelta(hours=14)  # 22:00
    shift = counter.begin(counter.hoa)
    before = counter.take(counter.hoa, counter.stay("30A-111.11"))
    counter.town.clock.forward(hours=2)
    after = counter.take(counter.hoa, counter.stay("30A-222.22"))
    assert (before.book_day, after.book_day) == (DAY, NEXT)
    assert counter.reconcile(shift, DAY).reason == "shift_open"
    counter.count(counter.hoa, FLOAT + before.amount + after.amount - 7_000)
    closed = counter.close(counter.hoa, "seven thousand are missing")
    assert closed.closing_day == NEXT
    assert (day_state(counter, closed, DAY), counter.breaks(DAY)) == ("complete", [])
    assert counter.reconcile(shift, NEXT).reason == "not_due"
    night(counter, NEXT)
    assert counter.reconcile(shift, NEXT).state == "complete"
    assert [(row.kind, row.difference) for row in counter.breaks(NEXT)] == [("cash_short", -7_000)]
    assert (counter.breaks(DAY), proven(counter)) == ([], [])


def test_two_shifts_of_one_day_are_counted_one_by_one(counter: Counter) -> None:
    first = counter.begin(counter.hoa)
    taken = counter.take(counter.hoa, counter.stay("30A-111.11")).amount
    counter.count(counter.hoa, FLOAT + taken - 1_000)
    counter.close(counter.hoa, "one thousand short")
    counter.begin(counter.hoa)
    taken = counter.take(counter.hoa, counter.stay("30A-222.22")).amount
    night(counter)
    waiting = counter.reconcile(first, DAY)
    assert (waiting.state, waiting.reason, waiting.matched) == ("partial", "shift_open", 1)
    counter.count(counter.hoa, FLOAT + taken + 500)
    counter.close(counter.hoa, "somebody wanted no change")
    assert day_state(counter, first, DAY) == "complete"
    assert [row.difference for row in counter.breaks(DAY)] == [-1_000]
    night(counter, NEXT)
    counter.reconcile(first, NEXT)
    assert [row.difference for row in counter.breaks(NEXT)] == [500]
    assert proven(counter) == []


def test_a_day_without_a_shift_is_complete(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT)
    counter.close(counter.hoa)
    night(counter, DAY + timedelta(days=2))
    results = [counter.reconcile(shift, DAY + timedelta(days=n)) for n in range(3)]
    assert [result.state for result in results] == ["complete"] * 3


def test_the_float_that_stays_was_counted(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT)
    with pytest.raises(WrongUsage, match="no more than what was counted"):
        counter.close(counter.hoa, left=FLOAT + 1)
    closed = counter.close(counter.hoa, left=50_000)
    assert closed.handover is not None
    assert closed.handover["float"] == 50_000


def test_the_doctor_names_a_shift_that_nobody_counts(counter: Counter) -> None:
    counter.begin(counter.hoa)
    assert doctor_on_shifts(counter).well
    counter.town.clock.forward(hours=24, seconds=1)
    found = doctor_on_shifts(counter)
    assert not found.well
    assert "Nguyễn Thị Hoa has a shift open at HK01 since 08:00 20/11/2026" in found.text


def doctor_on_shifts(counter: Counter) -> Finding:
    found = findings(lambda: counter.town.house)
    return next(finding for finding in found if "Shifts" in finding.subject)


def day_state(counter: Counter, shift: Shift, day: date) -> str:
    with counter.town.house.databases.read() as tx:
        return tx.get_one(AccountDay, (shift.account_id, day)).state
