"""Which stays a pass pays for: one vehicle inside at a time, its renewals, its card, its hours."""

from __future__ import annotations

import pytest

from parking.passes.service import lots_of
from parking.sessions.due import Standing, standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import ParkingSession
from parking.sessions.on_pass import Beside, Why, beside
from parking.sessions.states import State, show
from parking.sessions.taking_up import take_up
from payments.errors import Conflict
from tests.kit import Town
from tests.passes.kit import DAY, OTHER, PLATE, another_lot, bought, pay_for, renewed, sold


def now_of(town: Town, session: ParkingSession) -> Standing:
    with town.house.databases.read() as tx:
        return standing(tx, town.house.tariffs, tx.get_one(ParkingSession, session.id), town.now)


def beside_of(town: Town, session: ParkingSession) -> Beside | None:
    with town.house.databases.read() as tx:
        return beside(tx, tx.get_one(ParkingSession, session.id))


def leave(town: Town, session: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)


def test_two_vehicles_on_one_pass_the_second_one_pays_and_reads_why(town: Town) -> None:
    """One plate at two lots of its pass at once: one of them is another vehicle."""
    another_lot(town, "HK02", "hn-inner-two-wheel")
    held = bought(town, lots=("HK01", "HK02"))
    first = town.arrive(PLATE, "motorbike")
    second = town.arrive(PLATE, "motorbike", lot="HK02", declared=False)
    assert (first.pass_id, second.pass_id) == (held.id, None)
    assert now_of(town, second).due == 5_000
    found = beside_of(town, second)
    assert found is not None
    assert found.other is not None
    assert (found.why, found.held.number, found.other.id) == (Why.IN_USE, held.number, first.id)
    assert beside_of(town, first) is None


def test_a_second_plate_finds_no_pass(town: Town) -> None:
    bought(town)
    other = town.arrive(OTHER, "motorbike")
    assert (other.pass_id, beside_of(town, other)) == (None, None)
    assert now_of(town, other).due == 5_000


def test_who_stays_over_the_end_goes_on_with_the_renewal_and_nobody_else_does(town: Town) -> None:
    another_lot(town, "HK02", "hn-inner-two-wheel")
    held = bought(town, lots=("HK01", "HK02"))
    town.clock.forward(days=29)
    stay = town.arrive(PLATE, "motorbike")
    following = renewed(town, held)
    town.clock.forward(days=2)
    assert now_of(town, stay).due > 0  # the renewal is not paid yet
    pay_for(town, following)
    here = now_of(town, stay)
    assert (here.due, show(here, town.now).state) == (0, State.PASS)
    second = town.arrive(PLATE, "motorbike", lot="HK02", declared=False)
    assert second.pass_id is None
    leave(town, stay)
    leave(town, second)
    assert town.arrive(PLATE, "motorbike").pass_id == following.id


def test_a_day_pass_owes_the_night_and_the_morning_costs_nothing_more(town: Town) -> None:
    bought(town, kind=DAY)
    stay = town.arrive(PLATE, "motorbike")
    assert show(now_of(town, stay), town.now).state == State.PASS
    town.clock.forward(hours=12)  # 20:00
    assert now_of(town, stay).due == 8_000
    town.clock.forward(hours=12)  # 08:00
    here = now_of(town, stay)
    assert here.due == 8_000 == sum(line.amount for line in here.lines)
    town.pay(stay)
    assert show(now_of(town, stay), town.now).state == State.PASS


def test_a_pass_paid_after_the_vehicle_came_in_is_for_the_next_stay(town: Town) -> None:
    stay = town.arrive(PLATE, "motorbike")
    held = sold(town)
    found = beside_of(town, stay)
    assert found is not None
    assert found.why == Why.UNPAID
    pay_for(town, held)
    found = beside_of(town, stay)
    assert found is not None
    assert found.why == Why.LATER
    assert now_of(town, stay).due == 5_000


def test_unless_the_attendant_puts_the_stay_on_it(town: Town) -> None:
    stay = town.arrive(PLATE, "motorbike")
    with town.house.databases.write.begin() as tx, pytest.raises(Conflict, match="no paid pass"):
        take_up(tx, stay.id, "person:hoa", town.now)
    held = bought(town)
    with town.house.databases.write.begin() as tx:
        assert take_up(tx, stay.id, "person:hoa", town.now).pass_id == held.id
    assert now_of(town, stay).due == 0


def test_a_pass_names_its_lots(town: Town) -> None:
    another_lot(town, "HK02", "hn-inner-two-wheel")
    held = bought(town, lots=("HK02", "HK01"))
    with town.house.databases.read() as tx:
        assert [lot.number for lot in lots_of(tx, held)] == ["HK01", "HK02"]
    assert held.lot_id == town.lots["HK02"].id
