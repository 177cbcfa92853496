"""What a later fact explains resolves itself and says so; what is merely old stays open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.models import Payment, Refund
from payments.provider import LineKind, MovementKind, Notice, Status
from payments.refunds import RefundRequest, ask
from reconciliation.invariants import check
from reconciliation.models import Break
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    at,
    line,
    night,
)
from tests.reconciliation.work import resolving, work


def proven(world: World) -> bool:
    with world.databases.read() as tx:
        return list(check(tx)) == []


def test_a_late_line_is_missing_first_and_late_afterwards(world: World) -> None:
    late = world.pay("A")
    world.settle(DAY)
    world.reconcile()
    (missing,) = world.breaks()
    assert (missing.kind, missing.difference, missing.timing) == ("missing_external", -PRICE, True)
    world.settle(DAY + ONE, late.line)
    result = world.reconcile(DAY + ONE)
    (row,) = world.breaks()
    assert (result.matched, result.resolved) == (1, 1)
    assert (row.id, row.kind, row.difference, row.state) == (missing.id, "late", 0, "resolved")
    assert (row.resolution, row.line, row.payment) == ("late", "L-A", late.payment.code)
    assert (row.timing, row.resolved_at) == (False, night(DAY + ONE))
    (total,) = world.totals()
    assert (total.confirmed_count, total.fees, total.breaks) == (1, FEE, 0)
    assert proven(world)


def test_a_line_that_never_comes_stops_being_a_matter_of_timing(world: World) -> None:
    world.pay("A")
    world.settle(DAY)
    world.reconcile()
    world.reconcile(now=night(DAY) + timedelta(days=3) - timedelta(minutes=16))
    assert [b.timing for b in world.breaks()] == [True]
    world.reconcile(now=night(DAY) + timedelta(days=3) - timedelta(minutes=15))
    assert [b.timing for b in world.breaks()] == [False]


def test_a_first_look_after_the_time_for_late_lines_finds_no_timing(world: World) -> None:
    world.pay("A")
    world.settle(DAY)
    world.reconcile(now=at(DAY + 9 * ONE))
    assert [(b.kind, b.timing) for b in world.breaks()] == [("missing_external", False)]


def test_an_unheard_receipt_is_asked_about_and_then_explains_itself(world: World) -> None:
    payment = world.order()
    with world.databases.write.begin() as tx:
        tx.get_one(Payment, payment.id).next_poll_at = None
    world.settle(DAY, line("A", order=payment.code))
    world.reconcile()
    (row,) = world.breaks()
    assert (row.kind, row.payment, row.cost_centre) == (
        "missing_internal",
        payment.code,
        "HK-001",
    )
    with world.databases.read() as tx:
        assert tx.get_one(Payment, payment.id).next_poll_at == night(DAY)
    world.receive("A", payment)
    result = world.reconcile(now=at(DAY + ONE, 2))
    (row,) = world.breaks()
    assert (row.id, row.kind, row.state, row.resolution) == (
        row.id,
        "missing_internal",
        "resolved",
        "matched",
    )
    assert (result.matched, result.resolved, row.difference) == (1, 1, 0)
    assert proven(world)


def test_a_receipt_heard_of_with_another_amount_renames_the_difference(world: World) -> None:
    payment = world.order()
    world.settle(DAY, line("A", PRICE + 500, order=payment.code))
    world.reconcile()
    assert world.brief() == [("missing_internal", "L-A", PRICE + 500, "open")]
    world.receive("A", payment)
    world.reconcile(now=at(DAY + ONE, 2))
    assert world.brief() == [("amount_mismatch", "L-A", 500, "open")]
    assert world.count(Break, Break.resolution == "superseded") == 1
    assert proven(world)


def test_the_right_line_in_a_later_file_takes_the_wrong_ones_place(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY, altered(paid.line, gross=PRICE - 1))
    world.reconcile()
    world.settle(DAY + ONE, altered(paid.line, line_ref="L-A-corrected"))
    world.reconcile(DAY + ONE)
    assert world.brief() == [
        ("amount_mismatch", "L-A", 0, "resolved"),
        ("duplicate_external", "L-A", PRICE - 1, "open"),
        ("late", "L-A-corrected", 0, "resolved"),
    ]
    assert proven(world)


def test_a_duplicate_is_known_as_one_once_the_first_line_is_matched(world: World) -> None:
    payment = world.order()
    one = line("A", order=payment.code)
    world.settle(DAY, one, altered(one, line_ref="L-A-2"))
    world.reconcile()
    assert {b.kind for b in world.breaks()} == {"missing_internal"}
    world.receive("A", payment)
    world.reconcile(now=at(DAY + ONE, 2))
    assert world.brief() == [
        ("duplicate_external", "L-A-2", PRICE, "open"),
        ("missing_internal", "L-A", 0, "resolved"),
    ]
    assert proven(world)


def test_what_a_person_explained_is_not_opened_again(world: World) -> None:
    world.pay("A")
    world.settle(DAY, line("I", 500, 0, LineKind.OTHER))
    world.reconcile()
    for row in world.breaks():
        work(world, row.id, resolving("other", words="Đã hỏi đối tác"))
    world.reconcile(now=at(DAY + ONE, 6))
    assert {b.state for b in world.breaks()} == {"resolved"}
    assert world.count(Break) == 2
    assert proven(world)


def test_a_second_receipt_the_provider_does_not_know_is_ours_twice(world: World) -> None:
    payment = world.order()
    world.receive("A", payment)
    world.receive("A", payment, occurrence=2)
    world.settle(DAY, line("A", order=payment.code))
    world.reconcile()
    assert world.brief() == [("duplicate_internal", None, -PRICE, "open")]
    assert proven(world)


def test_refunds_and_chargebacks_are_matched_with_their_own_lines(world: World) -> None:
    paid, back = world.pay("A"), world.pay("B")
    world.move(MovementKind.REFUND, "R", paid.payment)
    world.move(MovementKind.REVERSAL, "B", back.payment)
    world.settle(
        DAY,
        paid.line,
        back.line,
        line("R", -PRICE, 0, LineKind.REFUND, order=paid.payment.code),
        line("C", -PRICE, 0, LineKind.OTHER, rail="T-B"),
    )
    result = world.reconcile()
    assert (result.matched, world.brief()) == (4, [])
    assert sum(total.refunds for total in world.totals()) == 2 * PRICE
    assert proven(world)


def test_money_that_went_back_unheard_of_has_its_own_names(world: World) -> None:
    paid, other = world.pay("A"), world.pay("B")
    with world.databases.write.begin() as tx:
        wish = RefundRequest(paid.payment.id, 500, "charge", "left early", "lan", "K1")
        refund = ask(tx, wish, at(DAY, 12))
    world.settle(
        DAY,
        paid.line,
        other.line,
        line("R", -500, 0, LineKind.REFUND, order=paid.payment.code),
        line("S", -500, 0, LineKind.REFUND),
        line("C", -PRICE, 0, rail="T-B"),
        line("D", -PRICE, 0, LineKind.OTHER, order=other.payment.code),
        line("E", -700, 0, LineKind.OTHER),
    )
    world.reconcile()
    assert world.brief() == [
        ("chargeback", "L-C", -PRICE, "open"),
        ("chargeback", "L-D", -PRICE, "open"),
        ("missing_internal", "L-E", -700, "open"),
        ("refund_unknown", "L-R", -500, "open"),
        ("refund_unknown", "L-S", -500, "open"),
    ]
    with world.databases.read() as tx:
        assert tx.get_one(Refund, refund.id).next_poll_at == night(DAY)


def test_a_refund_without_a_line_is_missing_with_the_opposite_sign(world: World) -> None:
    paid = world.pay("A")
    world.move(MovementKind.REFUND, "R", paid.payment, 700)
    world.settle(DAY, paid.line)
    world.reconcile()
    assert world.brief() == [("missing_external", None, 700, "open")]


def test_money_for_a_payment_that_was_called_off_contradicts_its_status(world: World) -> None:
    payment = world.order()
    world.tell(Notice("no", payment.code, Status.CANCELLED, at(DAY)))
    world.settle(DAY, line("A", order=payment.code))
    world.reconcile()
    assert world.brief() == [("status_mismatch", "L-A", PRICE, "open")]


def test_another_currency_means_nothing_of_ours_arrived(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY, altered(paid.line, currency="USD"))
    world.reconcile()
    assert world.brief() == [("currency_mismatch", "L-A", -PRICE, "open")]
    assert proven(world)


def test_a_line_without_a_rail_reference_is_matched_by_our_code(world: World) -> None:
    one, two = world.pay("A"), world.pay("B")
    world.settle(
        DAY, altered(one.line, rail_ref=None), altered(two.line, rail_ref=None, gross=PRICE + 1)
    )
    assert world.reconcile().matched == 1
    assert world.brief() == [("amount_mismatch", "L-B", 1, "open")]


def test_where_two_would_do_a_person_decides(world: World) -> None:
    payment = world.order()
    world.receive("A", payment)
    world.receive("B", payment)
    world.settle(DAY, line("X", rail=None, order=payment.code))
    assert world.reconcile().matched == 0
    assert world.brief() == [
        ("ambiguous", "L-X", PRICE, "open"),
        ("ambiguous", None, -PRICE, "open"),
        ("ambiguous", None, -PRICE, "open"),
    ]
    assert proven(world)


def test_fees_are_not_judged_where_none_was_agreed(world: World) -> None:
    world.accounts["an-binh"].settings.pop("fee_permyriad")
    paid = world.pay("A")
    world.settle(DAY, altered(paid.line, fee=9_999))
    assert world.reconcile().matched == 1


@pytest.mark.parametrize("judged", [True, False])
def test_a_fee_on_money_that_goes_back_was_never_agreed(world: World, judged: bool) -> None:
    if not judged:
        world.accounts["an-binh"].settings.pop("fee_permyriad")
    paid = world.pay("A")
    world.move(MovementKind.REFUND, "R", paid.payment)
    world.settle(DAY, paid.line, line("R", -PRICE, 5, LineKind.REFUND))
    world.reconcile()
    assert world.brief() == ([("fee_mismatch", "L-R", 5, "open")] if judged else [])


def test_both_sides_of_a_day_never_meet_those_of_another_account(world: World) -> None:
    mine = world.pay("A")
    theirs = world.pay("A", slug="cau-go", lot="DD-001")
    world.settle(DAY, mine.line)
    world.settle(DAY, altered(theirs.line, gross=1), slug="cau-go")
    world.reconcile()
    world.reconcile(slug="cau-go")
    assert [(b.account, b.kind) for b in world.breaks()] == [("cau-go", "amount_mismatch")]
    with world.databases.read() as tx:
        assert list(check(tx)) == []
