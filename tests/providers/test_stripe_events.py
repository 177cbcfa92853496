"""Stripe's webhooks: who signed them, what they make us ask for, and what they may not make us do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.db import Databases
from payments.provider import (
    InvalidNotice,
    NoticeRequest,
    Outcome,
    Status,
)
from payments.providers.stripe import StripeProvider
from payments.providers.stripe_events import EVENTS, signed_at
from tests.doubles.credentials import STRIPE_WEBHOOK_SECRET
from tests.doubles.faults import Fault
from tests.doubles.outbox import NoticeState
from tests.doubles.stripe import header
from tests.providers import stripe_rail
from tests.providers.rail import MORNING, PRICE
from tests.providers.shop import Shop, make_shop
from tests.providers.stripe_rail import SECRET, Stripe, heard, paid

AT = int(MORNING.timestamp())


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Stripe]:
    with stripe_rail.stripe(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Stripe, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def signed(
    event: dict[str, Any] | bytes, *, at: int = AT, secret: str = STRIPE_WEBHOOK_SECRET
) -> NoticeRequest:
    """`event` as a webhook, signed at `at`."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    given = {"content-type": "application/json", "stripe-signature": header([secret], at, body)}
    return NoticeRequest("POST", "", given, body)


def last(rail: Stripe, kind: str) -> dict[str, Any]:
    """The last event of a type, as Stripe keeps it."""
    return next(one for one in rail.double.store.all("event") if one["type"] == kind)


def test_two_events_about_one_change_are_one_movement(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    told = heard(rail)
    assert [one.order_code for one in told] == [payment.code] * 2
    assert told[0].movements == told[1].movements
    assert len({one.key for one in told}) == 2
    for one in told:
        shop.tell(one)
    after = shop.payment(payment)
    assert (after.state, after.flags, shop.movements(payment)) == ("paid", "", 1)


def test_an_event_is_believed_as_stripe_shows_its_object_now(rail: Stripe) -> None:
    """The event says what was: another amount in it changes nothing."""
    order = rail.paid()
    event = last(rail, "payment_intent.succeeded")
    event["data"]["object"] |= {"amount": 1, "amount_received": 1, "currency": "usd"}
    (told,) = rail.provider.parse_notice(signed(event))
    assert told.movements == (rail.receipt(order),)


def test_another_amount_than_ordered_is_recorded_and_flagged(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    order = shop.order(payment)
    rail.pay(order)
    rail.double.store.objects[rail.charge(order)]["amount"] = 19_000
    outcomes = [shop.tell(told).outcome for told in heard(rail)]
    assert outcomes == [Outcome.WRONG_AMOUNT] * 2
    assert shop.payment(payment).flags == "underpaid"


def test_another_currency_than_ordered_is_recorded_and_flagged(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    order = shop.order(payment)
    rail.pay(order)
    rail.double.store.objects[rail.charge(order)]["currency"] = "usd"
    assert [shop.tell(told).outcome for told in heard(rail)] == [Outcome.WRONG_AMOUNT] * 2
    assert (shop.payment(payment).flags, shop.payment(payment).received) == ("integrity", 0)


def test_a_repeated_event_is_a_repetition(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    (request, *_) = rail.notices()
    outcomes = [shop.tell(rail.provider.parse_notice(request)[0]).outcome for _ in range(2)]
    assert outcomes == [Outcome.APPLIED, Outcome.REPEATED]
    assert shop.payment(payment).received == PRICE


def test_money_of_somebody_elses_order_goes_to_suspense(shop: Shop, rail: Stripe) -> None:
    """Another program may use the same account."""
    order = rail.paid(4_711)
    rail.double.store.objects[rail.session(order)]["client_reference_id"] = None
    for kind in ("checkout.session", "payment_intent"):
        for thing in rail.double.store.all(kind):
            thing["metadata"] = {}
    assert {shop.tell(told).outcome for told in heard(rail)} == {Outcome.UNKNOWN_PAYMENT}
    assert shop.books() == {"clearing:an": PRICE, "suspense": -PRICE}


def test_a_charge_without_an_intent_is_nobody_we_know(rail: Stripe) -> None:
    rail.paid()
    rail.double.refund(rail.double.store.all("charge")[0]["id"], 1_000)
    event = last(rail, "charge.refunded")
    event["data"]["object"]["payment_intent"] = None
    assert rail.provider.parse_notice(signed(event)) == ()


def test_events_that_concern_no_payment_are_acknowledged_unread(rail: Stripe) -> None:
    rail.paid()
    asked = len(rail.double.journal)
    for kind in ("payment_intent.created", "charge.succeeded"):
        assert rail.provider.parse_notice(signed(last(rail, kind))) == ()
    balance = last(rail, "charge.succeeded") | {"type": "balance.available"}
    balance["data"] = {"object": {"object": "balance"}}
    assert rail.provider.parse_notice(signed(balance)) == ()
    assert len(rail.double.journal) == asked


def test_the_endpoint_hears_of_everything_that_moves_money(rail: Stripe) -> None:
    order = rail.paid()
    rail.provider.refund(rail.giving_back(order, 1_000))
    dispute = rail.double.dispute(rail.charge(rail.paid(2)))
    rail.double.close_dispute(dispute["id"], won=True)
    rail.provider.cancel(rail.started(3))
    told = {notice.about for notice in rail.double.outbox.notices}
    assert told <= set(EVENTS)
    assert all(one.movements or one.status is Status.EXPIRED for one in heard(rail))


Alter = Callable[[dict[str, Any]], NoticeRequest]

BAD: dict[str, Alter] = {
    "another secret": lambda event: signed(event, secret="whsec_other"),
    "signed in the future": lambda event: signed(event, at=AT + 61),
    "no signature": lambda event: replace(
        signed(event), headers={"content-type": "application/json"}
    ),
    "no time": lambda event: replace(
        signed(event),
        headers={"content-type": "application/json", "stripe-signature": "v1=00"},
    ),
    "another amount": lambda event: replace(
        signed(event), body=signed(event).body.replace(b"20000", b"90000")
    ),
    "a live event": lambda event: signed(event | {"livemode": True}),
    "no mode": lambda event: signed({k: v for k, v in event.items() if k != "livemode"}),
    "no id": lambda event: signed({k: v for k, v in event.items() if k != "id"}),
    "no object": lambda event: signed(event | {"data": []}),
    "an object of another account": lambda event: signed(
        event | {"data": {"object": {"id": "pi_other", "object": "payment_intent"}}}
    ),
    "no time of creation": lambda event: signed(event | {"created": "now"}),
    "not JSON": lambda event: signed(b"{"),
    "a list": lambda event: signed(b"[]"),
    "no text": lambda event: signed(b"\xff\xfe"),
    "two modes": lambda event: signed(
        json.dumps(event).encode().replace(b'"livemode"', b'"livemode": true, "livemode"', 1)
    ),
    "called text": lambda event: replace(
        signed(event), headers={**signed(event).headers, "content-type": "text/plain"}
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_what_stripe_did_not_say_to_us_is_refused(rail: Stripe, case: str) -> None:
    rail.paid()
    event = last(rail, "payment_intent.succeeded")
    assert rail.provider.parse_notice(signed(event | {"colour": "red"}))
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(BAD[case](event))


def test_a_test_event_moves_nothing_on_a_live_account(rail: Stripe) -> None:
    rail.paid()
    secret = {**SECRET, "api_key": "sk_live_1"}
    live = StripeProvider(
        replace(rail.account, mode="live", secrets=(secret,)), rail.http, rail.clock
    )
    with pytest.raises(InvalidNotice, match="livemode"):
        live.parse_notice(signed(last(rail, "payment_intent.succeeded")))


def test_every_live_secret_is_good_while_one_is_rolled(rail: Stripe) -> None:
    rail.paid()
    newer = {**SECRET, "webhook_secret": "whsec_newer"}
    both = StripeProvider(replace(rail.account, secrets=(newer, SECRET)), rail.http, rail.clock)
    event = last(rail, "payment_intent.succeeded")
    for secret in ("whsec_newer", STRIPE_WEBHOOK_SECRET):
        assert both.parse_notice(signed(event, secret=secret))


@given(st.text(st.characters(codec="ascii")), st.integers())
def test_no_header_is_too_strange_to_be_read(text: str, at: int) -> None:
    for signature in (text, f"t={text},v1={text}", f"t={at},v1=00", f"t={at}"):
        request = NoticeRequest("POST", "", {"Stripe-Signature": signature}, b"{}")
        with pytest.raises(InvalidNotice):
            signed_at(request, [STRIPE_WEBHOOK_SECRET], MORNING)


@pytest.mark.parametrize("stamp", [-5, 10**12])
def test_a_time_no_clock_shows_is_refused_though_signed(stamp: int) -> None:
    with pytest.raises(InvalidNotice, match="time"):
        signed_at(signed({}, at=stamp), [STRIPE_WEBHOOK_SECRET], MORNING)


@pytest.mark.parametrize(("seconds", "stale"), [(300, False), (301, True)])
def test_an_old_but_genuine_event_is_settled_by_a_poll(
    shop: Shop, rail: Stripe, seconds: int, stale: bool
) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    rail.clock.forward(seconds=seconds)
    (told,) = rail.provider.parse_notice(signed(last(rail, "payment_intent.succeeded")))
    assert told.stale is stale
    assert shop.tell(told).outcome is (Outcome.DEFERRED if stale else Outcome.APPLIED)
    shop.poll_later(seconds=0)
    assert (shop.payment(payment).state, shop.movements(payment)) == ("paid", 1)


@pytest.mark.parametrize("fault", [Fault.CLOSED_BEFORE, Fault.ERROR_AFTER, Fault.MALFORMED])
def test_an_event_whose_object_is_not_shown_is_settled_by_a_poll(
    shop: Shop, rail: Stripe, fault: Fault
) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    rail.double.faults.add(fault, "/v1/payment_intents")
    (told,) = rail.provider.parse_notice(signed(last(rail, "payment_intent.succeeded")))
    assert (told.stale, told.order_code, told.movements) == (True, payment.code, ())
    assert shop.tell(told).outcome is Outcome.DEFERRED
    shop.poll_later(seconds=0)
    assert shop.payment(payment).state == "paid"


def test_a_refund_that_is_not_shown_is_settled_by_a_poll(shop: Shop, rail: Stripe) -> None:
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    rail.double.faults.add(Fault.CLOSED_AFTER, "/v1/refunds")
    shop.send(refund)
    rail.double.faults.add(Fault.CLOSED_BEFORE, "/v1/refunds/")
    (told,) = rail.provider.parse_notice(signed(last(rail, "refund.created")))
    assert (told.stale, told.refund_key) == (True, "K1")
    shop.tell(told)
    shop.poll_later(seconds=0)
    assert shop.refund(refund).state == "done"


def test_an_event_that_names_no_payment_comes_again_when_stripe_is_silent(
    shop: Shop, rail: Stripe
) -> None:
    payment = paid(shop)
    rail.double.dispute(rail.charge(shop.order(payment)))
    with shop.door() as address:
        rail.double.notify_url = address
        rail.double.faults.add(Fault.ERROR_BEFORE, "/v1/", times=2)
        attempts = rail.double.outbox.deliver()
        assert [attempt.status for attempt in attempts] == [503, 503]
        assert shop.payment(payment).reversed == 0
        rail.clock.forward(minutes=1)
        attempts = rail.double.outbox.deliver()
    assert [attempt.status for attempt in attempts] == [200, 200]
    assert (shop.payment(payment).reversed, shop.payment(payment).flags) == (PRICE, "disputed")


def test_stripe_stops_when_our_door_has_heard(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    with shop.door() as address:
        rail.double.notify_url = address
        rail.double.outbox.deliver()
    assert {one.state for one in rail.double.outbox.notices} == {NoticeState.ACKNOWLEDGED}
    assert shop.payment(payment).state == "paid"


def test_a_forged_event_leaves_nothing_at_our_door(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    rail.pay(shop.order(payment))
    with shop.door() as address:
        rail.double.notify_url, rail.double.secrets = address, ["whsec_forger"]
        assert {attempt.status for attempt in rail.double.outbox.deliver()} == {400}
    assert (shop.payment(payment).state, shop.books()) == ("pending", {})


def test_an_expired_session_is_told(rail: Stripe) -> None:
    order = rail.started()
    rail.clock.forward(minutes=60)
    assert rail.provider.fetch(order).status is Status.EXPIRED
    (told,) = heard(rail)
    assert (told.status, told.order_code, told.movements) == (Status.EXPIRED, order.code, ())


def test_slow_money_is_told_when_it_comes(rail: Stripe) -> None:
    order = rail.started()
    rail.double.pay_later(rail.session(order))
    assert [one.status for one in heard(rail)] == [Status.PENDING]
    rail.clock.forward(days=1)
    rail.double.arrive(rail.session(order))
    assert {one.status for one in heard(rail)} == {Status.PAID}
    assert rail.receipt(order).event_at == MORNING + timedelta(days=1)
