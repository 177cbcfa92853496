"""The fold: a set of facts has one meaning, whatever the order and however often it was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.provider import MovementKind, Status
from payments.state import OPEN, RANK, SETTLED, Fold, Motion, Ordered, fold

DEADLINE = datetime(2026, 11, 20, 1, 10, tzinfo=UTC)
ORDER = Ordered(20_000, "VND", DEADLINE)
EARLY = DEADLINE - timedelta(minutes=5)
LATE = DEADLINE + timedelta(seconds=1)

statuses = st.lists(st.sampled_from(Status), max_size=6)
motions = st.lists(
    st.builds(
        Motion,
        kind=st.sampled_from(MovementKind),
        amount=st.sampled_from((1, 5_000, 19_999, 20_000, 20_001, 40_000)),
        currency=st.sampled_from(("VND", "VND", "USD")),
        event_at=st.sampled_from((EARLY, DEADLINE, LATE)),
        rail_ref=st.sampled_from("ABCDEF"),
    ),
    max_size=6,
    unique_by=lambda m: (m.kind, m.rail_ref),
)


def receipt(amount: int, ref: str = "R1", at: datetime = EARLY, currency: str = "VND") -> Motion:
    return Motion(MovementKind.RECEIPT, amount, currency, at, ref)


@given(statuses, motions, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=300)
def test_order_and_repetition_change_nothing(
    told: list[Status], known: list[Motion], dice: Random
) -> None:
    plain = fold(ORDER, told, known)
    told, known = told * 2, known * 3
    dice.shuffle(told)
    dice.shuffle(known)
    assert fold(ORDER, told, known) == plain


@given(statuses, motions)
@settings(deadline=None, max_examples=200)
def test_it_is_paid_exactly_when_enough_arrived(told: list[Status], known: list[Motion]) -> None:
    found = fold(ORDER, told, known)
    arrived = sum(m.amount for m in known if m.kind == MovementKind.RECEIPT and m.currency == "VND")
    assert (found.state == "paid") == (arrived >= ORDER.amount) == (found.paid_at is not None)
    assert found.received == arrived
    assert ("underpaid" in found.flags) == (0 < arrived < ORDER.amount)
    assert ("overpaid" in found.flags) == (arrived > ORDER.amount)
    assert list(found.flags) == sorted(set(found.flags))


@given(statuses, motions, st.integers(1, 100_000))
@settings(deadline=None, max_examples=200)
def test_one_more_receipt_never_takes_paid_away(
    told: list[Status], known: list[Motion], amount: int
) -> None:
    before = fold(ORDER, told, known)
    after = fold(ORDER, told, [*known, receipt(amount, "one more")])
    assert after.received == before.received + amount
    assert before.state != "paid" or after.state == "paid"


def test_no_facts_is_created() -> None:
    assert fold(ORDER, (), ()) == Fold("created", (), 0, 0, None)


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(RANK[1:])))
def test_without_money_the_higher_status_wins(lower: str, higher: str) -> None:
    assert fold(ORDER, (higher, lower), ()).state == higher
    assert fold(ORDER, (lower,), ()).state == lower


def test_paid_and_disputed_without_money_say_no_more_than_pending() -> None:
    assert fold(ORDER, (Status.PAID,), ()) == Fold("pending", ("integrity",), 0, 0, None)
    assert fold(ORDER, (Status.DISPUTED,), ()) == Fold("pending", ("disputed",), 0, 0, None)


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.EXPIRED])
def test_money_outranks_every_no(status: Status) -> None:
    assert fold(ORDER, (status,), (receipt(20_000),)).state == "paid"


def test_late_money_is_still_money() -> None:
    assert fold(ORDER, (), (receipt(20_000, at=LATE),)) == Fold(
        "paid", ("paid_late",), 20_000, 0, LATE
    )


def test_money_on_the_last_instant_is_in_time() -> None:
    assert fold(ORDER, (), (receipt(20_000, at=DEADLINE),)).flags == ()


def test_lateness_is_that_of_the_receipt_that_completed_the_amount() -> None:
    parts = (receipt(15_000, "R1", LATE), receipt(5_000, "R2", EARLY))
    found = fold(ORDER, (), parts)
    assert (found.state, found.flags, found.paid_at) == ("paid", ("paid_late",), LATE)


def test_an_extra_late_receipt_does_not_make_a_timely_payment_late() -> None:
    twice = (receipt(20_000, "R1"), receipt(20_000, "R2", LATE))
    found = fold(ORDER, (), twice)
    assert (found.flags, found.paid_at) == (("duplicate", "overpaid"), EARLY)


def test_one_dong_short_is_underpaid_and_one_dong_more_is_overpaid() -> None:
    assert fold(ORDER, (), (receipt(19_999),)) == Fold("created", ("underpaid",), 19_999, 0, None)
    assert fold(ORDER, (), (receipt(20_001),)).flags == ("overpaid",)


def test_two_halves_are_one_payment_and_no_duplicate() -> None:
    halves = (receipt(10_000, "R1"), receipt(10_000, "R2"))
    assert fold(ORDER, (), halves).flags == ()


def test_the_same_motion_told_twice_counts_once_and_two_alike_count_twice() -> None:
    once = receipt(10_000, "R1")
    assert fold(ORDER, (), (once, once)).received == 10_000
    alike = Motion(MovementKind.RECEIPT, 10_000, "VND", EARLY, "R1", occurrence=2)
    assert fold(ORDER, (), (once, alike)).received == 20_000


def test_money_of_another_currency_pays_nothing_and_is_flagged() -> None:
    foreign = receipt(20_000, currency="USD")
    assert fold(ORDER, (), (foreign,)) == Fold("created", ("integrity",), 0, 0, None)


def test_a_fee_says_nothing_of_the_payment_in_whatever_currency() -> None:
    fee = Motion(MovementKind.FEE, 30, "USD", LATE, "F1")
    payout = Motion(MovementKind.PAYOUT, 19_000, "VND", LATE, "P1")
    assert fold(ORDER, (), (fee, payout, receipt(20_000))) == fold(ORDER, (), (receipt(20_000),))


def test_money_taken_back_leaves_paid_and_raises_disputed() -> None:
    reversal = Motion(MovementKind.REVERSAL, 20_000, "VND", LATE, "R1")
    found = fold(ORDER, (), (receipt(20_000), reversal))
    assert (found.state, found.flags, found.reversed) == ("paid", ("disputed",), 20_000)


def test_a_single_dong_taken_back_is_disputed() -> None:
    reversal = Motion(MovementKind.REVERSAL, 1, "VND", LATE, "V1")
    assert fold(ORDER, (), (reversal,)).flags == ("disputed",)


def test_every_state_is_open_or_settled_or_expired() -> None:
    assert OPEN | SETTLED | {"expired"} == {*RANK, "paid"}
    assert not OPEN & SETTLED
