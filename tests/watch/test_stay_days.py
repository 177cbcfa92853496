"""Stays are counted on the day they ended, and what is kept of a day is what its stays make."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy import func as sql

from parking.lots.models import Lot, Operator
from parking.passes.models import Pass
from parking.sessions.models import ParkingSession
from parking.watch.proofs import stay_totals_equal_their_rows
from parking.watch.stay_days import keep_stays, recount
from payments.db import business_day, new_id
from reconciliation.stay_totals import StayTotal
from reconciliation.summaries import LABELS, Summary
from tests.kit import Town
from tests.watch.history import History

Kept = dict[tuple[str, str], tuple[int, int]]
DAY = timedelta(days=1)


def kept(town: Town, back: int = 0) -> Kept:
    """(lot, product) → (stays, exempt) of the day so many days ago."""
    day = business_day(town.now) - back * DAY
    with town.house.databases.read() as tx:
        rows = tx.scalars(select(StayTotal).where(StayTotal.day == day))
        return {(row.cost_centre, row.product): (row.stays, row.exempt) for row in rows}


def count(town: Town) -> int:
    return keep_stays(town.house.databases.write, town.now)


def wrong(town: Town) -> list[str]:
    with town.house.databases.read() as tx:
        return [found.rule for found in stay_totals_equal_their_rows(tx)]


@pytest.fixture
def gone(town: Town, history: History) -> ParkingSession:
    """Two motorbikes and an exempt one that left today, one that is still inside; not yet counted."""
    at = history.ago(minutes=90)
    history.stays(1, at)
    exempt = history.stay(at, left=at + timedelta(hours=1))
    history.exempt(exempt, at)
    stay = history.stay(at, left=at + timedelta(hours=1))
    history.stay(at)
    history.write()
    return stay


def test_a_stay_counts_where_and_when_it_ended(town: Town, gone: ParkingSession) -> None:
    assert kept(town) == {}
    assert count(town) == 1
    assert kept(town) == {("HK01", "parking:motorbike"): (3, 1)}
    assert wrong(town) == []
    assert count(town) == 0


def test_a_night_counts_on_the_morning_it_ended(town: Town, history: History) -> None:
    history.stay(history.ago(days=1), left=history.ago(minutes=60))
    history.write()
    count(town)
    assert kept(town, back=1) == {}
    assert kept(town) == {("HK01", "parking:motorbike"): (1, 0)}


def test_a_stay_on_a_pass_stands_beside_its_pass(town: Town, gone: ParkingSession) -> None:
    today = business_day(town.now)
    with town.house.databases.write.begin() as tx:
        lot = town.lots["HK01"]
        held = Pass(
            id=new_id(), token="t", reference="pass:t", operator_id=lot.operator_id, lot_id=lot.id,
            number=1, plate_key="29X", plate="29X", vehicle_class="motorbike", hours="day",
            holder="regular", since=today, until=today + 30 * DAY, price=1, currency="VND",
            sold_by="person:hoa", sold_at=town.now,
        )  # fmt: skip
        tx.add(held)
        tx.flush()
        stay = tx.get_one(ParkingSession, gone.id)
        stay.pass_id = held.id
    count(town)
    assert kept(town) == {
        ("HK01", "parking:motorbike"): (2, 1),
        ("HK01", "pass:motorbike:day"): (1, 0),
    }


def test_a_correction_long_after_is_counted_on_both_days(town: Town, gone: ParkingSession) -> None:
    count(town)
    with town.house.databases.write.begin() as tx:
        stay = tx.get_one(ParkingSession, gone.id)
        stay.entry_at -= 40 * DAY
        assert stay.exit_at is not None
        stay.exit_at -= 40 * DAY
    assert wrong(town) == []  # the days wait to be counted
    assert count(town) == 2
    assert kept(town) == {("HK01", "parking:motorbike"): (2, 1)}
    assert kept(town, back=40) == {("HK01", "parking:motorbike"): (1, 0)}
    assert wrong(town) == []


def test_a_vehicle_that_never_left_is_counted_no_more(town: Town, gone: ParkingSession) -> None:
    count(town)
    with town.house.databases.write.begin() as tx:
        tx.execute(update(ParkingSession).values(exit_at=None, exit_by=None, exit_kind=None))
    count(town)
    assert kept(town) == {}
    with town.house.databases.read() as tx:
        assert tx.scalar(select(sql.count()).select_from(Summary)) == 0


def test_what_ends_while_we_count_is_counted_the_next_time(
    town: Town, gone: ParkingSession
) -> None:
    databases = town.house.databases
    if databases.engine.dialect.name == "sqlite":
        return  # one writer at a time
    with databases.write.begin() as leaving:
        stay = leaving.scalars(
            select(ParkingSession).where(
                ParkingSession.exit_at.is_(None), ParkingSession.lot_id == gone.lot_id
            )
        ).first()
        assert stay is not None
        stay.exit_at = town.now
        leaving.flush()
        count(town)
        assert kept(town) == {("HK01", "parking:motorbike"): (3, 1)}
    assert count(town) == 1
    assert kept(town) == {("HK01", "parking:motorbike"): (4, 1)}


def test_stays_are_added_up_beside_the_money_but_along_no_provider(
    town: Town, gone: ParkingSession
) -> None:
    count(town)
    with town.house.databases.read() as tx:
        rows = tx.execute(
            select(Summary.label, Summary.key, Summary.stays).where(Summary.span == "day")
        )
        found = {label: (key, stays) for label, key, stays in rows}
    assert set(found) == set(LABELS) - {"provider"}
    assert found["cost_centre"] == ("HK01", 3)
    assert found["product"] == ("parking:motorbike", 3)


def test_kept_stays_that_are_not_what_the_stays_make_are_noticed_and_made_anew(
    town: Town, gone: ParkingSession
) -> None:
    count(town)
    today = business_day(town.now)
    with town.house.databases.write.begin() as tx:
        tx.execute(update(StayTotal).values(stays=99))
    assert wrong(town) == ["stay_totals_equal_their_rows"] * 2
    done = list(recount(town.house.databases.write, today, today, town.now))
    assert [(one.day, one.changed) for one in done] == [(today, True)]
    assert wrong(town) == []
    with town.house.databases.write.begin() as tx:
        tx.execute(delete(StayTotal))
    assert wrong(town) == ["stay_totals_equal_their_rows"]
    assert [one.changed for one in recount(town.house.databases.write, today, today, town.now)] == [
        True
    ]
    assert kept(town) == {("HK01", "parking:motorbike"): (3, 1)}


def test_what_waits_to_be_counted_is_no_difference(town: Town, gone: ParkingSession) -> None:
    today = business_day(town.now)
    done = list(recount(town.house.databases.write, today, today, town.now))
    assert [one.changed for one in done] == [False]
    with town.house.databases.read() as tx:
        code = tx.scalar(
            select(Operator.code)
            .join(Lot, Lot.operator_id == Operator.id)
            .where(Lot.number == "HK01")
        )
    assert [one.operator for one in done] == [code]
