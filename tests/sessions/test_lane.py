"""The lane says of every vehicle what `judge` says, in one query."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from parking.passes.models import Pass, PassLot
from parking.sessions.changed import touched_since
from parking.sessions.due import standings
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.lane import Lane, LaneRow
from parking.sessions.lane_facts import CLAIMED, DECLARED, inside_by_key
from parking.sessions.models import Adjustment, Exemption, ParkingSession, TransferClaim
from parking.sessions.service import open_sessions
from parking.sessions.states import State, state_of
from payments.db import Databases, new_id
from tests.kit import Town


def hold_pass(town: Town, plate_key: str, until: date) -> None:
    """A motorbike's pass at HK01 that costs nothing."""
    lot, number = town.lots["HK01"], int(new_id().int % 1_000_000)
    with town.house.databases.write.begin() as tx:
        held = Pass(
            number=number, token=f"pass-{number}", reference=f"pass:{number}",
            operator_id=lot.operator_id, vehicle_class="motorbike", plate_key=plate_key,
            plate=plate_key, hours="full", holder="employee", price=0, currency="VND",
            since=date(2026, 11, 1), until=until, sold_by="person:hoa", sold_at=town.now,
        )  # fmt: skip
        tx.add(held)
        tx.flush()
        tx.add(PassLot(pass_id=held.id, lot_id=lot.id))


def exempt(town: Town, session: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        row = Exemption(session_id=session.id, reason="staff", by="person:hoa", at=town.now)
        tx.add(row)


@pytest.fixture
def mixed(town: Town) -> Town:
    """A lot with every way to stand in it, at 10:40 local time."""
    hold_pass(town, "29B100001", date(2026, 11, 30))
    town.clock.now -= timedelta(days=1)
    hold_pass(town, "29B100002", date(2026, 11, 19))  # runs out while it stands here
    town.arrive("29-B1 000.02", "motorbike", declared=False)
    town.clock.now += timedelta(days=1)
    town.arrive("29-B1 000.01", "motorbike", declared=False)
    exempt(town, town.arrive("29-B1 000.03", "motorbike"))
    town.arrive("29-B1 000.04", "motorbike")
    town.pay(town.arrive("29-B1 000.05", "motorbike"))
    partly, twice = town.arrive("30A-000.06"), town.arrive("30A-000.07")
    given, covered = town.arrive("30A-000.08"), town.arrive("30A-000.09")
    town.arrive("30A-000.10")
    town.clock.forward(minutes=50)
    for session in (partly, twice, given):
        town.pay(session)
    town.clock.forward(minutes=80)
    town.pay(twice)
    with town.house.databases.write.begin() as tx:
        tx.add(Adjustment(
            session_id=given.id, amount=-25_000, reason="half a day", by="person:hoa", at=town.now
        ))  # fmt: skip
        tx.add(TransferClaim(
            session_id=partly.id, amount=25_000, claimed_by="driver", claimed_at=town.now
        ))  # fmt: skip
    town.clock.forward(minutes=28)
    town.pay(covered)
    town.clock.forward(minutes=4)
    return town


def rows_of(town: Town, lane: Lane | None = None) -> list[LaneRow]:
    here = (ParkingSession.lot_id == town.lots["HK01"].id, ParkingSession.exit_at.is_(None))
    with town.house.databases.read() as tx:
        return (lane or Lane(town.house.tariffs)).rows(tx, here, town.now)


def test_the_lane_says_what_judge_says_now_and_for_a_week(mixed: Town) -> None:
    lane, seen = Lane(mixed.house.tariffs), set()
    for minutes in (0, 3, 9, 2, 40, 300, 700, 7, 1440, 5000):
        mixed.clock.forward(minutes=minutes)
        with mixed.house.databases.read() as tx:
            sessions = open_sessions(tx, [mixed.lots["HK01"].id])
            judged = standings(tx, mixed.house.tariffs, sessions, mixed.now)
        expected = {s.session.plate: (s.due, state_of(s)) for s in judged}
        assert {row.plate: (row.due, row.state) for row in rows_of(mixed, lane)} == expected
        seen |= {state for _, state in expected.values()}
    assert seen >= {State.UNPAID, State.PARTLY, State.PAID, State.PASS, State.EXEMPT}


def test_a_quote_that_covers_is_seen_to_cover(mixed: Town) -> None:
    """Paid two minutes before the third hour, looked at two minutes after it began."""
    (row,) = (row for row in rows_of(mixed) if row.plate == "30A-000.09")
    assert (row.state, row.due) == (State.PAID, 0)
    mixed.clock.forward(minutes=30)
    (row,) = (row for row in rows_of(mixed) if row.plate == "30A-000.09")
    assert (row.state, row.due) == (State.PARTLY, 35_000)


def test_a_row_tells_what_a_lane_must_know(mixed: Town) -> None:
    rows = {row.plate[-3:]: row for row in rows_of(mixed)}
    assert len(rows) == 10
    assert rows[".01"].pass_until == date(2026, 11, 30)
    assert rows[".06"].marks & CLAIMED
    assert not rows[".07"].marks & CLAIMED
    assert rows[".10"].marks & DECLARED
    assert not rows[".01"].marks & DECLARED


def test_only_so_many_vehicles_are_remembered(mixed: Town) -> None:
    lane = Lane(mixed.house.tariffs, room=3)
    assert rows_of(mixed, lane) == rows_of(mixed, lane) == rows_of(mixed)
    assert len(lane._known) == 3


def test_what_is_remembered_goes_with_what_is_stored(town: Town) -> None:
    lane, session = Lane(town.house.tariffs), town.arrive("29-B1 000.01", "motorbike")
    seen = [rows_of(town, lane)[0].state]
    exempt(town, session)
    seen.append(rows_of(town, lane)[0].state)
    with town.house.databases.write.begin() as tx:
        tx.scalars(select(Exemption)).one().withdrawn_at = town.now
    seen.append(rows_of(town, lane)[0].state)
    town.pay(session)
    seen.append(rows_of(town, lane)[0].state)
    assert seen == [State.UNPAID, State.EXEMPT, State.UNPAID, State.PAID]


@contextmanager
def statements(databases: Databases) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    engine = databases.read.kw["bind"]
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def questions(town: Town) -> int:
    with statements(town.house.databases) as asked:
        rows_of(town)
    return sum("SELECT" in statement for statement in asked)


def test_one_query_is_enough_where_nobody_has_to_judge(town: Town) -> None:
    hold_pass(town, "29B100001", date(2026, 11, 30))
    for number in range(1, 8):
        session = town.arrive(f"29-B1 000.0{number}", "motorbike", declared=False)
        if number == 2:
            exempt(town, session)
        elif 2 < number < 5:
            town.pay(session)
    assert {row.state for row in rows_of(town)} == {
        State.PASS, State.EXEMPT, State.PAID, State.UNPAID,
    }  # fmt: skip
    assert questions(town) == 1


def test_the_judge_is_asked_once_for_all_who_need_it(mixed: Town) -> None:
    few = questions(mixed)
    for number in range(10, 20):
        mixed.checkout(mixed.arrive(f"29-B1 000.{number}", "motorbike"))
    assert questions(mixed) == few <= 12


def touched(town: Town, moment: uuid.UUID) -> set[uuid.UUID]:
    with town.house.databases.read() as tx:
        return set(touched_since(tx, town.lots["HK01"].id, moment))


def later() -> uuid.UUID:
    """A moment so far ahead that nothing of the present is within its overlap."""
    ahead = new_id().int + (60_000 << 80)
    return uuid.UUID(int=ahead)


def test_whatever_is_done_to_a_stay_touches_it(town: Town) -> None:
    before = new_id()
    session, other = town.arrive(), town.arrive("30A-999.99", lot="DD01")
    assert touched(town, before) == {session.id}
    with town.house.databases.read() as tx:
        assert set(touched_since(tx, town.lots["DD01"].id, before)) == {other.id}
    assert touched(town, later()) == set()


def test_money_touches_the_stay_it_is_for(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parking.sessions.changed.OVERLAP", timedelta())
    session = town.arrive()
    town.clock.forward(minutes=50)
    payment = town.checkout(session)
    town.act(payment)
    before = new_id()
    town.learn(payment)
    assert touched(town, before) == {session.id}


def test_a_key_finds_only_what_is_inside_this_lot(town: Town) -> None:
    session = town.arrive()
    key, lot = session.id.hex[-8:], town.lots["HK01"].id
    with town.house.databases.read() as tx:
        assert inside_by_key(tx, lot, [key]) == [session.id]
        assert inside_by_key(tx, town.lots["DD01"].id, [key]) == []
        assert inside_by_key(tx, lot, []) == ()
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)
    with town.house.databases.read() as tx:
        assert inside_by_key(tx, lot, [key]) == []
