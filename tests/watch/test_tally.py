"""What is counted, and that everything is counted once, on its day, for its person, at its lot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import aliased

from parking.lots.models import Lot
from parking.people.models import Person
from parking.sessions.models import ParkingSession
from parking.watch.days import DAY, city_day, same_weekdays, start_of, stretches
from parking.watch.service import watched_ids
from parking.watch.tally import Kind, Tally, tally
from payments.db import business_day
from tests.kit import MORNING, Town
from tests.watch.history import HOA, TU, History

FRIDAY = business_day(MORNING)


def look(town: Town, *days: date, lots: tuple[str, ...] = ("HK01", "DD01")) -> Tally:
    lot = aliased(Lot)
    ids = select(lot.id).where(lot.number.in_(lots))
    with town.house.databases.read() as tx:
        return tally(tx, ids, days or (FRIDAY,))


def counted(town: Town, kind: Kind, who: str = "", lot: str = "HK01", day: date = FRIDAY) -> int:
    return look(town, day).of(town.lots[lot].id, day, kind, who)


@given(st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1))))
def test_stretches_cover_exactly_the_days_and_never_touch(days: set[date]) -> None:
    found = stretches(days)
    covered = [
        first + step * DAY for first, last in found for step in range((last - first).days + 1)
    ]
    assert covered == sorted(days)
    assert all(before[1] + DAY < after[0] for before, after in pairwise(found))


def test_a_day_is_compared_with_its_own_weekday_and_never_with_itself() -> None:
    days = same_weekdays(FRIDAY)
    assert len(set(days)) == 8
    assert {day.weekday() for day in days} == {FRIDAY.weekday()}
    assert max(days) == FRIDAY - timedelta(days=7)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 19, 16, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 19, 17, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 17, 0, tzinfo=UTC),
    ],
)
def test_the_database_puts_an_instant_on_the_day_we_do(
    town: Town, history: History, instant: datetime
) -> None:
    history.stay(instant)
    history.write()
    with town.house.databases.read() as tx:
        assert tx.scalar(select(city_day(ParkingSession.entry_at))) == business_day(instant)
    assert counted(town, Kind.ENTRIES, day=business_day(instant)) == 1


def test_entries_and_exits_count_for_whoever_recorded_them(town: Town, history: History) -> None:
    at = history.ago(minutes=30)
    history.stay(at, who="driver")
    history.stay(at, left=town.now)
    history.stay(at, left=town.now, who=TU, lot="DD01")
    history.stay(at, left=town.now, kind="unrecorded", who="system:closing")
    history.stay(at, left=town.now, proof="papers")
    history.write()
    assert counted(town, Kind.ENTRIES) == 4
    assert counted(town, Kind.ENTRIES, HOA) == 2
    assert (counted(town, Kind.EXITS), counted(town, Kind.EXITS, HOA)) == (2, 2)
    assert counted(town, Kind.UNRECORDED) == 1
    assert counted(town, Kind.PAPERS, HOA) == 1
    assert counted(town, Kind.EXITS, TU, lot="DD01") == 1
    assert look(town).people(town.lots["HK01"].id, FRIDAY) == {HOA}


def test_only_exemptions_and_claims_that_stand_are_counted(town: Town, history: History) -> None:
    at = history.ago(minutes=5)
    stays = [history.stay(at) for _ in range(4)]
    history.exempt(stays[0], at)
    history.exempt(stays[1], at, withdrawn_by=HOA, withdrawn_at=at)
    history.claim(stays[2], at, who="driver")
    history.claim(stays[3], at, outcome="withdrawn", settled_by=HOA, settled_at=at)
    history.claim(stays[0], at, outcome="paid", settled_by="system", settled_at=at)
    history.write()
    assert (counted(town, Kind.EXEMPTIONS), counted(town, Kind.EXEMPTIONS, HOA)) == (1, 1)
    assert (counted(town, Kind.CLAIMS), counted(town, Kind.CLAIMS, HOA)) == (2, 1)


def test_a_release_counts_once_however_it_was_written_down(town: Town, history: History) -> None:
    at = history.ago(minutes=5)
    unpaid, both, undone = (history.stay(at, left=town.now) for _ in range(3))
    undone.exit_at = undone.exit_by = undone.exit_kind = undone.exit_recorded_at = None
    history.act(unpaid, "session.exit_unpaid", at)
    history.act(both, "session.exit_unpaid", at)
    history.claim(both, at, released_by=HOA, released_at=at)
    history.act(undone, "session.exit_unpaid", at)
    history.write()
    assert (counted(town, Kind.RELEASES), counted(town, Kind.RELEASES, HOA)) == (2, 2)


def test_an_entry_that_was_only_confirmed_is_no_edit(town: Town, history: History) -> None:
    at = history.ago(minutes=5)
    one = history.stay(at)
    history.act(one, "session.confirm_entry", at, before=at, after=at)
    history.act(one, "session.confirm_entry", at, before=at, after=at - timedelta(hours=1))
    history.act(one, "session.correct_plate", at, before="a", after="b", reason="typed wrongly")
    history.act(one, "session.exit", at)
    history.write()
    assert counted(town, Kind.EDITS, HOA) == 2


@pytest.mark.parametrize("act", ["session.move", "session.real_exit", "session.still_here"])
def test_moving_a_stay_and_saying_when_it_really_left_are_edits(
    town: Town, history: History, act: str
) -> None:
    at = history.ago(minutes=5)
    history.act(history.stay(at), act, at, exit_at=at)
    history.write()
    assert (counted(town, Kind.EDITS, HOA), counted(town, Kind.EDITS)) == (1, 1)


def test_cash_and_proxies_are_shares_of_payments_that_received_money(
    town: Town, history: History, hoa: Person
) -> None:
    at = history.ago(minutes=5)
    shift = history.shift(hoa, at)
    payments = [history.payment(at) for _ in range(3)]
    nothing = history.payment(at, received=0)
    history.payment(at, lot="DD01")
    history.in_cash(payments[0], shift, at)
    history.in_cash(nothing, shift, at)
    history.by_proxy(payments[1], at)
    history.write()
    assert counted(town, Kind.PAID) == 3
    assert counted(town, Kind.CASH, HOA) == 1
    assert counted(town, Kind.PROXY, HOA) == 1
    assert counted(town, Kind.PAID, lot="DD01") == 1
    assert counted(town, Kind.CASH, lot="DD01") == 0


def test_days_and_lots_nobody_asked_for_are_not_counted(town: Town, history: History) -> None:
    history.stay(history.ago(days=1))
    history.stay(history.ago(weeks=1), lot="DD01")
    history.write()
    assert look(town, FRIDAY).counts == {}
    week = FRIDAY - timedelta(days=7)
    assert look(town, FRIDAY, week, lots=("HK01",)).counts == {}
    assert counted(town, Kind.ENTRIES, lot="DD01", day=week) == 1


def test_everything_is_counted_in_one_statement(town: Town, history: History) -> None:
    history.stays(20, history.ago(minutes=9))
    history.write()
    statements: list[str] = []
    with town.house.databases.read() as tx:
        engine = tx.get_bind()
        event.listen(
            engine, "before_cursor_execute", lambda *given: statements.append(str(given[2]))
        )
        tally(tx, watched_ids(None), [FRIDAY, *same_weekdays(FRIDAY)])
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


def test_a_business_day_starts_at_midnight_in_the_city() -> None:
    assert start_of(date(2026, 11, 20)) == datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
