"""Stripe: what our client asks for, what it makes of the answers, and of answers that never came."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe

from payments.cancelling import cancel_expired
from payments.db import Databases
from payments.errors import WrongUsage
from payments.polling import expire
from payments.provider import (
    AccountSettings,
    MovementKind,
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers.stripe import StripeProvider
from payments.providers.stripe_api import VERSION
from tests.doubles.faults import Fault
from tests.doubles.stripe_errors import Refused
from tests.providers import stripe_rail
from tests.providers.rail import PRICE
from tests.providers.shop import Shop, make_shop
from tests.providers.stripe_rail import SECRET, Stripe

SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"
BEFORE = (Fault.CLOSED_BEFORE, Fault.ERROR_BEFORE)
AFTER = (Fault.CLOSED_AFTER, Fault.ERROR_AFTER, Fault.MALFORMED, Fault.SLOW)


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Stripe]:
    with stripe_rail.stripe(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Stripe, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def provider_of(rail: Stripe, mode: str, key: str) -> StripeProvider:
    secrets = ({**SECRET, "api_key": key},)
    return StripeProvider(replace(rail.account, mode=mode, secrets=secrets), rail.http, rail.clock)


def test_a_session_carries_our_code_wherever_stripe_will_show_it(rail: Stripe) -> None:
    order = rail.order()
    checkout = rail.provider.start(order)
    session = rail.double.session(rail.session(order))
    assert checkout.url == rail.double.page_address(session["id"])
    assert (session["amount_total"], session["currency"]) == (PRICE, "vnd")
    assert session["client_reference_id"] == session["metadata"]["code"] == order.code
    assert rail.double.intent_data[session["id"]] == {"metadata": {"code": order.code}}
    sent = rail.double.journal[-1].headers
    assert (sent["Stripe-Version"], sent["Idempotency-Key"]) == (VERSION, f"start-{order.code}")


@pytest.mark.parametrize(
    ("minutes", "lives"),
    [(10, 60), (90, 90), (48 * 60, 23 * 60)],
    ids=["a quote", "a longer one", "two days"],
)
def test_a_session_lives_as_long_as_stripe_demands(rail: Stripe, minutes: int, lives: int) -> None:
    order = rail.order()
    order = replace(order, expires_at=order.created_at + timedelta(minutes=minutes))
    rail.provider.start(order)
    ends = rail.double.session(rail.session(order))["expires_at"]
    assert ends == int((order.created_at + timedelta(minutes=lives)).timestamp())


def test_an_order_announced_minutes_late_still_lives_half_an_hour(rail: Stripe) -> None:
    order = rail.order()
    rail.clock.forward(minutes=14)
    assert rail.provider.start(order).url


def test_what_is_too_little_for_stripe_is_never_asked_for(rail: Stripe) -> None:
    before = len(rail.double.journal)
    with pytest.raises(ProviderRefused, match="15000"):
        rail.provider.start(rail.order(amount=14_999))
    assert len(rail.double.journal) == before
    assert rail.provider.start(rail.order(amount=15_000)).url


def test_stripes_own_no_says_why(rail: Stripe) -> None:
    rail.double.store.terms = replace(rail.double.store.terms, minimum=500)
    with pytest.raises(ProviderRefused, match="at least 500 in minor units of usd"):
        rail.provider.start(rail.order())


@pytest.mark.parametrize(
    ("mode", "key"), [("test", "sk_live_1"), ("live", "rk_test_1"), ("live", "sk_test_1")]
)
def test_a_key_of_the_other_mode_is_refused_at_start(rail: Stripe, mode: str, key: str) -> None:
    with pytest.raises(WrongUsage, match=f"mode {mode}"):
        provider_of(rail, mode, key)


def test_a_key_stripe_does_not_know_says_nothing_of_the_payment(
    rail: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody will mend the key; until then nobody knows."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ProviderUnavailable, match="401") as said:
        provider_of(rail, "test", "sk_test_somebody_else").start(rail.order())
    assert "sk_test" not in str(said.value)
    assert "sk_test" not in caplog.text


def test_without_a_setting_the_real_api_is_called() -> None:
    seen: list[str] = []

    class Elsewhere:
        def request(self, method: str, url: str, **_: Any) -> Any:
            seen.append(f"{method} {url}")
            raise ProviderUnavailable("There is no network here.")

    now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    live = AccountSettings("an", "live", {}, ({**SECRET, "api_key": "sk_live_1"},))
    provider = StripeProvider(live, Elsewhere(), lambda: now)
    with pytest.raises(ProviderUnavailable):
        provider.statement(now.date() - timedelta(days=1), now.date())
    assert seen[0].startswith("GET https://api.stripe.com/v1/balance_transactions?")


@pytest.mark.parametrize("call", ["start", "fetch", "cancel"])
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_an_answer_that_does_not_come_says_nothing(rail: Stripe, call: str, fault: Fault) -> None:
    order = rail.order() if call == "start" else rail.started()
    rail.double.faults.add(fault)
    with pytest.raises(ProviderUnavailable):
        getattr(rail.provider, call)(order)


@pytest.mark.parametrize("status", [409, 429])
def test_a_conflict_or_a_limit_is_not_a_no(
    rail: Stripe, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = rail.order()
    if status == 409:
        rail.double.keys.in_flight.add(f"start-{order.code}")
    else:
        limited = stripe.RateLimitError("slow down", http_status=400, code="rate_limit")
        sessions = type(stripe.StripeClient("sk_test_1").v1.checkout.sessions)
        monkeypatch.setattr(sessions, "create", lambda *_, **__: (_ for _ in ()).throw(limited))
    with pytest.raises(ProviderUnavailable):
        rail.provider.start(order)


def test_other_words_under_the_same_key_are_refused(rail: Stripe) -> None:
    order = rail.started()
    with pytest.raises(ProviderRefused, match="same parameters"):
        rail.provider.start(replace(order, amount=30_000))


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_a_time_out_at_the_start_is_settled_by_a_poll(
    shop: Shop, rail: Stripe, fault: Fault
) -> None:
    """Stripe cannot be asked by our code, so the session is looked for among those opened then."""
    rail.double.faults.add(fault, SESSIONS)
    payment = shop.start()
    assert shop.payment(payment).state == "unknown"
    assert shop.start().id == payment.id
    shop.rail.pay(shop.order(payment))
    with shop.databases.write.begin() as tx:
        tx.merge(payment).provider_ref = None  # as if the second answer had been lost as well
    shop.poll_later(seconds=31)
    after = shop.payment(payment)
    assert (after.state, after.received, shop.movements(payment)) == ("paid", PRICE, 1)
    assert after.provider_ref == rail.session(shop.order(payment))


def test_a_lost_session_is_found_among_many(rail: Stripe) -> None:
    mine = rail.paid(1)
    for number in range(2, 130):
        rail.started(number)
    assert rail.provider.fetch(replace(mine, provider_ref=None)).status is Status.PAID


def test_an_order_nobody_announced_is_unknown_and_said_alike(rail: Stripe) -> None:
    told = [rail.provider.fetch(rail.order(77)) for _ in range(2)]
    assert told[0].status is Status.UNKNOWN
    assert told[0].key == told[1].key


def test_a_session_of_another_order_says_nothing(rail: Stripe) -> None:
    mine, other = rail.started(1), rail.started(2)
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(replace(mine, provider_ref=other.provider_ref))


def test_a_session_stripe_does_not_know_is_a_no(rail: Stripe) -> None:
    with pytest.raises(ProviderRefused, match="No such"):
        rail.provider.fetch(replace(rail.order(), provider_ref="cs_nothing"))


@pytest.mark.parametrize(
    "spoilt",
    [{"status": "dreaming"}, {"status": "complete", "payment_status": "paid", "created": "now"}],
)
def test_a_session_we_cannot_read_says_nothing(rail: Stripe, spoilt: dict[str, object]) -> None:
    order = rail.started()
    rail.double.store.objects[rail.session(order)].update(spoilt)
    with pytest.raises(ProviderUnavailable, match="believed"):
        rail.provider.fetch(order)


def test_a_charge_that_is_not_shown_says_nothing(rail: Stripe) -> None:
    order = rail.paid()
    del rail.double.store.objects[rail.charge(order)]
    with pytest.raises(ProviderUnavailable, match="believed"):
        rail.provider.fetch(order)


def test_a_checkout_without_a_page_says_nothing(rail: Stripe) -> None:
    order = rail.started()
    kept = rail.double.keys.kept[f"start-{order.code}"].answer
    kept["url"] = None
    with pytest.raises(ProviderUnavailable):
        rail.provider.start(order)


def test_slow_money_is_pending_until_it_comes_or_fails(rail: Stripe) -> None:
    good, bad = rail.started(1), rail.started(2)
    for order in (good, bad):
        rail.double.pay_later(rail.session(order))
        assert rail.provider.fetch(order).status is Status.PENDING
    rail.double.arrive(rail.session(good))
    rail.double.fail(rail.session(bad))
    assert rail.provider.fetch(good).status is Status.PAID
    failed = rail.provider.fetch(bad)
    assert (failed.status, failed.movements) == (Status.FAILED, ())


def test_closing_an_order_makes_it_unpayable(rail: Stripe) -> None:
    order = rail.started()
    assert rail.provider.cancel(order).status is Status.CANCELLED
    assert rail.double.session(rail.session(order))["status"] == "expired"
    assert rail.provider.cancel(order).status is Status.CANCELLED
    assert rail.provider.fetch(order).status is Status.EXPIRED


def test_closing_tells_of_money_that_was_faster(rail: Stripe) -> None:
    paid, unheard = rail.paid(1), rail.order(2)
    told = rail.provider.cancel(paid)
    assert (told.status, [m.amount for m in told.movements]) == (Status.PAID, [PRICE])
    assert rail.provider.cancel(unheard).status is Status.UNKNOWN


def test_money_that_comes_while_we_close_is_told(
    rail: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = rail.started()
    expire_session = rail.double._expire_session

    def payer_was_faster(*arguments: Any, **parts: Any) -> Any:
        rail.pay(order)
        return expire_session(*arguments, **parts)

    route = f"POST {SESSIONS}/<own_id>/expire"
    guarded = rail.double._guarded(payer_was_faster)
    monkeypatch.setitem(rail.double._handlers, route, guarded)
    assert rail.provider.cancel(order).status is Status.PAID


def test_a_quote_that_ran_out_closes_its_session(shop: Shop, rail: Stripe) -> None:
    payment = shop.start()
    rail.clock.forward(minutes=16)
    expire(shop.databases.write, rail.clock())
    assert shop.payment(payment).state == "expired"
    assert cancel_expired(shop.databases.write, shop.gateways, rail.clock()) == 1
    after = shop.payment(payment)
    assert (after.state, after.next_poll_at) == ("cancelled", None)
    with pytest.raises(Refused, match="status of expired"):
        rail.pay(shop.order(payment))


def test_a_refund_carries_its_key_and_is_found_by_it(rail: Stripe) -> None:
    order = rail.paid()
    back = rail.giving_back(order, 5_000)
    told = rail.provider.refund(back)
    (refund,) = rail.double.store.all("refund")
    assert refund["metadata"] == {"code": order.code, "refund_key": back.key}
    assert [(m.kind, m.rail_ref, m.amount) for m in told.movements] == [
        (MovementKind.REFUND, refund["id"], 5_000)
    ]
    assert rail.provider.fetch(back).movements == told.movements
    assert rail.provider.fetch(order).movements == (rail.receipt(order),)


def test_a_refund_takes_its_time(rail: Stripe) -> None:
    rail.double.refunds_become = "pending"
    order = rail.paid()
    back = rail.giving_back(order, PRICE)
    asked = rail.provider.refund(back)
    assert (asked.status, asked.movements) == (Status.PENDING, ())
    (refund,) = rail.double.store.all("refund")
    rail.double.finish_refund(refund["id"])
    assert rail.provider.fetch(back).status is Status.PAID


def test_a_refund_that_fails_before_money_left_is_failed(shop: Shop, rail: Stripe) -> None:
    rail.double.refunds_become = "pending"
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    assert shop.send(refund).state == "asked"
    rail.double.fail_refund(rail.double.store.all("refund")[0]["id"])
    shop.poll_later(minutes=2)
    assert (shop.refund(refund).state, shop.payment(payment).refunded) == ("failed", 0)
    assert shop.books(payment) == {"clearing:an": PRICE, "collected": -PRICE}


def test_a_refund_that_fails_after_it_was_done_brings_its_money_back(
    shop: Shop, rail: Stripe
) -> None:
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    assert shop.send(refund).state == "done"
    rail.notices()
    rail.double.fail_refund(rail.double.store.all("refund")[0]["id"])
    for request in rail.notices():
        for told in rail.provider.parse_notice(request):
            shop.tell(told)
    after = shop.payment(payment)
    assert shop.refund(refund).state == "done"
    assert (after.received, after.refunded, after.flags) == (PRICE + 5_000, 5_000, "overpaid")
    assert shop.books(payment) == {"clearing:an": PRICE, "collected": -PRICE}


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_a_refund_whose_answer_was_lost_is_made_once(
    shop: Shop, rail: Stripe, fault: Fault
) -> None:
    """One that never arrived is asked for again by the poll: Stripe's list is sure."""
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    rail.double.faults.add(fault, REFUNDS)
    assert shop.send(refund).state == "asked"
    shop.poll_later(days=2)  # long after Stripe forgot the key
    assert shop.refund(refund).state == "done"
    assert len(rail.double.store.all("refund")) == 1
    assert shop.books(payment) == {"clearing:an": 15_000, "collected": -15_000}


def test_a_refund_stripe_will_not_make_is_failed_by_the_poll(shop: Shop, rail: Stripe) -> None:
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    rail.double.dispute(rail.charge(shop.order(payment)))
    shop.poll_later(minutes=2)
    assert shop.refund(refund).state == "failed"


@pytest.mark.parametrize("reference", [None, "du_1", "re_1"])
def test_only_a_card_charge_can_be_given_back(rail: Stripe, reference: str | None) -> None:
    back = replace(rail.giving_back(rail.paid(), 5_000), receipt_ref=reference)
    for ask in (rail.provider.refund, rail.provider.fetch):
        with pytest.raises(ProviderRefused, match="card payment"):
            ask(back)


def test_an_answer_about_another_refund_says_nothing(rail: Stripe) -> None:
    order = rail.paid()
    back = rail.giving_back(order, 5_000)
    rail.provider.refund(back)
    kept = rail.double.keys.kept[f"refund-{back.key}"].answer
    kept["metadata"] = {"code": order.code, "refund_key": "another"}
    with pytest.raises(ProviderUnavailable):
        rail.provider.refund(back)


def paid(shop: Shop) -> Any:
    payment = shop.start()
    shop.rail.pay(shop.order(payment))
    shop.tell(shop.rail.provider.fetch(shop.order(payment)))
    return payment
