"""Fees and payouts that only a statement tells of are booked once and move no payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from payments import settlement
from payments.db import business_day
from payments.facts import facts_of
from payments.models import Movement, Payment, Transfer
from payments.polling import poll
from payments.provider import MovementKind, Status
from payments.provider import Notice as Told
from payments.settlement import Settled, ask_soon, book
from tests.payments.kit import PRICE, House, at_once, paid_notice


def fee(
    house: House, payment: Payment | None = None, ref: str = "L1", amount: int = 220
) -> Settled:
    named = payment.id if payment else None
    return Settled(MovementKind.FEE, ref, 1, amount, "VND", house.now, named)


def payout(house: House, amount: int = PRICE - 220) -> Settled:
    return Settled(MovementKind.PAYOUT, "batch-1", 1, amount, "VND", house.now)


def book_all(house: House, *entries: Settled) -> list[str]:
    with house.databases.write.begin() as tx:
        days = book(tx, house.account, entries, house.now)
    return sorted(day.isoformat() for day in days)


def test_fee_and_payout_empty_what_the_provider_held(house: House) -> None:
    payment = house.paid_payment()
    assert book_all(house, fee(house, payment), payout(house)) == ["2026-11-20"]
    assert house.books() == {"fees": 220, "bank": PRICE - 220, "collected": -PRICE}


def test_the_same_statement_twice_books_nothing_twice(house: House) -> None:
    book_all(house, fee(house), payout(house))
    assert book_all(house, fee(house), payout(house), fee(house, ref="L2")) == ["2026-11-20"]
    assert book_all(house, fee(house)) == []
    assert house.count(Movement) == house.count(Transfer) == 3


def test_the_same_statement_in_many_hands_books_once(house: House) -> None:
    entries = [fee(house, ref=f"L{n}") for n in range(10)]
    answers = at_once([lambda: book_all(house, *entries)] * 6)
    assert sorted(map(str, answers)) == ["['2026-11-20']", *["[]"] * 5]
    assert house.count(Movement) == house.count(Transfer) == 10


def test_a_fee_never_changes_the_fold_of_its_payment(house: House) -> None:
    payment = house.paid_payment()
    book_all(house, replace(fee(house, payment), currency="USD", amount=30))
    with house.databases.read() as tx:
        row = tx.get_one(Payment, payment.id)
        found = facts_of(tx, row.id).fold(row)
    assert (found.state, ",".join(found.flags)) == (row.state, row.flags) == ("paid", "")


def test_an_old_fee_stands_on_the_day_its_statement_speaks_for(house: House) -> None:
    then = house.now - timedelta(days=40)
    assert book_all(house, replace(fee(house), event_at=then)) == [business_day(then).isoformat()]


def test_a_long_statement_is_booked_in_chunks(house: House) -> None:
    entries = [fee(house, ref=f"L{n}", amount=n + 1) for n in range(settlement.CHUNK + 1)]
    book_all(house, *entries)
    count = len(entries)
    assert house.count(Movement) == count
    assert house.books()["fees"] == count * (count + 1) // 2


def test_money_only_a_statement_knows_of_is_asked_about_at_the_next_poll(house: House) -> None:
    payment, other = house.paid_payment(), house.start("quote-2", "session-2")
    refund = house.ask(payment)
    later = house.now + timedelta(days=2)
    with house.databases.write.begin() as tx:
        ask_soon(tx, [payment.id, payment.id], later)
    assert house.payment(payment.id).next_poll_at == later
    assert house.refund(refund.id).next_poll_at == later
    assert house.payment(other.id).next_poll_at == house.now + timedelta(seconds=30)
    house.memory.answers[payment.code] = paid_notice(payment.code, house.now, "R2")
    house.memory.answers["K1"] = Told("b", payment.code, Status.PAID, house.now, refund_key="K1")
    poll(house.databases.write, house.gateways, later)
    assert house.payment(payment.id).received == 2 * PRICE
    assert house.payment(payment.id).next_poll_at is None
    assert house.refund(refund.id).state == "done"


def test_a_settled_refund_is_not_asked_about_again(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    house.tell(Told("b", payment.code, Status.PAID, house.now, refund_key="K1"))
    with house.databases.write.begin() as tx:
        ask_soon(tx, [payment.id], house.now)
    assert house.refund(refund.id).next_poll_at is None


def test_nothing_to_book_or_ask_does_nothing(house: House) -> None:
    assert book_all(house) == []
    with house.databases.write.begin() as tx:
        ask_soon(tx, [], house.now)
        assert tx.scalars(select(Movement)).all() == []
