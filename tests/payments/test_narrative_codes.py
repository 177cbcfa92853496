"""A bank knows only what somebody typed: the books decide which of the codes read there is ours."""

from __future__ import annotations

from payments.codes import code_for, refund_code
from payments.provider import MovementKind, Outcome, Status
from payments.provider import Notice as Told
from tests.payments.kit import PRICE, House, motion, receipt


def typed(house: House, *codes: str, ref: str = "FT1", amount: int = PRICE) -> Told:
    """A transfer arrived; `codes` can be read in its narrative."""
    money = (receipt(ref, house.now, amount),)
    return Told(f"event-{ref}", None, Status.PAID, house.now, money, candidates=codes)


def test_the_one_code_in_our_books_is_paid_whatever_else_looks_like_one(house: House) -> None:
    payment = house.start()
    answer = house.tell(typed(house, code_for(991), payment.code, code_for(992)))
    assert (answer.outcome, answer.payment_id) == (Outcome.APPLIED, payment.id)
    assert house.payment(payment.id).state == "paid"


def test_two_codes_of_ours_are_a_question_for_a_person(house: House) -> None:
    first, second = house.start("quote-1"), house.start("quote-2", "session-2")
    answer = house.tell(typed(house, first.code, second.code))
    assert answer.outcome == Outcome.UNKNOWN_PAYMENT
    assert house.payment(first.id).received == house.payment(second.id).received == 0
    assert house.books() == {"clearing:an-binh": PRICE, "suspense": -PRICE}


def test_no_code_of_ours_goes_to_suspense(house: House) -> None:
    house.start()
    assert house.tell(typed(house, code_for(5_000))).outcome == Outcome.UNKNOWN_PAYMENT
    assert house.tell(typed(house, ref="FT2")).outcome == Outcome.UNKNOWN_PAYMENT
    assert house.books() == {"clearing:an-binh": 2 * PRICE, "suspense": -2 * PRICE}


def test_money_that_went_back_under_a_refund_code_settles_that_refund(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment, amount=5_000)
    sent = (motion(MovementKind.REFUND, "FT9", 5_000, house.now),)
    told = Told(
        "out-1", None, Status.PAID, house.now, sent, candidates=(refund_code(refund.number or 0),)
    )
    assert house.tell(told).payment_id == payment.id
    assert house.refund(refund.id).state == "done"
    assert house.payment(payment.id).refunded == 5_000
    assert house.books() == {"clearing:an-binh": PRICE - 5_000, "collected": 5_000 - PRICE}


def test_an_amount_nobody_ordered_is_booked_and_said_to_be_wrong(house: House) -> None:
    payment = house.start()
    answer = house.tell(typed(house, payment.code, amount=PRICE - 1))
    assert answer.outcome == Outcome.WRONG_AMOUNT
    assert house.payment(payment.id).flags == "underpaid"
