"""The companies' doubles at our own door, over real HTTP both ways: what they hear, what we keep."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest

from payments.db import Databases
from payments.models import Payment
from payments.provider import Outcome
from tests.doubles.base import Double
from tests.doubles.faults import Fault
from tests.doubles.momo import MomoDouble
from tests.doubles.outbox import Attempt, Message, NoticeState
from tests.doubles.vnpay import VnpayDouble
from tests.doubles.zalopay import ZalopayDouble
from tests.providers import momo_rail, vnpay_rail, zalopay_rail
from tests.providers.rail import PRICE, Rail
from tests.providers.shop import Shop, make_shop

Company = VnpayDouble | MomoDouble | ZalopayDouble

COMPANIES: Mapping[str, Callable[[], AbstractContextManager[tuple[Rail, Company]]]] = {
    "vnpay": vnpay_rail.opened,
    "momo": momo_rail.opened,
    "zalopay": zalopay_rail.opened,
}
#: What each reads in our answers: status and body, by what became of the notice.
HEARD: Mapping[str, Mapping[Outcome, tuple[int, object]]] = {
    "vnpay": {
        Outcome.APPLIED: (200, "00"),
        Outcome.REPEATED: (200, "02"),
        Outcome.UNKNOWN_PAYMENT: (200, "01"),
        Outcome.WRONG_AMOUNT: (200, "04"),
        Outcome.INVALID: (200, "97"),
        Outcome.FAILED: (200, "99"),
    },
    "momo": {
        Outcome.APPLIED: (204, None),
        Outcome.REPEATED: (204, None),
        Outcome.UNKNOWN_PAYMENT: (204, None),
        Outcome.WRONG_AMOUNT: (204, None),
        Outcome.INVALID: (403, None),
        Outcome.FAILED: (503, None),
    },
    "zalopay": {
        Outcome.APPLIED: (200, 1),
        Outcome.REPEATED: (200, 2),
        Outcome.UNKNOWN_PAYMENT: (200, 1),
        Outcome.WRONG_AMOUNT: (200, 1),
        Outcome.INVALID: (200, 2),
        Outcome.FAILED: (200, 0),
    },
}
#: Which request of ours announces an order (VNPAY's goes with the driver), and which a refund.
START = {"momo": "/create", "zalopay": "/create"}
REFUND = {"vnpay": "/transaction", "momo": "/refund", "zalopay": "/refund"}
CLOSED = (Fault.CLOSED_BEFORE, Fault.ERROR_BEFORE)
LOST = (Fault.CLOSED_AFTER, Fault.ERROR_AFTER, Fault.MALFORMED, Fault.SLOW)


@pytest.fixture(params=sorted(COMPANIES))
def opened(request: pytest.FixtureRequest) -> Iterator[tuple[str, Rail, Company]]:
    with COMPANIES[request.param]() as (rail, company):
        yield request.param, rail, company


@pytest.fixture
def name(opened: tuple[str, Rail, Company]) -> str:
    return opened[0]


@pytest.fixture
def company(opened: tuple[str, Rail, Company]) -> Company:
    return opened[2]


@pytest.fixture
def shop(opened: tuple[str, Rail, Company], databases: Databases) -> Shop:
    return make_shop(opened[1], databases)


@contextmanager
def told_to(shop: Shop, company: Company) -> Iterator[str]:
    """The company's notices go to our own door."""
    with shop.door() as address:
        company.notify_url = address
        yield address


def heard(attempt: Attempt) -> tuple[int, object]:
    word = attempt.said("RspCode")
    return attempt.status, attempt.said("return_code") if word is None else word


@pytest.mark.parametrize("outcome", [*HEARD["vnpay"]])
def test_every_outcome_is_said_in_the_companys_own_words(
    name: str, shop: Shop, outcome: Outcome
) -> None:
    reply = shop.rail.provider.reply(outcome)
    message = Message("POST", "")
    attempt = Attempt(shop.rail.clock(), message, reply.status, reply.body.encode())
    assert heard(attempt) == HEARD[name][outcome]


def deliver(company: Double) -> Attempt:
    (attempt,) = company.outbox.deliver()
    return attempt


def test_a_genuine_notice_is_taken_and_its_sender_told_so(
    name: str, shop: Shop, company: Company
) -> None:
    payment = shop.start()
    with told_to(shop, company):
        shop.rail.pay(shop.order(payment))
        attempt = deliver(company)
        assert heard(attempt) == HEARD[name][Outcome.APPLIED]
        assert company.outbox.notices[0].state is NoticeState.ACKNOWLEDGED
        assert shop.payment(payment).state == "paid"
        assert heard(company.outbox.send(attempt.message)) == HEARD[name][Outcome.REPEATED]
    assert (shop.payment(payment).received, shop.movements(payment)) == (PRICE, 1)


def test_money_for_an_order_we_do_not_know_is_kept_apart(
    name: str, shop: Shop, company: Company
) -> None:
    order = shop.rail.started(777)
    with told_to(shop, company):
        shop.rail.pay(order)
        assert heard(deliver(company)) == HEARD[name][Outcome.UNKNOWN_PAYMENT]
    assert shop.books() == {f"clearing:{shop.account.slug}": PRICE, "suspense": -PRICE}


def test_another_amount_than_ordered_counts_as_what_it_is(
    name: str, shop: Shop, company: Company
) -> None:
    payment = shop.start()
    order = shop.order(payment)
    with told_to(shop, company):
        for announced in company.orders.values():
            announced.amount //= 2
        shop.rail.pay(order)
        assert heard(deliver(company)) == HEARD[name][Outcome.WRONG_AMOUNT]
    after = shop.payment(payment)
    assert (after.state, after.flags, after.received) == ("pending", "underpaid", PRICE // 2)


def test_a_forged_notice_leaves_nothing(name: str, shop: Shop, company: Company) -> None:
    payment = shop.start()
    with told_to(shop, company):
        shop.rail.pay(shop.order(payment))
        (notice,) = company.outbox.waiting()
        message = notice.make(shop.rail.clock())
        forged = Message(
            message.method,
            message.url.replace(f"vnp_Amount={PRICE}", f"vnp_Amount=1{PRICE}"),
            message.headers,
            message.body.replace(str(PRICE).encode(), f"1{PRICE}".encode()),
        )
        assert heard(company.outbox.send(forged)) == HEARD[name][Outcome.INVALID]
    assert (shop.payment(payment).state, shop.books()) == ("pending", {})


def test_ten_megabytes_are_refused_before_they_are_read(shop: Shop, company: Company) -> None:
    with told_to(shop, company) as address:
        place = urlsplit(address)
        connection = http.client.HTTPConnection(place.netloc, timeout=20)
        connection.putrequest("POST", place.path)
        connection.putheader("Content-Length", "10000000")
        connection.putheader("Content-Type", "application/json")
        connection.endheaders(b"{")
        assert connection.getresponse().status == 413
        connection.close()
    assert shop.books() == {}


def test_money_that_comes_after_the_time_ran_out_is_still_money(
    shop: Shop, company: Company
) -> None:
    payment = shop.start()
    shop.rail.clock.forward(minutes=20)
    shop.poll_later(minutes=5)
    assert shop.payment(payment).received == 0
    with told_to(shop, company):
        shop.rail.pay(shop.order(payment))
        deliver(company)
    after = shop.payment(payment)
    assert (after.state, after.flags, after.received) == ("paid", "paid_late", PRICE)


@pytest.mark.parametrize("opened", sorted(START), indirect=True)
@pytest.mark.parametrize("fault", LOST)
def test_an_answer_lost_after_the_company_acted_is_found_by_a_poll(
    name: str, shop: Shop, company: Company, fault: Fault
) -> None:
    """The driver's page may still be known to the payer's app: the money is not lost with it."""
    company.faults.add(fault, START[name])
    payment = shop.start()
    assert (payment.state, payment.checkout_url) == ("unknown", None)
    shop.rail.pay(shop.order(payment))
    shop.poll_later(seconds=31)
    assert (shop.payment(payment).state, shop.payment(payment).received) == ("paid", PRICE)


@pytest.mark.parametrize("opened", sorted(START), indirect=True)
@pytest.mark.parametrize("fault", CLOSED)
def test_an_order_that_never_arrived_can_be_announced_again(
    name: str, shop: Shop, company: Company, fault: Fault
) -> None:
    company.faults.add(fault, START[name])
    first = shop.start()
    shop.poll_later(seconds=31)
    assert (first.state, shop.payment(first).state) == ("unknown", "unknown")
    again = shop.start()
    assert again.id == first.id
    assert again.checkout_url


@pytest.mark.parametrize("fault", [*CLOSED, *LOST])
def test_a_poll_without_an_answer_changes_nothing_and_the_next_one_settles(
    shop: Shop, company: Company, fault: Fault
) -> None:
    payment = shop.start()
    shop.rail.pay(shop.order(payment))
    company.faults.add(fault)
    shop.poll_later(seconds=31)
    assert (shop.payment(payment).state, shop.books()) == ("pending", {})
    shop.poll_later(minutes=2)
    assert (shop.payment(payment).state, shop.movements(payment)) == ("paid", 1)


@pytest.mark.parametrize("fault", LOST)
def test_a_refund_whose_answer_was_lost_is_found_by_a_poll_and_made_once(
    name: str, shop: Shop, company: Company, fault: Fault
) -> None:
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    company.faults.add(fault, REFUND[name])
    assert shop.send(refund).state == "asked"
    shop.send(refund)
    shop.poll_later(minutes=2)
    assert shop.refund(refund).state == "done"
    assert shop.books(payment) == {f"clearing:{shop.account.slug}": 15_000, "collected": -15_000}


@pytest.mark.parametrize("fault", CLOSED)
def test_a_refund_that_never_arrived_is_asked_for_again_by_the_next_poll(
    name: str, shop: Shop, company: Company, fault: Fault
) -> None:
    payment = paid(shop)
    refund = shop.ask_back(payment, 5_000, "K1")
    company.faults.add(fault, REFUND[name])
    assert shop.send(refund).state == "asked"
    shop.poll_later(minutes=2)
    shop.poll_later(minutes=5)  # some companies need a while to give it back
    assert (shop.refund(refund).state, shop.movements(payment)) == ("done", 2)


def paid(shop: Shop) -> Payment:
    payment = shop.start()
    shop.rail.pay(shop.order(payment))
    shop.tell(shop.rail.provider.fetch(shop.order(payment)))
    return payment
