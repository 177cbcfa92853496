"""Entry, exit and corrections, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking.sessions import service
from parking.sessions.exits import Leaving, record_exit, undo_exit
from parking.sessions.models import ParkingSession
from parking.sessions.service import Arrival, enter
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from tests.kit import Town

HOA = "person:hoa"


def acts(town: Town, session: ParkingSession) -> list[str]:
    with town.house.databases.read() as tx:
        trail = select(Audit.act).where(Audit.subject == session.reference).order_by(Audit.id)
        return list(tx.scalars(trail))


def test_a_second_start_joins_the_open_session(town: Town) -> None:
    first = town.arrive("30A-123.45")
    town.clock.forward(minutes=20)
    again = town.arrive("30a 12345")
    assert again.id == first.id
    assert again.entry_at == first.entry_at
    assert acts(town, first) == ["session.enter"]


def test_twenty_starts_at_once_open_one_session(town: Town) -> None:
    found: set[object] = set()
    gate = threading.Barrier(20)

    def start() -> None:
        gate.wait()
        found.add(town.arrive("29-B1 123.45", "motorbike").id)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with town.house.databases.read() as tx:
        rows = tx.scalar(select(func.count()).select_from(ParkingSession))
    assert len(found) == rows == 1


def test_the_same_plate_may_stand_at_two_lots_and_come_back_after_leaving(town: Town) -> None:
    here, there = town.arrive(lot="HK01"), town.arrive(lot="DD01")
    assert here.id != there.id
    with town.house.databases.write.begin() as tx:
        record_exit(tx, here.id, Leaving(HOA, town.now), town.now)
    town.clock.forward(hours=1)
    assert town.arrive(lot="HK01").id != here.id


def test_a_class_the_lot_does_not_take_is_refused_with_the_classes_it_takes(town: Town) -> None:
    with pytest.raises(WrongUsage, match=r"HK01 takes no vehicle of class truck.*bicycle, car"):
        town.arrive("30A-123.45", "truck")


def test_an_unknown_plate_is_taken_and_marked_for_review(town: Town) -> None:
    session = town.arrive("ABC", "car")
    assert session.needs_review
    assert session.plate_key == "ABC"


def test_plates_are_found_by_their_last_digits_in_own_lots_only(town: Town) -> None:
    mine = town.arrive("30A-123.45", lot="HK01")
    town.arrive("30A-999.45", lot="DD01")
    town.arrive("30A-123.46", lot="HK01")
    with town.house.databases.read() as tx:
        found = service.open_sessions(tx, [town.lots["HK01"].id], "345")
        everything = service.open_sessions(tx, [town.lots["HK01"].id])
        odd = service.open_sessions(tx, [town.lots["HK01"].id], "%_")
    assert [row.id for row in found] == [mine.id]
    assert len(everything) == len(odd) == 2


def test_an_exit_is_recorded_once_and_can_be_taken_back_for_ten_minutes(town: Town) -> None:
    session, databases = town.arrive(), town.house.databases
    left = town.clock.forward(hours=1)
    for _ in range(2):
        with databases.write.begin() as tx:
            assert record_exit(tx, session.id, Leaving(HOA, town.now), town.now).exit_at == left
        town.clock.forward(minutes=9)
    town.clock.now = left + timedelta(minutes=10)
    with databases.write.begin() as tx:
        assert undo_exit(tx, session.id, HOA, town.now).exit_at is None
        undo_exit(tx, session.id, HOA, town.now)
    assert acts(town, session) == ["session.enter", "session.exit", "session.undo_exit"]


def test_an_exit_older_than_ten_minutes_stays(town: Town) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving(HOA, town.now), town.now)
    town.clock.forward(minutes=10, seconds=1)
    with (
        pytest.raises(Conflict, match="more than ten minutes ago"),
        town.house.databases.write.begin() as tx,
    ):
        undo_exit(tx, session.id, HOA, town.now)


def test_an_exit_cannot_be_taken_back_once_the_plate_entered_again(town: Town) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving(HOA, town.now), town.now)
    town.clock.forward(minutes=2)
    town.arrive()
    with (
        pytest.raises(Conflict, match="another open session"),
        town.house.databases.write.begin() as tx,
    ):
        undo_exit(tx, session.id, HOA, town.now)


def test_a_wrong_plate_is_corrected_with_a_reason_and_leaves_its_trace(town: Town) -> None:
    session = town.arrive("30A-123.45")
    with town.house.databases.write.begin() as tx:
        fixed = service.correct_plate(tx, session.id, "30A-123.54", "gõ nhầm", HOA, town.now)
        assert (fixed.plate_key, fixed.plate) == ("30A12354", "30A-123.54")
    assert acts(town, session)[-1] == "session.correct_plate"


def test_a_correction_needs_a_reason_and_a_plate_that_is_free(town: Town) -> None:
    session, other = town.arrive("30A-123.45"), town.arrive("30A-999.99")
    for plate, reason, error in (("30A-1", " ", WrongUsage), (other.plate, "nhầm", Conflict)):
        with pytest.raises(error), town.house.databases.write.begin() as tx:
            service.correct_plate(tx, session.id, plate, reason, HOA, town.now)
    with town.house.databases.read() as tx:
        assert tx.get_one(ParkingSession, session.id).plate == "30A-123.45"


def test_a_declared_entry_is_confirmed_or_set_back_once(town: Town) -> None:
    session = town.arrive()
    seen = town.now - timedelta(hours=3)
    town.clock.forward(minutes=5)
    with town.house.databases.write.begin() as tx:
        settled = service.confirm_entry(tx, session.id, seen, HOA, town.now)
        assert (settled.entry_at, settled.declared) == (seen, False)
    with pytest.raises(Conflict), town.house.databases.write.begin() as tx:
        service.confirm_entry(tx, session.id, None, HOA, town.now)


def test_an_entry_is_never_moved_forward_or_a_year_back(town: Town) -> None:
    session = town.arrive()
    for moved in (town.now + timedelta(minutes=1), town.now - timedelta(days=365)):
        with pytest.raises(WrongUsage), town.house.databases.write.begin() as tx:
            service.confirm_entry(tx, session.id, moved, HOA, town.now)


def test_an_attendant_opens_a_session_that_needs_no_confirmation(town: Town) -> None:
    session = town.arrive(declared=False, actor=HOA)
    assert not session.declared
    with pytest.raises(Conflict), town.house.databases.write.begin() as tx:
        service.confirm_entry(tx, session.id, None, HOA, town.now)


def test_joining_is_said(town: Town) -> None:
    town.arrive()
    arrival = Arrival(town.lots["HK01"], "30A-123.45", "car", town.now, "driver", True)
    with town.house.databases.write.begin() as tx:
        assert enter(tx, town.house.tariffs, arrival, town.now).joined
