"""Cash is a recorded exception: for what is due, with a reason, into one's own till, once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from parking.receipts.models import Receipt
from parking.receipts.service import issue_due
from parking.sessions.due import standing
from parking.sessions.models import ParkingSession
from parking.shifts.cash import REASONS, Reason, asked_for, sell_for_cash
from parking.shifts.models import CashEntry
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.models import Movement, Payment
from payments.money import InvalidMoney
from tests.shifts.kit import Counter


def test_cash_pays_what_is_due_and_lies_in_the_attendants_till(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    due = counter.due(session)
    payment = counter.take(counter.hoa, session)
    assert (payment.state, payment.amount, payment.received) == ("paid", due, due)
    assert (payment.cost_centre, payment.product) == ("HK01", "parking:car")
    assert counter.due(session) == 0
    assert counter.balances()["cash:hoa"] == due
    assert counter.balances()["collected"] == -due


def test_a_cash_payment_says_who_took_it_why_and_when(counter: Counter) -> None:
    session = counter.stay()
    shift = counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, session, "visitor")
    with counter.town.house.databases.read() as tx:
        entry = tx.get_one(CashEntry, payment.id)
    assert (entry.shift_id, entry.reason, entry.by) == (shift.id, "visitor", "person:hoa")
    assert entry.at == counter.town.now


def test_cash_covers_the_stay_until_the_grace_is_over_as_any_payment_does(
    counter: Counter,
) -> None:
    town = counter.town
    session = counter.stay()
    counter.begin(counter.hoa)
    counter.take(counter.hoa, session)
    with town.house.databases.read() as tx:
        found = standing(tx, town.house.tariffs, tx.get_one(ParkingSession, session.id), town.now)
    assert found.covered_until is not None
    assert found.covered_until > town.now


def test_a_cash_payment_gets_its_receipt(counter: Counter) -> None:
    counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, counter.stay())
    assert issue_due(counter.town.house.databases.write, counter.town.now) == 1
    with counter.town.house.databases.read() as tx:
        assert tx.scalars(select(Receipt.payment_id)).all() == [payment.id]


def test_nobody_takes_cash_without_an_open_shift_at_this_lot(counter: Counter) -> None:
    session = counter.stay()
    with pytest.raises(Conflict, match="no shift open"):
        counter.take(counter.hoa, session)
    counter.begin(counter.hoa, lot="DD01")
    with pytest.raises(Conflict, match="another lot"):
        counter.take(counter.hoa, session)
    assert counter.due(session) > 0


def test_a_reason_must_be_one_of_the_list(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    with pytest.raises(WrongUsage, match=r"cheaper is no reason .* no_phone"):
        counter.take(counter.hoa, session, "cheaper")
    assert set(REASONS) == set(Reason)


def test_the_amount_that_was_asked_for_must_still_be_the_one_that_is_due(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    due = counter.due(session)
    with pytest.raises(Conflict, match="has changed"):
        counter.take(counter.hoa, session, shown=due - 1)
    assert counter.take(counter.hoa, session, shown=due).amount == due


def test_an_offer_that_stands_is_what_the_attendant_asks_for(counter: Counter) -> None:
    town = counter.town
    session = counter.stay()
    offered = town.checkout(session).amount
    town.clock.forward(minutes=9)
    with town.house.databases.read() as tx:
        found = tx.get_one(ParkingSession, session.id)
        assert asked_for(tx, town.house.tariffs, found, town.now) == offered


def test_a_double_tap_takes_the_money_once(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    first, second = counter.take(counter.hoa, session), counter.take(counter.hoa, session)
    assert first.id == second.id
    assert moved(counter) == 1


def test_of_two_attendants_the_second_sees_that_it_is_paid(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    counter.begin(counter.binh)
    counter.take(counter.hoa, session)
    with pytest.raises(Conflict, match="it is paid already"):
        counter.take(counter.binh, session)
    assert moved(counter) == 1


def test_two_attendants_at_the_same_moment_take_the_money_once(counter: Counter) -> None:
    session = counter.stay()
    start, said = threading.Barrier(2), []
    for badge in (counter.hoa, counter.binh):
        counter.begin(badge)

    def tap(who: object) -> None:
        start.wait()
        try:
            said.append(counter.take(who, session).state)  # type: ignore[arg-type]
        except Complaint as refused:
            said.append(str(refused))

    taps = [threading.Thread(target=tap, args=(badge,)) for badge in (counter.hoa, counter.binh)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    assert sorted(said)[1] == "paid"
    assert "paid already" in sorted(said)[0]
    assert moved(counter) == 1


def test_what_a_driver_paid_by_phone_is_not_taken_in_cash(counter: Counter) -> None:
    session = counter.stay()
    counter.begin(counter.hoa)
    counter.town.pay(session)
    with pytest.raises(Conflict, match="it is paid already"):
        counter.take(counter.hoa, session)


def test_a_mistake_is_undone_within_ten_minutes_and_the_stay_is_due_again(
    counter: Counter,
) -> None:
    town, session = counter.town, counter.stay()
    counter.begin(counter.hoa)
    due = counter.due(session)
    payment = counter.take(counter.hoa, session)
    town.clock.forward(minutes=10)
    back = counter.give_back(counter.hoa, payment)
    assert (back.received, back.reversed) == (due, due)
    assert counter.due(session) >= due
    assert counter.balances()["cash:hoa"] == 0
    counter.give_back(counter.hoa, payment)
    assert moved(counter) == 2
    again = counter.take(counter.hoa, session)
    assert again.id != payment.id
    assert counter.due(session) == 0


def test_after_ten_minutes_a_cash_payment_stays(counter: Counter) -> None:
    counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, counter.stay())
    counter.town.clock.forward(minutes=10, seconds=1)
    with pytest.raises(Conflict, match="more than ten minutes"):
        counter.give_back(counter.hoa, payment)


def test_nobody_gives_back_what_somebody_else_took(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.begin(counter.binh)
    payment = counter.take(counter.hoa, counter.stay())
    with pytest.raises(NotFound, match="no such payment"):
        counter.give_back(counter.binh, payment)
    with pytest.raises(NotFound, match="no such payment"):
        counter.give_back(counter.hoa, counter.town.pay(counter.stay("30A-111.11")))


def test_a_counted_till_neither_takes_nor_gives(counter: Counter) -> None:
    counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, counter.stay())
    counter.count(counter.hoa, 300_000)
    with pytest.raises(Conflict, match="counted"):
        counter.take(counter.hoa, counter.stay("30A-111.11"))
    with pytest.raises(Conflict, match="counted"):
        counter.give_back(counter.hoa, payment)


def test_anything_with_a_price_is_sold_at_the_counter_once(counter: Counter) -> None:
    counter.begin(counter.hoa)

    def sell(amount: int) -> Payment:
        with counter.town.house.databases.write.begin() as tx:
            return sell_for_cash(
                tx, counter.lot.id, counter.hoa, "cannot", counter.town.now,
                reference="pass:1", amount=amount, cost_centre="HK01", product="pass:motorbike",
                description="HK01 29-B1 123.45",
            )  # fmt: skip

    first = sell(100_000)
    assert (first.state, first.reference, first.product) == ("paid", "pass:1", "pass:motorbike")
    assert sell(100_000).id == first.id  # a caller that asked before the first tap was written
    assert sell(0).id == first.id
    assert moved(counter) == 1
    with pytest.raises(InvalidMoney):
        sell(-1)


def moved(counter: Counter) -> int:
    with counter.town.house.databases.read() as tx:
        return tx.scalar(select(func.count()).select_from(Movement)) or 0
