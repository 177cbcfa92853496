"""Days that were counted once say what the rows say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.watch import figures
from parking.watch.days import DAY
from parking.watch.lot_days import keep_counted, totals
from parking.watch.models import LotDay
from parking.watch.service import watched_ids
from parking.watch.tally import Kind, tally
from payments.db import business_day
from tests.kit import Town
from tests.watch.history import HOA, TU, History


@pytest.fixture
def busy(town: Town, history: History) -> Town:
    """Nine weeks at two lots with something of most kinds."""
    for week in range(9):
        for day in (0, 1, 2):
            at = history.ago(weeks=week, days=day, minutes=30)
            history.stays(3 + week % 3, at)
            history.stay(at, "DD01", TU, left=at + timedelta(minutes=20))
            history.stay(at, "DD01", TU, left=at + timedelta(minutes=20), kind="unrecorded")
            history.stay(at, who="driver", left=at + timedelta(minutes=9), proof="papers")
    history.write()
    return town


def both(town: Town, day_back: int) -> tuple[list[figures.DayOf], list[figures.DayOf]]:
    """Every lot's day as counted, and as the rows say."""
    day = business_day(town.now) - day_back * DAY
    with town.house.databases.read() as tx:
        days = figures.with_history(day)
        counted, rows = totals(tx, watched_ids(None), days)[0], tally(tx, watched_ids(None), days)
        lots = [lot.id for lot in town.lots.values()]
    return (
        [figures.day_of(counted, lot, day) for lot in lots],
        [figures.day_of(rows, lot, day) for lot in lots],
    )


def test_counted_days_say_what_the_rows_say(busy: Town) -> None:
    before = [both(busy, back) for back in range(3)]
    assert keep_counted(busy.house.databases.write, busy.now) > 0
    for back, (counted, rows) in enumerate(before):
        assert counted == rows
        assert both(busy, back) == (rows, rows)


def stored(town: Town) -> list[LotDay]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(LotDay).order_by(LotDay.day)))


def test_today_is_never_stored_and_old_days_are_forgotten(busy: Town) -> None:
    keep_counted(busy.house.databases.write, busy.now)
    today = business_day(busy.now)
    days = [row.day for row in stored(busy)]
    assert today - 63 * DAY <= min(days)
    assert max(days) == today - DAY
    busy.clock.forward(minutes=40 * 24 * 60)
    keep_counted(busy.house.databases.write, busy.now)
    assert min(row.day for row in stored(busy)) >= business_day(busy.now) - 63 * DAY


@pytest.mark.parametrize(("back", "rest"), [(1, timedelta(hours=1)), (2, timedelta(days=1))])
def test_what_came_later_is_counted_again(
    busy: Town, history: History, back: int, rest: timedelta
) -> None:
    keep_counted(busy.house.databases.write, busy.now)
    day = business_day(busy.now) - back * DAY
    late = History(busy)
    late.stays(5, late.ago(days=back, minutes=10))
    late.write()
    changed = busy.lots["HK01"].id, day

    def entries() -> int:
        with busy.house.databases.read() as tx:
            return totals(tx, watched_ids(None), [day])[0].of(*changed, Kind.ENTRIES)

    before = entries()
    busy.clock.now += rest - timedelta(minutes=1)
    keep_counted(busy.house.databases.write, busy.now)
    assert entries() == before + (5 if business_day(busy.now) - DAY != day and back == 1 else 0)
    busy.clock.now += timedelta(minutes=1)
    keep_counted(busy.house.databases.write, busy.now)
    assert entries() == before + 5


def test_who_did_it_is_not_stored(busy: Town) -> None:
    keep_counted(busy.house.databases.write, busy.now)
    assert not [row for row in stored(busy) if HOA in str(row.counts)]
