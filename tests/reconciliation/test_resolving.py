"""What each reason books: afterwards clearing means what the provider still owes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from payments.provider import LineKind, Status
from payments.provider import Notice as Told
from reconciliation.resolving.reasons import REASONS
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    at,
    line,
)
from tests.reconciliation.work import (
    balance,
    clearing,
    one,
    paid_out,
    resolving,
    rules_broken,
    state_of,
    their_word,
    undoing,
    work,
)

# -- what each class needs, so that clearing means what the provider still owes


def unknown_line(world: World) -> None:
    world.settle(DAY, line("X"))


def unknown_deduction(world: World) -> None:
    world.settle(DAY, line("X", -3_000, 0))


def short_pair(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE - 500))


def long_pair(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE + 500))


def other_currency(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, gross=80, fee=2, currency="USD"))


def told_twice(world: World) -> None:
    true = world.pay("A").line
    world.settle(DAY, true, altered(true, line_ref="L-again"))


def recorded_twice(world: World) -> None:
    payment = world.order(2 * PRICE)
    world.receive("A", payment, PRICE)
    world.receive("A", payment, PRICE, occurrence=2)
    world.settle(DAY, line("A", order=payment.code))


def wrong_fee(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, fee=FEE + 40))


def refused_here(world: World) -> None:
    payment = world.order()
    world.tell(Told("n", payment.code, Status.FAILED, at(DAY)))
    world.settle(DAY, line("S", order=payment.code, rail=None))


def unknown_refund(world: World) -> None:
    world.settle(DAY, line("R", -5_000, 0, LineKind.REFUND))


def taken_back(world: World) -> None:
    paid = world.pay("A")
    back = line("C", -PRICE, 0, order=paid.payment.code)
    world.settle(DAY, paid.line, back)


def not_in_the_file(world: World) -> None:
    world.pay("M")
    world.settle(DAY)


THEIR_WORD: list[tuple[Callable[[World], None], str, str]] = [
    (not_in_the_file, "missing_external", "written_off"),
    (not_in_the_file, "missing_external", "test_payment"),
    (unknown_line, "missing_internal", "kept"),
    (unknown_line, "missing_internal", "to_return"),
    (unknown_deduction, "missing_internal", "provider_charge"),
    (unknown_deduction, "missing_internal", "written_off"),
    (unknown_deduction, "missing_internal", "returned"),
    (short_pair, "amount_mismatch", "written_off"),
    (short_pair, "amount_mismatch", "provider_charge"),
    (short_pair, "amount_mismatch", "rounding"),
    (long_pair, "amount_mismatch", "kept"),
    (long_pair, "amount_mismatch", "to_return"),
    (other_currency, "currency_mismatch", "settled_in_currency"),
    (told_twice, "duplicate_external", "to_return"),
    (told_twice, "duplicate_external", "kept"),
    (recorded_twice, "duplicate_internal", "recorded_twice"),
    (wrong_fee, "fee_mismatch", "fee_accepted"),
    (refused_here, "status_mismatch", "to_return"),
    (unknown_refund, "refund_unknown", "written_off"),
    (taken_back, "chargeback", "chargeback_lost"),
]


@pytest.mark.parametrize(("day", "kind", "reason"), THEIR_WORD)
def test_taking_their_word_leaves_in_clearing_what_their_lines_say(
    world: World, day: Callable[[World], None], kind: str, reason: str
) -> None:
    day(world)
    world.reconcile()
    before = clearing(world)
    found = one(world, kind)
    work(world, found.id, resolving(reason))
    assert state_of(world, found.id) == ("resolved", reason)
    assert clearing(world) == their_word(world)
    assert clearing(world, "USD") == their_word(world, "USD")
    assert rules_broken(world) == set()
    work(world, found.id, undoing())
    assert clearing(world) == before
    assert state_of(world, found.id) == ("open", None)
    assert rules_broken(world) == set()


@pytest.mark.parametrize(
    ("day", "kind", "owed"),
    [
        (not_in_the_file, "missing_external", PRICE),
        (unknown_line, "missing_internal", -FEE),
        (short_pair, "amount_mismatch", PRICE - FEE),
        (other_currency, "currency_mismatch", PRICE),
        (told_twice, "duplicate_external", PRICE - 2 * FEE),
        (unknown_refund, "refund_unknown", 0),
        (taken_back, "chargeback", PRICE - FEE),
    ],
)
def test_holding_on_to_our_word_books_nothing(
    world: World, day: Callable[[World], None], kind: str, owed: int
) -> None:
    day(world)
    world.reconcile()
    found = one(world, kind)
    act = work(world, found.id, resolving("provider_corrects"))
    assert (act.cause, clearing(world)) == (None, owed)
    assert state_of(world, found.id) == ("resolved", "provider_corrects")
    assert rules_broken(world) == set()


def test_a_wrong_fee_is_claimed_back_out_of_the_fees_and_the_correction_books_nothing(
    world: World,
) -> None:
    wrong_fee(world)
    world.reconcile()
    work(world, one(world, "fee_mismatch").id, resolving("fee_claimed"))
    assert (balance(world, "fees"), clearing(world)) == (FEE, PRICE - FEE)
    correction = line("K", 40, 0, LineKind.OTHER, when=at(DAY + ONE))
    world.settle(DAY + ONE, correction)
    world.reconcile(DAY + ONE)
    work(world, one(world, "missing_internal").id, resolving("corrects_earlier"))
    assert clearing(world) == PRICE - FEE == their_word(world)
    assert rules_broken(world) == set()


def test_money_told_twice_stands_apart_until_it_goes_back(world: World) -> None:
    told_twice(world)
    world.reconcile()
    work(world, one(world, "duplicate_external").id, resolving("to_return"))
    assert balance(world, "suspense") == -PRICE
    world.settle(DAY + ONE, line("back", -PRICE, 0, when=at(DAY + ONE)))
    world.reconcile(DAY + ONE)
    work(world, one(world, "missing_internal").id, resolving("returned"))
    assert (balance(world, "suspense"), clearing(world)) == (0, their_word(world))


def test_money_at_the_wrong_account_meets_in_suspense(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY)
    world.settle(DAY, paid.line, slug="cau-go")
    world.reconcile()
    world.reconcile(slug="cau-go")
    for kind in ("missing_external", "missing_internal"):
        work(world, one(world, kind).id, resolving("another_account"))
    assert balance(world, "suspense") == 0
    assert (clearing(world), balance(world, "clearing:cau-go")) == (0, PRICE - FEE)


def test_both_sides_of_one_account_meet_without_a_booking(world: World) -> None:
    not_in_the_file(world)
    world.settle(DAY + ONE, line("X", when=at(DAY + ONE)))
    world.reconcile()
    world.reconcile(DAY + ONE)
    for kind in ("missing_external", "missing_internal"):
        assert work(world, one(world, kind).id, resolving("another_day")).cause is None
    assert clearing(world) == their_word(world)


# -- the bank


@pytest.mark.parametrize(
    ("credits", "kind", "reason", "accounts"),
    [
        ((PRICE - FEE - 300,), "amount_mismatch", "provider_charge", {"fees": FEE + 300}),
        ((PRICE - FEE + 300,), "amount_mismatch", "kept", {"adjustments": -300}),
        ((), "missing_external", "written_off", {"adjustments": PRICE - FEE}),
        ((), "missing_external", "seen_at_bank", {"bank": PRICE - FEE}),
    ],
)
def test_a_payout_that_differs_at_the_bank_leaves_nothing_owed(
    world: World, credits: tuple[int, ...], kind: str, reason: str, accounts: dict[str, int]
) -> None:
    paid_out(world, *credits)
    found = one(world, kind)
    work(world, found.id, resolving(reason))
    assert clearing(world) == 0
    assert {name: balance(world, name) for name in accounts} == accounts
    assert rules_broken(world) == set()
    work(world, found.id, undoing())
    assert rules_broken(world) == set()


@pytest.mark.parametrize(
    ("reason", "against"),
    [
        ("kept", "adjustments"),
        ("to_return", "suspense"),
        ("provider_corrects", "suspense"),
        ("other", "suspense"),
        ("another_day", "clearing:an-binh"),
    ],
)
def test_a_credit_that_nobody_announced_is_in_the_bank_whatever_the_reason(
    world: World, reason: str, against: str
) -> None:
    paid_out(world, 7_000, batch="B-other")
    held = {name: balance(world, name) for name in ("bank", against)}
    work(world, one(world, "missing_internal").id, resolving(reason, words="Tiền lạ"))
    moved = {name: balance(world, name) - before for name, before in held.items()}
    assert moved == {"bank": 7_000, against: -7_000}
    assert rules_broken(world) == set()


# -- reasons


def test_every_class_a_person_meets_has_reasons_for_more_and_for_less() -> None:
    one_sided = {"cash_over": 1, "cash_short": -1, "duplicate_external": 1, "chargeback": -1,
                 "refund_unknown": -1, "status_mismatch": 1}  # fmt: skip
    for kind in {kind for reason in REASONS.values() for kind in reason.classes}:
        for sign in (1, -1):
            if one_sided.get(kind, sign) == sign:
                fitting = [
                    r.code for r in REASONS.values() if r.fits(kind, "settlement", sign * 20_000)
                ]
                assert len(fitting) > 1, (kind, sign)
