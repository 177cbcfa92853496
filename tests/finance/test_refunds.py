"""Money goes back once, for a reason, and never more than there is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parking.finance.refunds import read_amount
from parking.sessions.models import Adjustment
from payments.errors import WrongUsage
from payments.models import Payment, Refund
from tests.finance.conftest import Desk
from tests.sessions.groups import bikes, dues, pay


def ask(desk: Desk, status: int, code: str = "", **form: object) -> str:
    """Send the refund form of the payment; its answer."""
    given_form: dict[str, object] = {
        "amount": "10.000",
        "purpose": "charge",
        "reason": "Tính nhầm giờ",
        "key": "a" * 32,
    } | form
    code = code or desk.payment.code
    page = f"/finance/trace?q={desk.payment.code}&lang=en"
    answer = desk.browser.post(f"/finance/payments/{code}/refund", page=page, **given_form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    return text


def refunds(desk: Desk) -> list[Refund]:
    with desk.town.house.databases.read() as tx:
        return list(tx.scalars(select(Refund)))


def test_a_charge_goes_back_and_lowers_the_price(desk: Desk) -> None:
    desk.sit()
    ask(desk, 303)
    with desk.town.house.databases.read() as tx:
        assert tx.get_one(Payment, desk.payment.id).refunded == 10_000
        adjustment = tx.scalars(select(Adjustment)).one()
    assert (adjustment.amount, adjustment.by) == (-10_000, "person:finance-city")
    assert "Refund done: Tính nhầm giờ" in desk.read(
        f"/finance/trace?q={desk.payment.code}&lang=en"
    )


def test_sending_the_form_twice_gives_the_money_back_once(desk: Desk) -> None:
    desk.sit()
    ask(desk, 303)
    ask(desk, 303)
    assert [refund.amount for refund in refunds(desk)] == [10_000]


def test_an_excess_is_what_was_paid_beyond_the_price(desk: Desk) -> None:
    desk.sit()
    assert "Only 0 was paid beyond the price" in ask(desk, 409, purpose="excess")
    assert refunds(desk) == []


def test_an_excess_goes_back_and_leaves_the_price(desk: Desk) -> None:
    town = desk.town
    session = town.arrive("30E-999.99")
    town.clock.forward(hours=1)
    payment = town.checkout(session)
    town.act(payment, "pay_more", amount=payment.amount + 5_000)
    town.learn(payment)
    desk.sit()
    form = {"purpose": "excess", "amount": "5000", "key": "b" * 32}
    ask(desk, 303, code=payment.code, **form)
    ask(desk, 303, code=payment.code, **form)
    with town.house.databases.read() as tx:
        assert tx.scalars(select(Adjustment)).all() == []
    assert [refund.amount for refund in refunds(desk)] == [5_000]


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"amount": "-5"}, 400, "-5 is not an amount"),
        ({"amount": ""}, 400, "is not an amount"),
        ({"amount": "1e3"}, 400, "is not an amount"),
        ({"amount": "999999999"}, 409, "cannot be refunded"),
        ({"reason": " x "}, 400, "why the money goes back"),
        ({"purpose": "gift"}, 400, "incomplete"),
        ({"key": "k"}, 400, "incomplete"),
    ],
)
def test_a_form_that_cannot_be_done_is_explained_and_kept(
    desk: Desk, form: dict[str, str], status: int, told: str
) -> None:
    desk.sit()
    page = ask(desk, status, **form)
    assert told in page
    assert "Tính nhầm giờ" in page or form.get("reason")
    assert refunds(desk) == []


def test_nobody_gives_back_the_money_of_another_operator(desk: Desk) -> None:
    desk.sit("hoan-kiem")
    ask(desk, 404, code=desk.other.code)
    assert refunds(desk) == []


def test_a_payment_that_was_given_back_whole_offers_no_form(desk: Desk) -> None:
    desk.sit()
    ask(desk, 303, amount=str(desk.payment.amount))
    assert f"{desk.payment.code}/refund" not in desk.read(f"/finance/trace?q={desk.payment.code}")


@settings(deadline=None, max_examples=60)
@given(st.integers(min_value=0, max_value=999_999_999_999), st.sampled_from([".", ",", " ", ""]))
def test_an_amount_reads_as_it_was_written(amount: int, separator: str) -> None:
    written = f"{amount:,}".replace(",", separator)
    assert read_amount(f" {written} ₫ ", "VND") == amount


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=12).filter(lambda text: not any(c in "0123456789" for c in text)))
def test_what_holds_no_digit_is_no_amount(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_amount(text, "VND")


@pytest.mark.parametrize("text", ["1.00", "1.0000", "10.000.00", "1..000", "٣٠٠٠", "1234567890123"])
def test_an_amount_that_could_be_read_two_ways_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_amount(text, "VND")


def test_of_a_payment_for_several_vehicles_one_is_chosen(desk: Desk) -> None:
    town = desk.town
    stays = bikes(town)
    payment = pay(town, stays)
    desk.sit()
    page = desk.read(f"/finance/trace?q={payment.code}&lang=en")
    assert all(f'value="{stay.reference}"' in page for stay in stays)
    form = {"amount": "5000", "key": "c" * 32}
    assert "choose the vehicle" in ask(desk, 400, code=payment.code, **form)
    ask(desk, 303, code=payment.code, stay=stays[1].reference, **form)
    assert [one.reference for one in refunds(desk)] == [stays[1].reference]
    assert dues(town, stays) == [0, 0, 0]
    assert stays[1].plate in desk.read("/finance/refunds")
