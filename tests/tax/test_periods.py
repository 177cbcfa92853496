"""Months, quarters, and when their tables are due."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.tax.periods import month_of, quarter_of, read_period
from payments.errors import WrongUsage

DAYS = st.dates(date(2024, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "first", "last", "due", "shown"),
    [
        ("2026-11", (2026, 11, 1), (2026, 11, 30), (2026, 12, 20), "11/2026"),
        ("2026-12", (2026, 12, 1), (2026, 12, 31), (2027, 1, 20), "12/2026"),
        ("2028-02", (2028, 2, 1), (2028, 2, 29), (2028, 3, 20), "02/2028"),
        ("2026-q4", (2026, 10, 1), (2026, 12, 31), (2027, 1, 31), "Q4/2026"),
        ("2026-Q1", (2026, 1, 1), (2026, 3, 31), (2026, 4, 30), "Q1/2026"),
    ],
)
def test_a_period_knows_its_days_and_when_its_table_is_due(
    text: str, first: tuple[int, ...], last: tuple[int, ...], due: tuple[int, ...], shown: str
) -> None:
    period = read_period(text)
    assert (period.first, period.last) == (date(*first), date(*last))
    assert (period.due, period.form_text) == (date(*due), shown)


def test_a_period_begins_and_ends_at_midnight_in_hanoi() -> None:
    begin, end = read_period("2026-11").span
    assert begin == datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert end == datetime(2026, 11, 30, 17, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-Q5", "11/2026", "2026-11-01", "x"])
def test_what_is_no_period_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(WrongUsage, match="2026-11, a quarter as 2026-Q4"):
        read_period(text)


@given(day=DAYS)
def test_periods_follow_each_other_without_gap_and_read_back(day: date) -> None:
    for period in (month_of(day), quarter_of(day)):
        assert period.first <= day <= period.last
        assert read_period(str(period)) == period
        assert period.after.before == period
        assert period.before.span[1] == period.span[0]
        assert period.last < period.due
