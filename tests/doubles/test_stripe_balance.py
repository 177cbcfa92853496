"""Stripe's own client meets the double over real HTTP: refunds, disputes, balance, payouts, lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_kit import KEY, NOON, SECRET, client_of, create
from tests.doubles.stripe_objects import Terms


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with StripeDouble(KEY, [SECRET], notify_url="http://127.0.0.1:9/", seed=1) as double:
        double.now = NOON
        yield double


@pytest.fixture
def client(double: StripeDouble) -> stripe.StripeClient:
    return client_of(double)


def paid(double: StripeDouble, client: stripe.StripeClient, amount: int = 300_000) -> str:
    """The id of a charge."""
    return str(double.pay(create(client, amount).id)["id"])


def refund(client: stripe.StripeClient, key: str = "", **words: Any) -> Any:
    params: Any = words
    options: Any = {"idempotency_key": key} if key else {}
    return client.v1.refunds.create(params=params, options=options)


def told(double: StripeDouble) -> list[str]:
    return [notice.about for notice in double.outbox.notices]


def sum_of_net(client: stripe.StripeClient, **filters: Any) -> int:
    params: Any = filters
    found = client.v1.balance_transactions.list(params=params)
    return sum(t.net for t in found.auto_paging_iter())


def test_part_of_a_charge_is_refunded_once_per_key(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    charge = paid(double, client)
    intent = str(client.v1.charges.retrieve(charge).payment_intent)
    first = refund(client, "r-1", payment_intent=intent, amount=100_000, metadata={"refund": "r"})
    again = refund(client, "r-1", payment_intent=intent, amount=100_000, metadata={"refund": "r"})
    assert (first.id, first.status, first.charge) == (again.id, "succeeded", charge)
    assert client.v1.charges.retrieve(charge).amount_refunded == 100_000
    assert told(double)[-2:] == ["refund.created", "charge.refunded"]
    assert [r.id for r in client.v1.refunds.list(params={"payment_intent": intent}).data] == [
        first.id
    ]
    booked = client.v1.balance_transactions.retrieve(str(first.balance_transaction))
    assert (booked.amount, booked.fee, booked.type) == (-380, 0, "refund")


def test_no_more_is_refunded_than_was_paid(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    charge = paid(double, client)
    refund(client, charge=charge, amount=200_000)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refund(client, charge=charge, amount=100_001)
    refund(client, charge=charge)
    assert client.v1.charges.retrieve(charge).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(client, charge=charge)
    assert refused.value.code == "charge_already_refunded"


def test_a_refund_names_what_it_refunds(double: StripeDouble, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(client, amount=1)
    assert refused.value.param == "payment_intent"
    with pytest.raises(stripe.InvalidRequestError, match="must be one of"):
        refund(client, charge=paid(double, client), reason="mood")


def test_a_pending_refund_finishes_or_fails_and_money_comes_back(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    double.refunds_become = "pending"
    charge = paid(double, client)
    before = sum_of_net(client)
    made = refund(client, charge=charge, amount=100_000)
    assert made.status == "pending"
    double.finish_refund(made.id)
    assert client.v1.refunds.retrieve(made.id).status == "succeeded"
    double.fail_refund(made.id)
    failed = client.v1.refunds.retrieve(made.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert sum_of_net(client) == before
    assert client.v1.charges.retrieve(charge).amount_refunded == 0
    assert told(double)[-1] == "refund.failed"


@pytest.mark.parametrize(("won", "lost"), [(True, 0), (False, 1140 + 1500)])
def test_a_dispute_takes_amount_and_fee_until_won(
    double: StripeDouble, client: stripe.StripeClient, won: bool, lost: int
) -> None:
    charge = paid(double, client)
    before = sum_of_net(client)
    made = double.dispute(charge)
    assert before - sum_of_net(client) == 1140 + 1500
    assert client.v1.charges.retrieve(charge).disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(client, charge=charge)
    assert refused.value.code == "charge_disputed"
    double.answer_dispute(made["id"])
    assert client.v1.disputes.retrieve(made["id"]).status == "under_review"
    double.close_dispute(made["id"], won=won)
    closed = client.v1.disputes.retrieve(made["id"])
    assert (closed.status, len(closed.balance_transactions)) == ("won" if won else "lost", 1 + won)
    assert before - sum_of_net(client) == lost


def test_a_payout_is_the_sum_of_its_lines(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    charges = [paid(double, client) for _ in range(12)]
    assert double.pay_out() is None
    double.forward(days=2)
    made = double.pay_out()
    assert made is not None
    (payout,) = client.v1.payouts.list(params={"status": "paid"}).data
    assert (payout.id, payout.amount, payout.currency) == (made["id"], 12 * 1060, "usd")
    lines = list(
        client.v1.balance_transactions.list(
            params={"payout": payout.id, "limit": 5}
        ).auto_paging_iter()
    )
    assert {line.source for line in lines if line.type == "charge"} == set(charges)
    assert sum(line.net for line in lines) == 0
    assert sum_of_net(client, payout=payout.id, type="charge") == payout.amount
    assert double.pay_out() is None


def test_a_payout_the_bank_sends_back_returns_to_the_balance(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    paid(double, client)
    double.forward(days=2)
    made = double.pay_out()
    assert made is not None
    double.fail_payout(made["id"])
    assert client.v1.payouts.retrieve(made["id"]).failure_code == "account_closed"
    assert sum_of_net(client) == 1060


def test_lists_are_newest_first_filtered_and_paged_both_ways(
    double: StripeDouble, client: stripe.StripeClient
) -> None:
    old = paid(double, client)
    double.forward(hours=1)
    new = paid(double, client)
    found = client.v1.charges.list(params={"limit": 1})
    assert ([c.id for c in found.data], found.has_more) == ([new], True)
    after = client.v1.charges.list(params={"limit": 1, "starting_after": new})
    assert ([c.id for c in after.data], after.has_more) == ([old], False)
    before = client.v1.charges.list(params={"ending_before": old})
    assert [c.id for c in before.data] == [new]
    edge = int(NOON.timestamp())
    early = client.v1.charges.list(params={"created": {"gte": edge, "lt": edge + 60}})
    assert [c.id for c in early.data] == [old]
    with pytest.raises(stripe.InvalidRequestError, match="limit"):
        client.v1.charges.list(params={"limit": 101})
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        client.v1.charges.list(params={"starting_after": "ch_nothing"})


def test_events_can_be_asked_for_by_type(double: StripeDouble, client: stripe.StripeClient) -> None:
    paid(double, client)
    found = client.v1.events.list(params={"types": ["charge.succeeded", "payout.paid"]})
    assert [event.type for event in found.data] == ["charge.succeeded"]


def test_lists_expand_their_items(double: StripeDouble, client: stripe.StripeClient) -> None:
    charge = paid(double, client)
    found = client.v1.balance_transactions.list(params={"expand": ["data.source"]})
    source: Any = found.data[0].source
    assert (source.object, source.id) == ("charge", charge)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.charges.retrieve(charge, params={"expand": ["colour"]})


def test_a_slow_balance_books_later_and_says_so() -> None:
    with StripeDouble(
        KEY, [SECRET], notify_url="http://127.0.0.1:9/", terms=Terms(slow_balance=True)
    ) as slow:
        own = client_of(slow)
        charge = paid(slow, own)
        assert own.v1.charges.retrieve(charge).balance_transaction is None
        booked = slow.book_charge(charge)
        assert own.v1.charges.retrieve(charge).balance_transaction == booked["id"]
        assert told(slow)[-1] == "charge.updated"
