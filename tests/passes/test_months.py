"""Whole months by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.passes.months import last_day, unused_share

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
months = st.integers(1, 24)


@pytest.mark.parametrize(
    ("since", "count", "until"),
    [
        ("2026-11-26", 1, "2026-12-25"),
        ("2026-12-01", 1, "2026-12-31"),
        ("2026-12-15", 1, "2027-01-14"),
        ("2027-01-31", 1, "2027-02-28"),
        ("2027-01-30", 1, "2027-02-28"),
        ("2027-01-29", 1, "2027-02-28"),
        ("2027-01-28", 1, "2027-02-27"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-01-31", 2, "2027-03-30"),
        ("2026-11-26", 12, "2027-11-25"),
    ],
)
def test_a_month_ends_the_day_before_its_own_day(since: str, count: int, until: str) -> None:
    assert last_day(date.fromisoformat(since), count).isoformat() == until


@given(days, months)
def test_a_month_is_never_shorter_than_february_and_never_longer_than_31_days(
    since: date, count: int
) -> None:
    length = (last_day(since, count) - since).days + 1
    assert 28 * count <= length <= 31 * count


@given(days, st.integers(0, 40), months)
def test_who_begins_later_never_ends_earlier(since: date, later: int, count: int) -> None:
    assert last_day(since, count) <= last_day(since + timedelta(days=later), count)


@given(days, months)
def test_one_more_month_is_more(since: date, count: int) -> None:
    assert last_day(since, count) < last_day(since, count + 1)


@given(days, months, st.integers(0, 10**9), st.integers(-40, 800))
def test_the_unused_share_falls_from_the_whole_price_to_nothing(
    since: date, count: int, price: int, passed: int
) -> None:
    until, today = last_day(since, count), since + timedelta(days=passed)
    share = unused_share(price, since, until, today)
    assert 0 <= unused_share(price, since, until, today + timedelta(days=1)) <= share <= price
    assert unused_share(price, since, until, since - timedelta(days=1)) == price
    assert unused_share(price, since, until, until) == 0


def test_a_third_of_the_days_is_a_third_of_the_price() -> None:
    november = (date(2026, 11, 1), date(2026, 11, 30))
    assert unused_share(210_000, *november, date(2026, 11, 20)) == 70_000
