"""The figure in US dollars, at a rate that says its own date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.reports.dollars import DollarRate, rate_on, to_cents, to_dollars
from payments.errors import NotFound

OCTOBER = date(2024, 10, 31)


def test_the_october_figure_is_the_citys_within_the_rounding_of_its_rate() -> None:
    assert rate_on(OCTOBER).text == "25,418"
    assert to_dollars(6_800_000_000, OCTOBER) == 267_527
    assert to_cents(6_800_000_000, OCTOBER) == 26_752_695


def test_a_later_day_uses_the_last_known_rate_and_shows_its_date() -> None:
    rate = rate_on(date(2026, 11, 23))
    assert (rate.valid_from, rate.status) == (date(2024, 10, 1), "derived")


def test_a_day_before_the_pilot_has_no_rate() -> None:
    assert rate_on(date(2024, 4, 15)).status == "assumed"
    with pytest.raises(NotFound, match="2024-04-14"):
        rate_on(date(2024, 4, 14))


def test_halves_round_away_from_zero() -> None:
    assert to_dollars(12_709, OCTOBER) == 1
    assert to_dollars(12_708, OCTOBER) == 0
    assert to_dollars(-12_709, OCTOBER) == -1


@given(vnd=st.integers(-(10**13), 10**13))
def test_cents_are_never_more_than_half_a_cent_off(vnd: int) -> None:
    assert abs(to_cents(vnd, OCTOBER) * 2_541_800 - vnd * 10_000) * 2 <= 2_541_800


def test_a_rate_with_hundredths_shows_them() -> None:
    assert DollarRate(OCTOBER, 2_541_837, "derived", "").text == "25,418.37"
