"""An order that ran out is closed at its provider, once, and money it took meanwhile is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from payments.accounts import Gateways
from payments.cancelling import TRY_FOR, cancel_expired
from payments.models import Notice, Payment
from payments.polling import expire
from payments.provider import Notice as Told
from payments.provider import Order, ProviderUnavailable, Status
from tests.payments.kit import PRICE, House, paid_notice
from tests.payments.word_of_mouth import WordOfMouth


class Closing(WordOfMouth):
    """Word of mouth that takes an order back."""

    def cancel(self, order: Order) -> Told:
        self.memory.hear("cancel", order.code)
        return self.memory.answer(order.code)


@pytest.fixture
def gateways(house: House) -> Gateways:
    rail = type("ClosingTalker", (Closing,), {"memory": house.memory})
    return replace(house.gateways, registry={WordOfMouth.name: rail})


def run_out(house: House, intent: str = "q1", reference: str = "s1") -> Payment:
    payment = house.start(intent, reference)
    expire(house.databases.write, payment.expires_at + timedelta(seconds=1))
    return house.payment(payment.id)


def cancels(house: House, gateways: Gateways, payment: Payment, **after: float) -> int:
    now = payment.expires_at + timedelta(seconds=2) + timedelta(**after)
    return cancel_expired(house.databases.write, gateways, now)


def test_an_order_that_ran_out_is_closed_and_asked_about_no_more(
    house: House, gateways: Gateways
) -> None:
    payment = run_out(house)
    house.memory.answers[payment.code] = Told("c", payment.code, Status.CANCELLED, house.now)
    assert cancels(house, gateways, payment) == 1
    after = house.payment(payment.id)
    assert (after.state, after.next_poll_at) == ("cancelled", None)
    assert cancels(house, gateways, payment) == 0


def test_money_the_answer_tells_of_is_recorded(house: House, gateways: Gateways) -> None:
    payment = run_out(house)
    house.memory.answers[payment.code] = paid_notice(payment.code, payment.expires_at)
    assert cancels(house, gateways, payment) == 1
    after = house.payment(payment.id)
    assert (after.state, after.received, after.flags) == ("paid", PRICE, "")
    assert house.books() == {"clearing:an-binh": PRICE, "collected": -PRICE}


def test_an_order_the_provider_leaves_as_it_is_is_asked_for_once(
    house: House, gateways: Gateways
) -> None:
    payment = run_out(house)
    house.memory.answers[payment.code] = Told("e", payment.code, Status.EXPIRED, house.now)
    assert [cancels(house, gateways, payment, minutes=n) for n in (0, 1)] == [1, 0]
    after = house.payment(payment.id)
    assert after.state == "expired"
    assert after.next_poll_at is not None
    with house.databases.read() as tx:
        keys = set(tx.scalars(select(Notice.key)))
    assert f"ours:{payment.code}:closed" in keys


def test_a_silent_provider_is_asked_again_and_stops_no_other(
    house: House, gateways: Gateways
) -> None:
    mute, speaking = run_out(house, "q1", "s1"), run_out(house, "q2", "s2")
    house.memory.answers[mute.code] = ProviderUnavailable("away")
    house.memory.answers[speaking.code] = Told("c", speaking.code, Status.CANCELLED, house.now)
    assert cancels(house, gateways, mute) == 1
    assert house.payment(mute.id).state == "expired"
    assert house.payment(speaking.id).state == "cancelled"
    house.memory.answers[mute.code] = Told("d", mute.code, Status.CANCELLED, house.now)
    assert cancels(house, gateways, mute, minutes=1) == 1
    assert house.payment(mute.id).state == "cancelled"


def test_nobody_is_asked_for_ever(house: House, gateways: Gateways) -> None:
    payment = run_out(house)
    assert cancel_expired(
        house.databases.write, gateways, payment.expires_at + TRY_FOR + timedelta(seconds=1)
    ) == 0  # fmt: skip
    assert f"cancel {payment.code}" not in house.memory.asked


def test_open_and_paid_orders_and_rails_that_cannot_are_left_alone(
    house: House, gateways: Gateways
) -> None:
    still_open, paid = house.start("q1", "s1"), house.paid_payment("q2")
    late = still_open.expires_at + timedelta(seconds=2)
    assert cancel_expired(house.databases.write, gateways, late) == 0
    expire(house.databases.write, late)
    assert house.payment(paid.id).state == "paid"
    assert cancel_expired(house.databases.write, house.gateways, late) == 0
    assert not any(entry.startswith("cancel") for entry in house.memory.asked)


def test_nothing_is_open_while_the_provider_is_asked(house: House, gateways: Gateways) -> None:
    """A notice that comes while we ask is recorded, and both are one movement."""
    payment = run_out(house)
    told = paid_notice(payment.code, payment.expires_at)
    house.memory.answers[payment.code] = replace(told, key="answer")
    house.memory.listener = lambda call: house.tell(told)
    assert cancels(house, gateways, payment) == 1
    assert house.payment(payment.id).received == PRICE
