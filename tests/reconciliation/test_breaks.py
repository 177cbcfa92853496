"""Classification is pure: facts about two sides in, a class and a difference out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.provider import LineKind
from reconciliation.breaks import (
    CLASSES,
    BreakClass,
    LooseLine,
    LooseMovement,
    Pair,
    age_group,
    classify_line,
    classify_movement,
    classify_pair,
    list_breaks,
)
from tests.reconciliation.kit import DAY, ONE, World

AMOUNTS = st.integers(-(10**12), 10**12)
CURRENCIES = st.sampled_from(["VND", "USD"])
PAIRS = st.builds(Pair, AMOUNTS, CURRENCIES, AMOUNTS, AMOUNTS, CURRENCIES, st.none() | AMOUNTS)


def test_the_classes_are_those_of_the_trade() -> None:
    assert set(CLASSES) == {
        "missing_external", "missing_internal", "amount_mismatch", "currency_mismatch",
        "duplicate_external", "duplicate_internal", "late", "fee_mismatch", "status_mismatch",
        "refund_unknown", "chargeback", "ambiguous", "control_total", "unparsable_line",
        "cash_over", "cash_short",
    }  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(PAIRS)
def test_a_pair_agrees_exactly_when_money_and_fee_are_equal(pair: Pair) -> None:
    finding = classify_pair(pair)
    money = (pair.theirs, pair.theirs_currency) == (pair.ours, pair.ours_currency)
    fee = pair.expected_fee is None or pair.fee == pair.expected_fee
    assert (finding is None) == (money and fee)


@settings(deadline=None, max_examples=200)
@given(PAIRS, AMOUNTS)
def test_the_difference_is_theirs_less_ours(pair: Pair, off: int) -> None:
    equal = Pair(pair.ours, "VND", pair.fee, pair.ours, "VND", pair.fee)
    amount = classify_pair(Pair(pair.ours + off, "VND", pair.fee, pair.ours, "VND", None))
    fee = classify_pair(Pair(pair.ours, "VND", pair.fee + off, pair.ours, "VND", pair.fee))
    assert classify_pair(equal) is None
    assert (amount.difference if amount else 0) == (fee.difference if fee else 0) == off


def named(pair: Pair) -> str | None:
    finding = classify_pair(pair)
    return finding.kind if finding else None


def test_a_wrong_amount_is_graver_than_a_wrong_fee_and_another_currency_than_both() -> None:
    assert named(Pair(1, "VND", 9, 2, "VND", 0)) == BreakClass.AMOUNT_MISMATCH
    assert named(Pair(1, "USD", 9, 2, "VND", 0)) == BreakClass.CURRENCY_MISMATCH
    assert named(Pair(2, "VND", 9, 2, "VND", 0)) == BreakClass.FEE_MISMATCH


LOOSE = LooseLine(LineKind.PAYMENT, 5, taken=False, rivals=False, known=False, payment_state=None)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "missing_internal"),
        ({"taken": True, "rivals": True}, "duplicate_external"),
        ({"rivals": True, "kind": LineKind.REFUND}, "ambiguous"),
        ({"kind": LineKind.REFUND, "known": True}, "refund_unknown"),
        ({"gross": -5, "known": True}, "chargeback"),
        ({"gross": -5}, "missing_internal"),
        ({"known": True, "payment_state": "failed"}, "status_mismatch"),
        ({"known": True, "payment_state": "cancelled"}, "status_mismatch"),
        ({"known": True, "payment_state": "expired"}, "missing_internal"),
        ({"kind": LineKind.COUNT}, "cash_over"),
        ({"kind": LineKind.COUNT, "gross": -5}, "cash_short"),
    ],
)
def test_a_line_alone_is_named_by_what_is_known_of_it(changes: dict[str, Any], kind: str) -> None:
    line = replace(LOOSE, **changes)
    finding = classify_line(line)
    assert (finding.kind, finding.difference) == (kind, line.gross)


@pytest.mark.parametrize(
    ("taken", "rivals", "kind"),
    [
        (False, False, "missing_external"),
        (True, True, "duplicate_internal"),
        (False, True, "ambiguous"),
    ],
)
def test_a_movement_alone_is_named_by_what_is_known_of_it(
    taken: bool, rivals: bool, kind: str
) -> None:
    finding = classify_movement(LooseMovement(7, taken, rivals))
    assert (finding.kind, finding.difference) == (kind, -7)


@pytest.mark.parametrize(
    ("days", "group"),
    [(0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (7, "4-7"), (8, "8-30"),
     (30, "8-30"), (31, ">30"), (400, ">30")],
)  # fmt: skip
def test_differences_age_in_five_groups(days: int, group: str) -> None:
    assert age_group(DAY, DAY + days * ONE) == group


def test_breaks_are_listed_for_one_account_or_for_all(world: World) -> None:
    for slug in ("an-binh", "cau-go"):
        world.pay("A", slug=slug)
        world.settle(DAY, slug=slug)
        world.reconcile(slug=slug)
    with world.databases.read() as tx:
        assert [b.account for b in list_breaks(tx, DAY)] == ["an-binh", "cau-go"]
        assert [b.account for b in list_breaks(tx, DAY, "cau-go")] == ["cau-go"]
        assert list_breaks(tx, DAY - ONE) == []
