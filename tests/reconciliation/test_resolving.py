"""Two people explain differences: who has one, what is said, what is booked, what is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Audit, Transfer
from payments.provider import LineKind, Status
from payments.provider import Notice as Told
from reconciliation.models import Break
from reconciliation.resolving.deciding import NeedsAnother, waiting
from reconciliation.resolving.log import timeline
from reconciliation.resolving.models import BreakAct, BreakWords
from reconciliation.resolving.reasons import REASONS
from reconciliation.resolving.service import Chosen
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
)
from tests.reconciliation.work import (
    HUNG,
    LAN,
    approving,
    balance,
    clearing,
    everything,
    giving,
    one,
    refusing,
    resolving,
    rules_broken,
    saying,
    state_of,
    their_word,
    undoing,
    work,
    work_on,
)

BIG = 500_000


def missing(world: World, amount: int = PRICE) -> Break:
    """A payment that the day's complete file does not know."""
    world.pay("M", amount)
    world.settle(DAY)
    world.reconcile()
    with world.databases.read() as tx:
        return tx.get_one(Break, one(world, "missing_external").id)


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


def paid_out(world: World, *credits: int, batch: str | None = "") -> None:
    """A payment, its payout, and what the bank tells of the day after."""
    true = world.pay("A").line
    world.settle(DAY, true)
    told = [credit_line(DAY + ONE, amount) for amount in credits]
    if batch != "":
        told = [altered(x, rail_ref=batch) for x in told]
    world.credit(DAY)
    world.credit(DAY + ONE, *told)
    world.credit(DAY + 2 * ONE)
    world.settle(DAY + ONE)
    for later in range(3):
        world.reconcile(DAY + later * ONE, now=night(DAY + 3 * ONE))


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


# -- a later file, after a person


def late_line(world: World) -> Break:
    """Money that was written off stands in the file of the day after."""
    paid = world.pay("M")
    world.settle(DAY)
    world.reconcile()
    found = one(world, "missing_external")
    work(world, found.id, resolving("written_off"))
    world.settle(DAY + ONE, paid.line)
    world.reconcile(DAY + ONE)
    world.reconcile(DAY)
    with world.databases.read() as tx:
        return tx.get_one(Break, found.id)


def test_a_line_for_money_that_was_written_off_is_a_difference_of_its_own(world: World) -> None:
    written_off = late_line(world)
    assert (written_off.state, written_off.resolution) == ("resolved", "written_off")
    found = one(world, "missing_internal")
    assert (found.state, found.line) == ("open", "L-M")
    assert rules_broken(world) == set()
    work(world, found.id, resolving("kept"))
    assert clearing(world) == their_word(world)
    assert balance(world, "adjustments") == 0
    assert rules_broken(world) == set()


def test_taking_the_write_off_back_lets_both_sides_find_each_other(world: World) -> None:
    written_off = late_line(world)
    work(world, written_off.id, undoing())
    world.reconcile(DAY + ONE)
    assert {row.state for row in everything(world)} == {"resolved"}
    assert state_of(world, written_off.id)[1] in ("matched", "late")
    assert clearing(world) == their_word(world)
    assert rules_broken(world) == set()


def test_a_movement_that_comes_after_its_line_was_resolved_is_a_difference_of_its_own(
    world: World,
) -> None:
    payment = world.order()
    world.settle(DAY, line("X", order=payment.code))
    world.reconcile()
    work(world, one(world, "missing_internal").id, resolving("to_return"))
    world.receive("X", payment)
    world.reconcile(now=night(DAY + ONE))
    assert one(world, "missing_external").state == "open"
    assert rules_broken(world) == set()


def test_a_late_payout_at_the_bank_after_a_person_is_a_difference_of_its_own(world: World) -> None:
    paid_out(world)
    work(world, one(world, "missing_external").id, resolving("seen_at_bank"))
    world.put(
        file_of(DAY + 2 * ONE, credit_line(DAY + 2 * ONE, PRICE - FEE, DAY), version=2), "bank"
    )
    world.reconcile(DAY + 2 * ONE, now=night(DAY + 4 * ONE))
    assert one(world, "duplicate_external").state == "open"
    assert rules_broken(world) == set()


# -- two people


def test_above_the_limit_a_second_person_approves(world: World) -> None:
    found = missing(world, BIG)
    before = clearing(world)
    act = work(world, found.id, resolving("written_off", words="Đã gọi nhà cung cấp"))
    assert (act.act, act.amount) == ("propose", -BIG)
    assert (state_of(world, found.id)[0], clearing(world)) == ("open", before)
    with pytest.raises(NeedsAnother) as refusal:
        work(world, found.id, approving(LAN))
    assert refusal.value.parts == {"proposer": "lan", "approver": "lan"}
    with pytest.raises(Conflict, match="already"):
        work(world, found.id, resolving("other", HUNG, "Khác"))
    work(world, found.id, approving())
    assert state_of(world, found.id) == ("resolved", "written_off")
    assert clearing(world) == 0
    assert rules_broken(world) == set()
    with pytest.raises(Conflict, match="Nothing waits"):
        work(world, found.id, approving())


def test_a_refused_proposal_goes_back_and_may_come_again(world: World) -> None:
    found = missing(world, BIG)
    work(world, found.id, resolving("written_off"))
    with pytest.raises(WrongUsage, match="why"):
        work(world, found.id, refusing(words=" "))
    work(world, found.id, refusing())
    assert state_of(world, found.id) == ("open", None)
    work(world, found.id, resolving("provider_corrects", HUNG))
    work(world, found.id, approving(LAN))
    assert state_of(world, found.id) == ("resolved", "provider_corrects")
    assert rules_broken(world) == set()


def test_taking_back_much_money_takes_two_people_as_well(world: World) -> None:
    found = missing(world, BIG)
    work(world, found.id, resolving("written_off"))
    work(world, found.id, approving())
    assert work(world, found.id, undoing(HUNG)).act == "propose_undo"
    assert state_of(world, found.id)[0] == "resolved"
    with pytest.raises(NeedsAnother):
        work(world, found.id, approving(HUNG))
    assert work(world, found.id, approving(LAN)).act == "approve_undo"
    assert (state_of(world, found.id), clearing(world)) == (("open", None), BIG)
    assert rules_broken(world) == set()


def test_a_proposal_ends_when_a_file_explains_the_difference(world: World) -> None:
    paid = world.pay("M", BIG)
    world.settle(DAY)
    world.reconcile()
    found = one(world, "missing_external")
    work(world, found.id, resolving("written_off"))
    world.settle(DAY + ONE, paid.line)
    world.reconcile(DAY + ONE)
    assert state_of(world, found.id) == ("resolved", "late")
    with world.databases.read() as tx:
        assert waiting(tx, tx.get_one(Break, found.id)) is None
    with pytest.raises(Conflict):
        work(world, found.id, approving())
    with pytest.raises(Conflict, match="Nobody resolved"):
        work(world, found.id, undoing())
    assert rules_broken(world) == set()


# -- reasons


@pytest.mark.parametrize("reason", ["kept", "fee_accepted", "rounding", "no such thing", ""])
def test_a_reason_that_does_not_fit_is_refused(world: World, reason: str) -> None:
    found = missing(world)
    with pytest.raises(WrongUsage, match="no reason for this difference"):
        work(world, found.id, resolving(reason))
    assert state_of(world, found.id)[0] == "open"


def test_any_other_reason_needs_words(world: World) -> None:
    found = missing(world)
    with pytest.raises(WrongUsage, match="why"):
        work(world, found.id, resolving("other", words="  "))
    work(world, found.id, resolving("other", words="Theo biên bản 12"))
    with pytest.raises(Conflict, match="resolved already"):
        work(world, found.id, resolving("other", words="Theo biên bản 12"))


def test_resolved_again_after_taking_back_is_booked_once(world: World) -> None:
    found = missing(world)
    for _ in range(2):
        work(world, found.id, resolving("written_off"))
        work(world, found.id, undoing())
    work(world, found.id, resolving("written_off"))
    assert (clearing(world), balance(world, "adjustments")) == (0, PRICE)
    assert world.count(Transfer, Transfer.kind == "adjusted") == 3
    assert rules_broken(world) == set()


# -- who has it, what is said


def test_a_difference_is_taken_given_on_and_released(world: World) -> None:
    found = missing(world)
    work(world, found.id, giving(LAN))
    with pytest.raises(Conflict, match="already"):
        work(world, found.id, giving(LAN))
    work(world, found.id, giving(HUNG))
    work(world, found.id, giving(None, HUNG))
    with world.databases.read() as tx:
        said = timeline(tx, tx.get_one(Break, found.id))
        assert [(x.act.act, x.act.owner) for x in said] == [
            ("assign", None), ("assign", HUNG), ("assign", LAN),
        ]  # fmt: skip


def test_words_stand_once_and_the_audit_trail_holds_none(world: World) -> None:
    found = missing(world)
    for _ in range(2):
        work(world, found.id, saying("Đã hỏi nhà cung cấp"))
    work(world, found.id, saying("Đã hỏi nhà cung cấp", HUNG))
    with pytest.raises(WrongUsage):
        work(world, found.id, saying("  "))
    with pytest.raises(WrongUsage, match="1000"):
        work(world, found.id, saying("x" * 1_001))
    with world.databases.write.begin() as tx:
        said = timeline(tx, tx.get_one(Break, found.id))
        assert [x.words for x in said] == ["Đã hỏi nhà cung cấp"] * 2
        assert tx.query(Audit).filter(Audit.subject == f"break:{found.id}").count() == 2
        tx.query(BreakWords).delete()
    with world.databases.read() as tx:
        assert [x.words for x in timeline(tx, tx.get_one(Break, found.id))] == [None, None]
    assert rules_broken(world) == set()


def test_the_work_goes_on_when_the_difference_gets_another_name(world: World) -> None:
    payment = world.order()
    world.settle(DAY, line("S", order=payment.code, rail=None))
    world.reconcile()
    work(world, one(world, "missing_internal").id, saying("Đang hỏi"))
    world.tell(Told("n", payment.code, Status.FAILED, at(DAY)))
    world.reconcile()
    with world.databases.read() as tx:
        [said] = timeline(tx, tx.get_one(Break, one(world, "status_mismatch").id))
    assert (said.words, said.before) == ("Đang hỏi", True)


# -- many at once


def several(world: World, count: int) -> list[Break]:
    for number in range(count):
        world.pay(f"M{number}")
    world.settle(DAY)
    world.reconcile()
    with world.databases.read() as tx:
        return list(tx.query(Break).order_by(Break.id))


def test_what_is_done_to_many_is_counted_and_each_is_whole(world: World) -> None:
    first, second, third = several(world, 3)
    work(world, second.id, resolving("other", words="Đã xong"))
    chosen = Chosen([first.id, second.id, third.id, world.account.id])
    outcome = work_on(world, chosen, resolving("written_off"))
    assert [(act.act, act.together) for act in outcome.done] == [("resolve", 3)] * 2
    told = {str(error.message): count for error, count in outcome.why}
    assert told == {
        "There is no such difference.": 1,
        "This difference is resolved already.": 1,
    }
    assert clearing(world) == PRICE
    assert sum(row.breaks for row in world.totals()) == 0
    assert rules_broken(world) == set()


def test_many_small_ones_weigh_as_much_as_their_sum(world: World) -> None:
    ids = [row.id for row in several(world, 11)]
    outcome = work_on(world, Chosen(ids), resolving("written_off"))
    assert (len(outcome.done), outcome.waiting) == (11, 11)
    assert clearing(world) == 11 * PRICE
    own = work_on(world, Chosen(ids), approving(LAN))
    assert (len(own.done), len(own.refused)) == (0, 11)
    assert len(work_on(world, Chosen(ids), approving()).done) == 11
    assert clearing(world) == 0
    assert rules_broken(world) == set()


def test_another_operators_difference_does_not_exist(world: World) -> None:
    found = missing(world)
    outcome = work_on(world, Chosen([found.id], "Cầu Gỗ"), saying("Xin chào"))
    [(_, error)] = outcome.refused
    assert isinstance(error, NotFound)
    assert world.count(BreakAct) == 0


@pytest.mark.parametrize("count", [0, 501])
def test_no_more_are_chosen_than_can_be_done_at_once(world: World, count: int) -> None:
    ids = [uuid.UUID(int=n) for n in range(count)]
    with pytest.raises(WrongUsage, match="between 1 and 500"):
        work_on(world, Chosen(ids), saying("Xin chào"))


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
