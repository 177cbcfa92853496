"""A lot is silent when, in hours in which it is busy on this weekday, hardly anybody comes."""

from __future__ import annotations

import pytest

from parking.lots.models import Lot
from parking.watch.silence import Silence, is_open, silent_lots
from tests.kit import Town
from tests.watch.history import History


def silent(town: Town, percent: int = 40) -> dict[str, Silence]:
    with town.house.databases.read() as tx:
        found = silent_lots(tx, list(town.lots.values()), percent, town.now)
    return {row.lot.number: row for row in found.values()}


def usual_weeks(history: History, number: int, weeks: int = 4, lot: str = "HK01") -> None:
    for week in range(1, weeks + 1):
        history.stays(number, history.ago(weeks=week, minutes=60), lot)


def test_a_lot_where_hardly_anybody_comes_is_silent(town: Town, history: History) -> None:
    usual_weeks(history, 10)
    usual_weeks(history, 10, lot="DD01")
    history.stays(3, history.ago(minutes=60))
    history.stays(4, history.ago(minutes=60), "DD01")
    history.write()
    found = silent(town)
    assert list(found) == ["HK01"]
    assert (found["HK01"].came, found["HK01"].usual) == (3, 10)


def test_a_lot_where_nobody_comes_at_all_is_silent_too_and_the_quietest_is_first(
    town: Town, history: History
) -> None:
    usual_weeks(history, 10)
    usual_weeks(history, 10, lot="DD01")
    history.stays(1, history.ago(minutes=60))
    history.write()
    assert list(silent(town)) == ["DD01", "HK01"]
    assert silent(town)["DD01"].came == 0


def test_the_threshold_is_a_setting_and_zero_calls_nobody_silent(
    town: Town, history: History
) -> None:
    usual_weeks(history, 10)
    history.stays(5, history.ago(minutes=60))
    history.write()
    assert silent(town, 50) == {}
    assert list(silent(town, 51)) == ["HK01"]
    assert silent(town, 0) == {}


def test_too_little_history_and_small_lots_are_not_judged(town: Town, history: History) -> None:
    usual_weeks(history, 10, weeks=2)
    usual_weeks(history, 4, lot="DD01")
    history.write()
    assert silent(town) == {}


def test_what_came_before_or_on_another_weekday_does_not_count(
    town: Town, history: History
) -> None:
    for week in range(1, 5):
        history.stays(10, history.ago(weeks=week, minutes=200))
        history.stays(10, history.ago(weeks=week, days=1, minutes=60))
        history.stays(10, history.ago(weeks=week - 1, minutes=-30))
    history.write()
    assert silent(town) == {}


def test_the_morning_begins_at_midnight(town: Town, history: History) -> None:
    town.clock.forward(hours=-7)
    for week in range(1, 5):
        history.stays(10, history.ago(weeks=week, minutes=90))
        history.stays(6, history.ago(weeks=week, minutes=30))
    history.write()
    assert silent(town)["HK01"].usual == 6


def test_a_week_in_which_nobody_came_is_a_holiday_and_no_value(
    town: Town, history: History
) -> None:
    usual_weeks(history, 10, weeks=3)
    history.write()
    assert silent(town)["HK01"].usual == 10


def test_a_lot_that_has_closed_is_not_silent(town: Town, history: History) -> None:
    usual_weeks(history, 10)
    history.write()
    town.lots["HK01"].closes = "08:00"
    assert silent(town) == {}
    town.lots["HK01"].closes = "08:01"
    assert list(silent(town)) == ["HK01"]


@pytest.mark.parametrize(
    ("closes", "clock", "opened"),
    [
        (None, "03:00", True),
        ("22:00", "21:59", True),
        ("22:00", "22:00", False),
        ("01:00", "23:30", True),
        ("01:00", "00:30", True),
        ("01:00", "02:00", False),
        ("01:00", "06:00", True),
    ],
)
def test_a_lot_may_close_after_midnight(closes: str | None, clock: str, opened: bool) -> None:
    assert is_open(closes, clock) is opened


def test_nobody_watches_no_lots(town: Town) -> None:
    nothing: list[Lot] = []
    with town.house.databases.read() as tx:
        assert silent_lots(tx, nothing, 40, town.now) == {}
