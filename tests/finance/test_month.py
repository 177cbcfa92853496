"""Months as people write and browse them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.finance.month import DayRow, Figures, Month, read_month, sum_of
from payments.errors import WrongUsage

DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2098, 12, 31))


@settings(deadline=None)
@given(DAYS)
def test_a_month_holds_its_days_and_its_neighbours_touch_it(day: date) -> None:
    month = read_month("", day)
    assert month.first <= day <= month.last
    assert month.before.last + timedelta(days=1) == month.first
    assert month.after.first - timedelta(days=1) == month.last
    assert month.after.before == month


@settings(deadline=None)
@given(DAYS)
def test_a_month_reads_as_it_is_written(day: date) -> None:
    month = Month(day.replace(day=1))
    assert read_month(str(month), date(2026, 1, 1)) == month


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=8).filter(lambda text: "-" not in text))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_month(text, date(2026, 1, 1))


def test_the_months_figures_are_the_sums_of_its_days() -> None:
    days = [
        DayRow(date(2026, 11, 1), "complete", Figures(2, 10, 9, 8, 7, 1, 4)),
        DayRow(date(2026, 11, 2), "awaiting", Figures(3, 20, 19, 18, 17, 0)),
    ]
    assert sum_of(days) == Figures(5, 30, 28, 26, 24, 1, 4)
    assert sum_of([]) == Figures()
