"""Stripe's own client meets the double over real HTTP: checkout, keys, webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.faults import Fault
from tests.doubles.inbox import Inbox
from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_forms import parsed
from tests.doubles.stripe_kit import KEY, NOON, OLD, SECRET, client_of, create


@pytest.fixture
def double(inbox: Inbox) -> Iterator[StripeDouble]:
    with StripeDouble(KEY, [SECRET], notify_url=inbox.url, seed=1) as double:
        double.now = NOON
        yield double


@pytest.fixture
def client(double: StripeDouble) -> stripe.StripeClient:
    return client_of(double)


def bracketed(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs if not isinstance(value, str) else ():
        yield from bracketed(inner, f"{name}[{key}]")


NAMES = st.text("abcdefg_", min_size=1, max_size=5)
NESTED = st.recursive(
    st.text("aB1đ&=[]%+ ", max_size=8),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, NESTED, max_size=4))
def test_bracketed_forms_are_read_back_as_they_were_meant(form: dict[str, Any]) -> None:
    pairs = [pair for name, value in form.items() for pair in bracketed(value, name)]
    assert parsed(urlencode(pairs)) == form


def test_a_session_opens_unpaid_with_what_the_merchant_said(client: stripe.StripeClient) -> None:
    made = create(client)
    assert (made.status, made.payment_status, made.payment_intent) == ("open", "unpaid", None)
    assert (made.amount_total, made.currency, made.client_reference_id) == (
        300_000,
        "vnd",
        "PKX7Q2M9RA",
    )
    assert made.metadata.to_dict() == {"payment": "p-1"}
    assert made.expires_at - made.created == 86_400
    assert client.v1.checkout.sessions.retrieve(made.id).to_dict() == made.to_dict()


def test_paying_completes_the_session_and_expands_to_the_balance(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    made = create(client)
    double.pay(made.id)
    done = client.v1.checkout.sessions.retrieve(made.id)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    intent = client.v1.payment_intents.retrieve(
        str(done.payment_intent), params={"expand": ["latest_charge.balance_transaction"]}
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 300_000)
    charge: Any = intent.latest_charge
    booked = charge.balance_transaction
    assert charge.metadata.to_dict() == {"payment": "p-1"}
    assert (booked.currency, booked.exchange_rate) == ("usd", 0.000038)
    assert (booked.amount, booked.fee, booked.net) == (1140, 80, 1060)
    assert booked.source == charge.id


def test_every_field_is_one_the_library_declares(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    charge = double.pay(create(client).id)
    double.refund(charge["id"], 1000)
    double.dispute(double.pay(create(client).id)["id"])
    double.pay(create(client, 900_000).id)
    double.forward(days=3)
    double.pay_out()
    declared = {
        "checkout.session": stripe.checkout.Session,
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "dispute": stripe.Dispute,
        "balance_transaction": stripe.BalanceTransaction,
        "payout": stripe.Payout,
        "event": stripe.Event,
    }
    assert {thing["object"] for thing in double.store.objects.values()} == set(declared)
    for thing in double.store.objects.values():
        assert set(thing) <= set(declared[thing["object"]].__annotations__), thing["object"]


def test_less_than_half_a_dollar_is_too_small(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(client, 13_000)
    assert (refused.value.code, refused.value.http_status) == ("amount_too_small", 400)
    assert create(client, 15_000).amount_total == 15_000


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"success_url": ""}, "success_url"),
        ({"line_items": []}, "line_items"),
        ({"expires_at": int(NOON.timestamp()) + 600}, "expires_at"),
        ({"colour": "red"}, "colour"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]"),
    ],
    ids=["mode", "success_url", "nothing", "ten minutes", "unknown", "no price"],
)
def test_a_wrong_session_is_refused_by_name(
    client: stripe.StripeClient, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(client, **wrong)
    assert (refused.value.param or "") == param


def test_a_wrong_key_opens_nothing(double: StripeDouble) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        create(client_of(double, "sk_test_someone_else"))


def test_what_is_not_there_is_missing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_nothing")
    assert (refused.value.code, refused.value.http_status) == ("resource_missing", 404)


def test_the_same_key_gives_the_same_session_and_other_words_are_refused(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    first = create(client, key="p-1")
    assert create(client, key="p-1").id == first.id
    with pytest.raises(stripe.IdempotencyError):
        create(client, 400_000, key="p-1")
    double.forward(hours=25)
    assert create(client, key="p-1").id != first.id


def test_a_key_in_flight_is_a_conflict(double: StripeDouble, client: stripe.StripeClient) -> None:
    double.keys.in_flight.add("p-1")
    with pytest.raises(stripe.StripeError) as refused:
        create(client, key="p-1")
    error = double.journal[-1].answer.decode()
    assert refused.value.http_status == 409
    assert "idempotency_key_in_use" in error


def test_a_retry_after_a_lost_answer_makes_no_second_session(double: StripeDouble) -> None:
    double.faults.add(Fault.CLOSED_AFTER, "/v1/checkout/sessions")
    made = create(client_of(double, retries=2), key="p-1")
    assert [thing["id"] for thing in double.store.all("checkout.session")] == [made.id]


def test_only_an_open_session_expires(double: StripeDouble, client: stripe.StripeClient) -> None:
    made = create(client)
    assert client.v1.checkout.sessions.expire(made.id).status == "expired"
    paid = create(client)
    double.pay(paid.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        client.v1.checkout.sessions.expire(paid.id)


def test_a_session_expires_by_itself(double: StripeDouble, client: stripe.StripeClient) -> None:
    made = create(client, expires_at=int(NOON.timestamp()) + 1800)
    double.forward(minutes=30)
    assert client.v1.checkout.sessions.retrieve(made.id).status == "expired"


def test_a_declined_card_leaves_the_session_open(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    made = create(client)
    double.decline(made.id)
    session = client.v1.checkout.sessions.retrieve(made.id, params={"expand": ["payment_intent"]})
    intent: Any = session.payment_intent
    assert (session.status, intent.status) == ("open", "requires_payment_method")
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    double.pay(made.id)
    assert client.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"


def test_delayed_money_comes_or_does_not(double: StripeDouble, client: stripe.StripeClient) -> None:
    good, bad = create(client), create(client)
    for session in (good, bad):
        double.pay_later(session.id)
    assert client.v1.checkout.sessions.retrieve(good.id).payment_status == "unpaid"
    double.arrive(good.id)
    double.fail(bad.id)
    assert client.v1.checkout.sessions.retrieve(good.id).payment_status == "paid"
    assert client.v1.checkout.sessions.retrieve(bad.id).payment_status == "unpaid"


def test_webhooks_are_verified_by_the_library_through_a_roll(
    double: StripeDouble, client: stripe.StripeClient, inbox: Inbox
) -> None:
    double.secrets = [SECRET, OLD]
    made = create(client)
    double.pay(made.id)
    double.outbox.deliver()
    told = []
    for received in inbox.journal:
        signed = received.headers["Stripe-Signature"]
        for secret in (SECRET, OLD):
            stripe.WebhookSignature.verify_header(received.body.decode(), signed, secret)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(received.body.decode(), signed, "whsec_x")
        told.append(received.json["type"])
    assert told == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    again = client.v1.events.retrieve(inbox.journal[-1].json["id"]).to_dict()
    assert again["data"]["object"]["id"] == made.id
    assert again == inbox.journal[-1].json


def test_only_wanted_events_are_sent(double: StripeDouble, client: stripe.StripeClient) -> None:
    double.enabled_events = ["checkout.session.completed"]
    double.pay(create(client).id)
    assert [n.about for n in double.outbox.waiting()] == ["checkout.session.completed"]


def test_the_hosted_page_takes_the_payer_back(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    made = create(client)
    shown = urllib3.request("GET", made.url).data.decode()
    assert "300.000&nbsp;₫" in shown
    assert "PKX7Q2M9RA" in shown
    assert "MÔ PHỎNG" in shown
    answer = urllib3.request("POST", made.url, fields={"act": "pay"}, redirect=False)
    assert answer.headers["Location"] == f"http://127.0.0.1:9/back?cs={made.id}"


@pytest.mark.parametrize(
    ("act", "where", "status"),
    [
        ("decline", None, "open"),
        ("cancel", "http://127.0.0.1:9/cancelled", "open"),
        ("pay_late", "", "complete"),
    ],
)
def test_other_buttons_do_what_they_say(
    double: StripeDouble, client: stripe.StripeClient, act: str, where: str | None, status: str
) -> None:
    made = create(client)
    answer = urllib3.request("POST", made.url, fields={"act": act}, redirect=False)
    assert (answer.headers.get("Location") or "") == (made.url if where is None else where)
    assert client.v1.checkout.sessions.retrieve(made.id).status == status
    double.forward(minutes=2)
    paid = client.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"
    assert paid == (act == "pay_late")


def test_an_unknown_page_is_not_found(double: StripeDouble) -> None:
    assert urllib3.request("GET", double.page_address("cs_nothing")).status == 404


def test_a_payment_in_time_may_be_told_late(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    charge = double.pay(create(client).id, at=NOON - timedelta(minutes=5))
    assert charge["created"] == NOON.timestamp() - 300
