"""Stays whose exit nobody recorded: they end by themselves and stand in nobody's way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from parking.lots.models import Lot
from parking.sessions.due import Standing, standing
from parking.sessions.exits import Leaving, record_exit, undo_exit
from parking.sessions.forgotten import end_forgotten
from parking.sessions.models import ParkingSession
from parking.sessions.real_exits import record_real_exit, still_here
from parking.sessions.service import Arrival, confirm_entry, enter
from parking.sessions.states import State, show
from parking.tariffs import TariffBook
from parking.tariffs.model import UnrecordedExit
from payments.db import CITY_ZONE
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from tests.kit import Town
from tests.sessions.test_reliefs import sell

HOA = "person:hoa"
BIKE = "29-G1 123.45"


def local(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


def close_at(town: Town, time: str, lot: str = "HK01") -> None:
    with town.house.databases.write.begin() as tx:
        tx.get_one(Lot, town.lots[lot].id).closes = time


def run(town: Town, tariffs: TariffBook | None = None) -> int:
    """The timetable's job, now."""
    return end_forgotten(town.house.databases.write, tariffs or town.house.tariffs, town.now)


def stay(town: Town, session: ParkingSession, tariffs: TariffBook | None = None) -> Standing:
    with town.house.databases.read() as tx:
        row = tx.get_one(ParkingSession, session.id)
        return standing(tx, tariffs or town.house.tariffs, row, town.now)


def acts(town: Town, session: ParkingSession) -> list[tuple[str, str]]:
    with town.house.databases.read() as tx:
        rows = select(Audit).where(Audit.subject == session.reference).order_by(Audit.id)
        return [(row.act, row.actor) for row in tx.scalars(rows)]


def charging(town: Town, charge: str) -> TariffBook:
    """The book with another rule for exits nobody recorded."""
    book = town.house.tariffs
    versions = {
        code: tuple(
            replace(
                version,
                vehicles={
                    name: replace(vehicle, unrecorded_exit=UnrecordedExit(72, charge))
                    for name, vehicle in version.vehicles.items()
                },
            )
            for version in versions
        )
        for code, versions in book.versions.items()
    }
    return replace(book, versions=versions)


def paid_bike(town: Town, at: datetime | None = None) -> ParkingSession:
    town.clock.now = at or local(8)
    bike = town.arrive(BIKE, "motorbike")
    town.pay(bike)
    return bike


def test_a_paid_turn_ends_with_its_band_once_the_next_one_would_be_owed(town: Town) -> None:
    bike = paid_bike(town)
    town.clock.now = local(18, 29)
    assert run(town) == 0
    town.clock.now = local(18, 30)
    assert (run(town), run(town)) == (1, 0)
    here = stay(town, bike)
    row = here.session
    assert (row.exit_at, row.exit_kind, row.exit_by) == (local(18), "unrecorded", "service")
    assert (here.due, here.waived, here.excess) == (0, 0, 0)
    assert show(here, town.now).state is State.UNRECORDED
    assert acts(town, bike)[-1] == ("session.unrecorded", "service")


def test_an_unpaid_stay_stops_charging_when_the_lot_closes_and_asks_for_nothing(town: Town) -> None:
    close_at(town, "22:00")
    town.clock.now = local(8)
    car, elsewhere = town.arrive(), town.arrive("30A-999.99", lot="DD01")
    town.clock.now = local(21, 59)
    assert run(town) == 0
    town.clock.now = local(7, day=21)
    assert run(town) == 1
    here = stay(town, car)
    assert here.session.exit_at == local(22)
    assert (here.due, here.paid, here.waived) == (0, 0, here.price.amount)
    assert here.price.amount == sum(line.amount for line in here.lines) > 0
    assert stay(town, elsewhere).session.exit_at is None


def test_the_limit_ends_what_nothing_else_ends(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(hours=71, minutes=59)
    assert run(town) == 0
    town.clock.forward(minutes=1)
    assert run(town) == 1
    assert stay(town, car).session.exit_at == car.entry_at + timedelta(hours=72)


@pytest.mark.parametrize(
    ("charge", "due"), [("paid", 0), ("last_seen", 85_000), ("limit", 570_000)]
)
def test_the_tariffs_rule_says_what_stays_due(town: Town, charge: str, due: int) -> None:
    book = charging(town, charge)
    close_at(town, "22:00")
    town.clock.now = local(8)
    car = town.arrive()
    town.clock.now = local(10, 10)
    with town.house.databases.write.begin() as tx:
        confirm_entry(tx, car.id, None, HOA, town.now)
    town.clock.now = local(22)
    assert run(town, book) == 1
    assert stay(town, car, book).due == due


def test_whoever_is_seen_later_stays_longer(town: Town) -> None:
    close_at(town, "22:00")
    town.clock.now = local(8)
    car = town.arrive()
    town.clock.now = local(22, 30)
    with town.house.databases.write.begin() as tx:
        confirm_entry(tx, car.id, None, HOA, town.now)
    assert run(town) == 0
    town.clock.now = local(22, day=21)
    assert run(town) == 1


def test_many_stays_end_in_several_batches_and_none_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parking.sessions.forgotten.BATCH", 2)
    close_at(town, "22:00")
    for number in range(5):
        town.arrive(f"30A-000.0{number}")
    town.clock.now = local(22)
    assert (run(town), run(town)) == (5, 0)


def test_a_new_visit_ends_the_forgotten_one_and_begins_anew(town: Town) -> None:
    old = paid_bike(town)
    town.clock.now = local(9, day=21)
    new = town.arrive(BIKE, "motorbike")
    assert new.id != old.id
    assert stay(town, old).session.exit_at == local(18)
    assert (stay(town, old).due, stay(town, new).due) == (0, 5_000)


def test_scanning_again_within_the_same_stay_still_joins(town: Town) -> None:
    bike = paid_bike(town, local(17, 50))
    town.clock.now = local(18, 20)
    assert town.arrive(BIKE, "motorbike").id == bike.id
    car = town.arrive()
    town.clock.forward(hours=20)
    assert town.arrive().id == car.id


def test_what_was_paid_for_day_and_night_is_not_lost_by_scanning_in_the_morning(town: Town) -> None:
    town.clock.now = local(17)
    bike = town.arrive(BIKE, "motorbike")
    town.clock.now = local(20)
    town.pay(bike)
    town.clock.now = local(8, day=21)
    assert run(town) == 0
    assert town.arrive(BIKE, "motorbike").id == bike.id
    assert stay(town, bike).due == 0


def test_an_unpaid_forgotten_stay_does_not_bill_the_next_visit(town: Town) -> None:
    close_at(town, "22:00")
    town.clock.now = local(8)
    old = town.arrive()
    town.clock.now = local(8, day=21)
    new = town.arrive()
    assert (new.id == old.id, stay(town, new).due, stay(town, old).due) == (False, 0, 0)


def test_a_forgotten_stay_does_not_keep_a_pass_from_the_next_visit(town: Town) -> None:
    close_at(town, "22:00")
    town.clock.now = local(8)
    sell(town, "29G112345", local(8, day=30).date())
    old = town.arrive(BIKE, "motorbike")
    town.clock.now = local(8, day=21)
    new = town.arrive(BIKE, "motorbike")
    assert new.pass_id == old.pass_id is not None
    assert new.id != old.id


def test_a_pass_for_day_and_night_does_not_end_at_dusk(town: Town) -> None:
    town.clock.now = local(8)
    sell(town, "29G112345", local(8, day=30).date())
    town.arrive(BIKE, "motorbike")
    town.clock.now = local(8, day=21)
    assert run(town) == 0


def test_twenty_new_visits_at_once_end_the_old_stay_once_and_open_one(town: Town) -> None:
    old = paid_bike(town)
    town.clock.now = local(9, day=21)
    found: set[object] = set()
    gate = threading.Barrier(20)

    def come() -> None:
        gate.wait()
        found.add(town.arrive(BIKE, "motorbike").id)

    at_once(20, come)
    assert len(found) == 1
    assert [act for act, _ in acts(town, old)].count("session.unrecorded") == 1


def test_the_job_and_an_exit_at_the_same_moment_end_a_stay_once(town: Town) -> None:
    close_at(town, "22:00")
    town.clock.now = local(8)
    cars = [town.arrive(f"30A-000.0{number}") for number in range(8)]
    town.clock.now = local(22)
    gate, numbers = threading.Barrier(9), iter(range(9))

    def act() -> None:
        number = next(numbers)
        gate.wait()
        if number == 8:
            run(town)
        else:
            with town.house.databases.write.begin() as tx:
                record_exit(tx, cars[number].id, Leaving(HOA, town.now), town.now)

    at_once(9, act)
    run(town)
    for car in cars:
        ends = [act for act, _ in acts(town, car) if act in ("session.exit", "session.unrecorded")]
        assert len(ends) == 1


def at_once(count: int, act: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def forgotten_bike(town: Town) -> ParkingSession:
    bike = paid_bike(town)
    town.clock.now = local(18, 30)
    assert run(town) == 1
    return bike


def test_the_real_exit_gives_the_real_price(town: Town) -> None:
    bike = forgotten_bike(town)
    town.clock.now = local(20)
    with town.house.databases.write.begin() as tx:
        record_real_exit(tx, bike.id, town.now, HOA, town.now)
    here = stay(town, bike)
    assert (here.due, here.session.exit_kind) == (8_000, "observed")
    assert acts(town, bike)[-1] == ("session.real_exit", HOA)


def test_a_vehicle_that_never_left_goes_on_and_is_not_ended_again(town: Town) -> None:
    bike = forgotten_bike(town)
    town.clock.now = local(19)
    with town.house.databases.write.begin() as tx:
        still_here(tx, bike.id, HOA, town.now)
    assert run(town) == 0
    assert stay(town, bike).due == 8_000


@pytest.mark.parametrize(
    ("exit_at", "asked", "error"),
    [
        (local(7, 59), local(20), WrongUsage),
        (local(20, 1), local(20), WrongUsage),
        (local(19), local(18, 31, day=21), Conflict),
    ],
)
def test_an_impossible_real_exit_changes_nothing(
    town: Town, exit_at: datetime, asked: datetime, error: type[Exception]
) -> None:
    bike = forgotten_bike(town)
    town.clock.now = asked
    with pytest.raises(error), town.house.databases.write.begin() as tx:
        record_real_exit(tx, bike.id, exit_at, HOA, town.now)
    assert stay(town, bike).session.exit_at == local(18)


def test_neither_is_possible_once_the_plate_came_in_again(town: Town) -> None:
    bike = forgotten_bike(town)
    town.clock.now = local(19)
    town.arrive(BIKE, "motorbike")
    town.clock.now = local(20)
    with pytest.raises(Conflict, match="come in again"), town.house.databases.write.begin() as tx:
        record_real_exit(tx, bike.id, local(19, 30), HOA, town.now)
    with pytest.raises(Conflict, match="another open"), town.house.databases.write.begin() as tx:
        still_here(tx, bike.id, HOA, town.now)
    with town.house.databases.write.begin() as tx:
        record_real_exit(tx, bike.id, local(18, 40), HOA, town.now)


def test_an_exit_that_was_seen_is_not_corrected_this_way(town: Town) -> None:
    car = town.arrive()
    with town.house.databases.write.begin() as tx:
        record_exit(tx, car.id, Leaving(HOA, town.now), town.now)
    with pytest.raises(Conflict, match="is recorded"), town.house.databases.write.begin() as tx:
        record_real_exit(tx, car.id, town.now, HOA, town.now)


def test_the_end_by_the_service_can_be_undone_like_an_exit(town: Town) -> None:
    bike = forgotten_bike(town)
    with town.house.databases.write.begin() as tx:
        assert undo_exit(tx, bike.id, HOA, town.now).exit_kind is None
    assert run(town) == 0


def test_an_arrival_told_later_is_judged_at_its_own_time(town: Town) -> None:
    old = paid_bike(town)
    town.clock.now = local(20)
    arrival = Arrival(town.lots["HK01"], BIKE, "motorbike", local(18, 10), HOA, declared=False)
    with town.house.databases.write.begin() as tx:
        assert enter(tx, town.house.tariffs, arrival, town.now).session.id == old.id
