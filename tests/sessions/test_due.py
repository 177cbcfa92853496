"""What is due, what covers, and what a quote promises, on both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from parking.sessions import quotes, service
from parking.sessions.due import HORIZON, Standing, paid_until, standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.refunds import refund
from payments.db import CITY_ZONE
from payments.errors import Conflict, WrongUsage
from payments.models import Payment, Refund
from payments.refunds import RefundRequest
from tests.kit import Town

HOA = "person:hoa"


def local(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


def look(town: Town, session: ParkingSession) -> Standing:
    with town.house.databases.read() as tx:
        row = tx.get_one(ParkingSession, session.id)
        return standing(tx, town.house.tariffs, row, town.now)


def leave(town: Town, session: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving(HOA, town.now), town.now)


def test_the_price_grows_until_it_is_paid_and_lines_add_up(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=90)
    before = look(town, car)
    assert (before.due, before.paid) == (50_000, 0)
    assert sum(line.amount for line in before.lines) == before.price.amount
    payment = town.pay(car)
    assert payment.state == "paid"
    after = look(town, car)
    assert (after.due, after.paid, after.settled, after.free) == (0, 50_000, True, False)


def test_overstaying_makes_only_the_difference_due(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=90)
    town.pay(car)
    town.clock.forward(minutes=60)
    over = look(town, car)
    assert (over.price.amount, over.due) == (85_000, 35_000)
    town.pay(car)
    assert look(town, car).due == 0


def test_grace_covers_an_hour_that_began_on_the_way_out(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=119)
    town.pay(car)
    town.clock.forward(minutes=5)
    assert look(town, car).due == 0
    leave(town, car)
    assert look(town, car).due == 0
    town.clock.forward(hours=5)
    assert look(town, car).due == 0, "the price froze at the exit, inside the grace"


def test_grace_runs_out(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=119)
    town.pay(car)
    grace = look(town, car).version.exit_grace_minutes
    town.clock.forward(minutes=grace + 1)
    assert look(town, car).due == 35_000


def test_paid_before_dusk_and_left_after_it_owes_nothing(town: Town) -> None:
    town.clock.now = local(17, 0)
    bike = town.arrive("29-B1 123.45", "motorbike")
    town.clock.now = local(17, 55)
    town.pay(bike)
    town.clock.now = local(18, 10)
    assert look(town, bike).due == 0


def test_paid_until_names_the_instant_the_next_dong_falls_due(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    assert paid_until(look(town, car), town.now) is None
    town.pay(car)
    until = paid_until(look(town, car), town.now)
    assert until is not None
    assert abs(until - (car.entry_at + timedelta(hours=1))) <= timedelta(seconds=1)


def test_paid_until_is_the_end_of_the_grace_when_that_is_later(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=59)
    town.pay(car)
    state = look(town, car)
    assert paid_until(state, town.now) == state.covered_until


def test_paid_until_stops_looking_at_the_horizon(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=10)
    payment = town.checkout(car)
    town.act(payment, "pay", amount=90_000_000)
    town.learn(payment)
    assert paid_until(look(town, car), town.now) == town.now + HORIZON


def test_a_free_moment_is_not_called_paid(town: Town) -> None:
    car = town.arrive()
    assert look(town, car).price.amount == 0
    assert look(town, car).free


def test_money_that_came_after_the_offer_ended_counts_but_covers_nothing(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=119)
    payment = town.checkout(car)
    town.clock.now = payment.expires_at + timedelta(minutes=30)
    town.act(payment, "pay_late")
    late = town.learn(payment)
    assert "paid_late" in late.flags
    state = look(town, car)
    assert (state.paid, state.covered_until, state.due) == (50_000, None, 35_000)


def test_paying_too_little_leaves_the_rest_due(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment, "pay_less", amount=20_000)
    assert "underpaid" in town.learn(payment).flags
    assert look(town, car).due == 5_000


def test_paying_twice_shows_the_excess_and_its_refund_changes_no_price(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment, "pay_twice")
    assert town.learn(payment).flags == "duplicate,overpaid"
    assert look(town, car).excess == 25_000
    give_back(town, payment, 25_000, "excess")
    state = look(town, car)
    assert (state.paid, state.excess, state.due, state.adjustments) == (25_000, 0, 0, 0)


def test_refunding_the_charge_lowers_it_so_nothing_falls_due_again(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.pay(car)
    for _ in range(2):
        give_back(town, payment, 25_000, "charge")
    state = look(town, car)
    assert (state.paid, state.due, state.adjustments) == (0, 0, -25_000)


def give_back(town: Town, payment: Payment, amount: int, purpose: str) -> None:
    request = RefundRequest(payment.id, amount, purpose, "khách yêu cầu", "person:lan", "key-1")
    task = refund(town.house.databases.write, town.house.gateways, request, 200_000, town.now)
    with town.house.databases.read() as tx:
        assert tx.get_one(Refund, task.refund_id).state == "done"


def test_a_refund_needs_a_reason_and_never_exceeds_what_was_paid(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.pay(car)
    for amount, reason, error in ((25_000, " ", WrongUsage), (25_001, "khách yêu cầu", Conflict)):
        request = RefundRequest(payment.id, amount, "excess", reason, "person:lan", "key-2")
        with pytest.raises(error):
            refund(town.house.databases.write, town.house.gateways, request, 200_000, town.now)


def test_an_offer_holds_for_its_time_although_the_price_goes_up(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=58)
    first = town.checkout(car)
    town.clock.forward(minutes=4)
    assert look(town, car).due == 50_000
    again = town.checkout(car)
    assert (again.id, again.amount) == (first.id, 25_000)
    town.act(again)
    town.learn(again)
    assert look(town, car).due == 0


def test_an_offer_that_ran_out_is_made_anew(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=58)
    first = town.checkout(car)
    town.clock.now = first.expires_at
    assert town.checkout(car).amount == 50_000


def test_ten_clicks_at_once_make_one_offer_and_one_payment(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    found: set[object] = set()
    gate = threading.Barrier(10)

    def click() -> None:
        gate.wait()
        found.add(town.checkout(car).id)

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_after_a_declined_payment_the_same_offer_can_be_paid_again(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    first = town.checkout(car)
    town.act(first, "decline")
    assert town.learn(first).state in ("failed", "cancelled")
    second = town.checkout(car)
    assert (second.intent, second.id == first.id) == (first.intent, False)
    town.act(second)
    town.learn(second)
    assert look(town, car).due == 0


def test_there_is_no_offer_when_nothing_is_due(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    town.pay(car)
    with pytest.raises(Conflict, match="nothing to pay"):
        town.checkout(car)


def test_an_offer_explains_itself_in_the_readers_language(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    town.checkout(car)
    with town.house.databases.write.begin() as tx:
        quote: Quote = quotes.offer(tx, town.house.tariffs, car.id, town.now)
        (line,) = quotes.lines_of(quote)
    assert (line.amount, quote.amount) == (25_000, 25_000)
    assert "25.000" in line.say("vi")
    assert "25,000" in line.say("en")


def test_setting_the_entry_back_makes_the_difference_due(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    town.pay(car)
    with town.house.databases.write.begin() as tx:
        earlier = car.entry_at - timedelta(hours=2)
        service.confirm_entry(tx, car.id, earlier, HOA, town.now)
    assert look(town, car).due == 60_000
