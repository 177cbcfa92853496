"""Starting to collect: once per intent, nothing open while the provider is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import select, text

from payments import audit
from payments.accounts import WrongMode
from payments.checkout import ROUNDS, intend, order_of, start
from payments.codes import code_for, number_of
from payments.db import connect
from payments.errors import Conflict, NotFound, Unavailable
from payments.models import MerchantAccount, Notice, Payment
from payments.money import InvalidMoney
from payments.polling import poll_payment, poll_refund
from payments.provider import MovementKind, ProviderRefused, ProviderUnavailable, Status
from payments.provider import Notice as Told
from payments.refunds import send
from tests.payments.kit import PRICE, House, at_once, make_house, motion, paid_notice


def test_an_accepted_order_waits_for_its_driver(house: House) -> None:
    payment = house.start()
    assert (payment.state, payment.flags, payment.received) == ("pending", "", 0)
    assert payment.checkout_url == f"https://pay.example/{payment.code}"
    assert payment.provider_ref == "WOM-1"
    assert number_of(payment.code) == payment.number == 1
    assert payment.return_url == f"https://p.example.vn/s/1?c={payment.code}"
    assert house.memory.orders[payment.code] == replace(order_of(payment), provider_ref=None)


def test_numbers_count_up(house: House) -> None:
    assert [house.start(f"q{n}", f"s{n}").number for n in range(3)] == [1, 2, 3]


def test_a_silent_provider_leaves_the_payment_unknown_and_polled(house: House) -> None:
    house.memory.refusal = ProviderUnavailable("no answer")
    payment = house.start()
    assert (payment.state, payment.checkout_url) == ("unknown", None)
    assert payment.next_poll_at is not None


def test_a_second_click_after_silence_announces_the_same_order_again(house: House) -> None:
    house.memory.refusal = ProviderUnavailable("no answer")
    first = house.start()
    house.memory.refusal = None
    second = house.start()
    assert second.id == first.id
    assert second.checkout_url is not None
    assert house.memory.asked == [f"start {first.code}"] * 2


def test_a_refusal_is_failed_and_the_next_click_is_a_new_payment(house: House) -> None:
    house.memory.refusal = ProviderRefused("never")
    first = house.start()
    assert (first.state, first.next_poll_at) == ("failed", None)
    house.memory.refusal = None
    second = house.start()
    assert second.id != first.id
    assert second.state == "pending"


def test_two_clicks_at_once_are_one_payment(house: House) -> None:
    payments = at_once([house.start] * 8)
    assert all(isinstance(payment, Payment) for payment in payments), payments
    assert house.count(Payment) == 1
    assert len({str(p.checkout_url) for p in payments if isinstance(p, Payment)}) == 1


def test_different_intents_at_once_are_different_payments(house: House) -> None:
    calls = [partial(house.start, f"q{n}", f"s{n}") for n in range(8)]
    payments = [p for p in at_once(calls) if isinstance(p, Payment)]
    assert len({p.code for p in payments}) == len({p.number for p in payments}) == 8


def test_a_click_after_the_money_came_does_not_collect_again(house: House) -> None:
    paid = house.paid_payment()
    again = house.start()
    assert again.id == paid.id
    assert again.state == "paid"
    assert house.memory.asked == [f"start {paid.code}"]


def test_money_that_was_taken_back_may_be_collected_again(house: House) -> None:
    paid = house.paid_payment()
    back = motion(MovementKind.REVERSAL, "V1", PRICE, house.now)
    house.tell(Told("n2", paid.code, Status.DISPUTED, house.now, (back,)))
    assert house.start().id != paid.id


def test_an_intent_does_not_change_its_amount(house: House) -> None:
    first = house.start()
    with pytest.raises(Conflict, match=f"{first.code} collects 20000 and cannot become 25000"):
        start(house.databases.write, house.gateways, house.request(amount=25_000), house.now)
    assert house.count(Payment) == 1


@pytest.mark.parametrize("amount", [0, -1, 10**12])
def test_what_nobody_can_pay_is_refused_before_anything_is_written(
    house: House, amount: int
) -> None:
    with pytest.raises(InvalidMoney):
        start(house.databases.write, house.gateways, house.request(amount=amount), house.now)
    assert house.count(Payment) == 0
    assert house.memory.asked == []


def test_a_rail_that_is_not_installed_is_named(house: House) -> None:
    gateways = replace(house.gateways, registry={})
    with pytest.raises(NotFound, match="no payment provider word-of-mouth"):
        start(house.databases.write, gateways, house.request(), house.now)


@pytest.mark.parametrize("mode", ["test", "live"])
def test_an_account_of_the_other_mode_never_collects(house: House, mode: str) -> None:
    with house.databases.write.begin() as tx:
        account = tx.get_one(MerchantAccount, house.account.id)
        account.mode = mode
    request = replace(house.request(), account=account)
    elsewhere = replace(house.gateways, mode="live" if mode == "test" else "test")
    with pytest.raises(WrongMode):
        start(house.databases.write, elsewhere, request, house.now)
    with pytest.raises(WrongMode):
        elsewhere.provider(account)
    assert house.count(Payment) == 0
    assert house.memory.asked == []


def test_a_retired_account_collects_nothing_new(house: House) -> None:
    with house.databases.write.begin() as tx:
        account = tx.get_one(MerchantAccount, house.account.id)
        account.retired_at = house.now
    with pytest.raises(Conflict, match="an-binh is retired"):
        start(
            house.databases.write,
            house.gateways,
            replace(house.request(), account=account),
            house.now,
        )
    assert house.count(Payment) == 0


def test_a_crash_before_the_call_is_resolved_by_a_poll(house: House) -> None:
    with house.databases.write.begin() as tx:
        payment = intend(tx, house.request(), house.now)
    assert house.payment(payment.id).state == "created"
    house.memory.answers[payment.code] = paid_notice(payment.code, house.now)
    assert poll_payment(house.databases.write, house.gateways, payment.id, house.now)
    assert house.payment(payment.id).state == "paid"


def test_a_crash_after_the_call_is_resolved_by_the_next_click(house: House) -> None:
    with house.databases.write.begin() as tx:
        payment = intend(tx, house.request(), house.now)
    house.gateways.provider(payment.account).start(order_of(payment))
    after = house.start()
    assert (after.id, after.state) == (payment.id, "pending")


def test_money_that_came_before_the_provider_answered_is_kept(house: House) -> None:
    def pay_meanwhile(call: str) -> None:
        (code,) = [entry.split()[1] for entry in house.memory.asked if entry.startswith("start")]
        house.tell(paid_notice(code, house.now))

    house.memory.listener = pay_meanwhile
    payment = house.start()
    assert (payment.state, payment.received) == ("paid", PRICE)
    assert payment.checkout_url is not None


def test_nothing_is_open_while_the_provider_is_called(house: House, database_url: str) -> None:
    """Another connection can write, and ours are all back in the pool, in every kind of call."""
    seen: list[str] = []
    other = connect(database_url)

    def look(call: str) -> None:
        for maker in (house.databases.write, house.databases.read):
            assert maker.kw["bind"].pool.checkedout() == 0
        with other.write.begin() as tx:
            audit.append(tx, "a stranger", call, "x", {}, house.now)
            tx.scalars(select(Payment).with_for_update(nowait=True, of=Payment)).all()
        seen.append(call)

    house.memory.listener = look
    payment = house.start()
    house.memory.answers[payment.code] = paid_notice(payment.code, house.now)
    poll_payment(house.databases.write, house.gateways, payment.id, house.now)
    refund = house.ask(house.payment(payment.id))
    send(house.databases.write, house.gateways, refund.id, house.now)
    poll_refund(house.databases.write, house.gateways, refund.id, house.now)
    other.dispose()
    assert seen == ["start", "fetch", "refund", "fetch"]


def test_a_number_that_was_given_before_is_passed_over(postgresql_url: str, now: datetime) -> None:
    """After a restore the sequence may stand behind the table; a few clicks bring it forward."""
    databases = connect(postgresql_url)
    house = make_house(databases, now)
    for n in range(ROUNDS):
        house.start(f"q{n}", f"s{n}")
    with databases.write.begin() as tx:
        tx.execute(text("SELECT setval('payment_number', 1, false)"))
    with pytest.raises(Unavailable):
        house.start("next", "next")
    assert house.start("next", "next").number == ROUNDS + 1
    databases.dispose()


def test_the_notices_of_our_own_are_said_once(house: House) -> None:
    house.start()
    with house.databases.read() as tx:
        said = tx.execute(select(Notice.key, Notice.source)).all()
    assert [tuple(row) for row in said] == [(f"ours:{code_for(1)}:pending", "ours")]
