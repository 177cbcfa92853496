"""Money Stripe takes back, gives back, or is told to give back: disputes and refunds by events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from payments.db import Databases
from payments.provider import (
    MovementKind,
    ProviderUnavailable,
    Status,
)
from tests.doubles.faults import Fault
from tests.providers import stripe_rail
from tests.providers.rail import MORNING, PRICE
from tests.providers.shop import Shop, make_shop
from tests.providers.stripe_rail import Stripe, heard, paid, tell_all

AT = int(MORNING.timestamp())


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Stripe]:
    with stripe_rail.stripe(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Stripe, databases: Databases) -> Shop:
    return make_shop(rail, databases)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["as told", "reversed"])
def test_a_dispute_takes_the_money_and_winning_it_brings_it_back(
    shop: Shop, rail: Stripe, order: tuple[int, int]
) -> None:
    payment = paid(shop)
    dispute = rail.double.dispute(rail.charge(shop.order(payment)))
    taken = heard(rail)
    rail.double.close_dispute(dispute["id"], won=True)
    brought = heard(rail)
    assert {one.status for one in taken} == {Status.DISPUTED}
    for at in order:
        for told in (taken, brought)[at]:
            shop.tell(told)
    after = shop.payment(payment)
    assert (after.state, after.received, after.reversed) == ("paid", 2 * PRICE, PRICE)
    assert "disputed" in after.flags
    assert shop.books(payment) == {"clearing:an": PRICE, "collected": -PRICE}
    kinds = [(m.kind, m.rail_ref) for m in brought[-1].movements[1:]]
    assert kinds == [
        (MovementKind.REVERSAL, dispute["id"]),
        (MovementKind.RECEIPT, dispute["id"]),
    ]


def test_a_lost_dispute_leaves_nothing_paid(shop: Shop, rail: Stripe) -> None:
    payment = paid(shop)
    dispute = rail.double.dispute(rail.charge(shop.order(payment)))
    rail.double.answer_dispute(dispute["id"])
    rail.double.close_dispute(dispute["id"], won=False)
    tell_all(shop)
    after = shop.payment(payment)
    assert (after.received, after.reversed, after.flags) == (PRICE, PRICE, "disputed")
    assert shop.books(payment) == {}


def test_a_poll_tells_of_a_dispute_too(rail: Stripe) -> None:
    order = rail.paid()
    rail.double.dispute(rail.charge(order), amount=5_000)
    told = rail.provider.fetch(order)
    assert told.status is Status.DISPUTED
    assert [(m.kind, m.amount) for m in told.movements] == [
        (MovementKind.RECEIPT, PRICE),
        (MovementKind.REVERSAL, 5_000),
    ]
    assert rail.provider.fetch(order).key == told.key


def test_an_inquiry_takes_no_money(rail: Stripe) -> None:
    order = rail.paid()
    dispute = rail.double.dispute(rail.charge(order))
    rail.double.store.objects[dispute["id"]] |= {
        "status": "warning_needs_response",
        "balance_transactions": [],
    }
    told = rail.provider.fetch(order)
    assert [m.kind for m in told.movements] == [MovementKind.RECEIPT]


def test_a_refund_made_in_the_dashboard_counts(shop: Shop, rail: Stripe) -> None:
    payment = paid(shop)
    made = rail.double.refund(rail.charge(shop.order(payment)), 5_000)
    tell_all(shop)
    after = shop.payment(payment)
    assert (after.state, after.received, after.refunded) == ("paid", PRICE, 5_000)
    assert shop.books(payment) == {"clearing:an": 15_000, "collected": -15_000}
    rail.double.fail_refund(made["id"])
    tell_all(shop)
    after = shop.payment(payment)
    assert (after.received, after.refunded) == (PRICE + 5_000, 5_000)
    assert shop.books(payment) == {"clearing:an": PRICE, "collected": -PRICE}


def test_refunds_of_ours_and_of_the_dashboard_are_told_apart(shop: Shop, rail: Stripe) -> None:
    payment = paid(shop)
    ours = shop.ask_back(payment, 5_000, "K1")
    shop.send(ours)
    rail.double.refund(rail.charge(shop.order(payment)), 3_000)
    tell_all(shop)
    shop.tell(rail.provider.fetch(shop.order(payment)))
    after = shop.payment(payment)
    assert (after.refunded, shop.refund(ours).state, shop.movements(payment)) == (8_000, "done", 3)
    assert shop.books(payment) == {"clearing:an": 12_000, "collected": -12_000}


def test_silence_about_a_dispute_is_not_an_answer(rail: Stripe) -> None:
    order = rail.paid()
    rail.double.dispute(rail.charge(order))
    rail.double.faults.add(Fault.CLOSED_BEFORE, "/v1/disputes")
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(order)
