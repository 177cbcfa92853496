"""On every rail: notices and answers in any order, told again and again, end in the same books."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from payments.db import Databases
from payments.provider import Notice
from payments.refunds import refund_order
from tests.providers.rail import PRICE, Rail
from tests.providers.rails import RAILS
from tests.providers.shop import Shop, make_shop


@pytest.fixture(params=sorted(RAILS))
def rail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rail]:
    with RAILS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Rail, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def every_order_of(facts: str) -> list[tuple[str, ...]]:
    return sorted(set(permutations(facts)))


def test_a_payment_ends_alike_in_every_order_of_notices_and_polls(shop: Shop) -> None:
    """e: a poll before the money; n: the first notice of it, which comes twice; l: a poll after,
    twice too."""
    ends = set()
    for turn, sequence in enumerate(every_order_of("ennll")):
        payment = shop.start(str(turn))
        order = shop.order(payment)
        facts: dict[str, Notice] = {"e": shop.rail.provider.fetch(order)}
        shop.rail.pay(order)
        (request, *_) = shop.rail.notices()
        (facts["n"],) = shop.rail.provider.parse_notice(request)
        facts["l"] = shop.rail.provider.fetch(order)
        for fact in sequence:
            shop.tell(facts[fact])
        after = shop.payment(payment)
        slug = f"clearing:{shop.account.slug}"
        assert shop.books(payment) == {slug: PRICE, "collected": -PRICE}
        assert (shop.movements(payment), after.paid_at) == (1, facts["n"].event_at)
        ends.add((after.state, after.flags, after.received, after.reversed, after.refunded))
    assert ends == {("paid", "", PRICE, 0, 0)}


def test_a_refund_ends_alike_in_every_order_of_answers_and_polls(shop: Shop) -> None:
    """a: the answer to the request, twice; e: a poll right after it; l: one when it is done, twice."""
    if not shop.rail.provider.capabilities.refunds:
        pytest.skip("this rail sends no money back by itself")
    ends = set()
    for turn, sequence in enumerate(every_order_of("aaell")):
        payment = shop.start(str(turn))
        shop.rail.pay(shop.order(payment))
        shop.rail.notices()
        shop.tell(shop.rail.provider.fetch(shop.order(payment)))
        refund = shop.ask_back(payment, 5_000, f"{turn:032x}")
        with shop.databases.read() as tx:
            wish = refund_order(tx, tx.merge(refund, load=False))
        facts = {"a": shop.rail.provider.refund(wish), "e": shop.rail.provider.fetch(wish)}
        shop.rail.settle_refunds()
        facts["l"] = shop.rail.provider.fetch(wish)
        for fact in sequence:
            shop.tell(facts[fact])
        ends.add((shop.refund(refund).state, shop.payment(payment).refunded))
        assert shop.movements(payment) == 2
        slug = f"clearing:{shop.account.slug}"
        assert shop.books(payment) == {slug: PRICE - 5_000, "collected": 5_000 - PRICE}
    assert ends == {("done", 5_000)}


def test_a_lost_notice_costs_one_poll(shop: Shop) -> None:
    payment = shop.start()
    shop.rail.pay(shop.order(payment))
    assert shop.payment(payment).state == "pending"
    shop.poll_later(seconds=31)
    after = shop.payment(payment)
    assert (after.state, after.received, shop.movements(payment)) == ("paid", PRICE, 1)
