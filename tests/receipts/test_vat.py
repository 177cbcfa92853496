"""The tax inside a price, before and after the rate changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.receipts.vat import VatRate, net_of, rate_at, rate_on, tax_point, vat_rates
from payments.errors import NotFound, WrongUsage

EIGHT, TEN = rate_on(date(2026, 12, 31)), rate_on(date(2027, 1, 1))
NOON = datetime(2026, 12, 31, 5, tzinfo=UTC)


def test_eight_percent_ends_with_2026_and_ten_follows() -> None:
    assert (EIGHT.basis_points, EIGHT.percent, EIGHT.status) == (800, "8%", "law")
    assert (TEN.basis_points, TEN.percent, TEN.status) == (1000, "10%", "assumed")
    assert "204/2025/QH15" in EIGHT.source
    assert "174/2025" in EIGHT.source


def test_the_first_figures_of_the_pilot_have_a_rate_that_says_it_is_unverified() -> None:
    assert (rate_on(date(2024, 10, 1)).basis_points, rate_on(date(2024, 10, 1)).status) == (
        800,
        "unverified",
    )


def test_a_day_before_the_table_is_refused_with_the_first_known_day() -> None:
    with pytest.raises(
        NotFound, match="No rate is known for 2023-12-31: the table begins on 2024-01-01"
    ):
        rate_on(date(2023, 12, 31))


@pytest.mark.parametrize(
    ("gross", "eight", "ten"),
    [
        (3_000, (2_778, 222), (2_727, 273)),
        (5_000, (4_630, 370), (4_545, 455)),
        (8_000, (7_407, 593), (7_273, 727)),
        (10_000, (9_259, 741), (9_091, 909)),
        (25_000, (23_148, 1_852), (22_727, 2_273)),
        (50_000, (46_296, 3_704), (45_455, 4_545)),
        (300_000, (277_778, 22_222), (272_727, 27_273)),
    ],
)
def test_a_gross_price_splits_into_net_and_tax(
    gross: int, eight: tuple[int, int], ten: tuple[int, int]
) -> None:
    for rate, expected in ((EIGHT, eight), (TEN, ten)):
        net = net_of(gross, rate.basis_points)
        assert (net, gross - net) == expected


@given(gross=st.integers(-(10**12), 10**12), rate=st.sampled_from(vat_rates()))
def test_the_net_is_the_nearest_dong_and_a_refund_mirrors_its_charge(
    gross: int, rate: VatRate
) -> None:
    net, whole = net_of(gross, rate.basis_points), 10_000 + rate.basis_points
    assert net_of(-gross, rate.basis_points) == -net
    assert abs(net * whole - gross * 10_000) * 2 <= whole
    assert net_of(gross, 0) == gross


def test_the_tax_point_is_the_payment_if_it_came_before_the_exit() -> None:
    assert tax_point(NOON, NOON + timedelta(minutes=5)) == NOON
    assert tax_point(NOON, None) == NOON


def test_the_tax_point_is_the_exit_if_the_payment_came_after() -> None:
    assert tax_point(NOON + timedelta(days=2), NOON) == NOON


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(WrongUsage, match="has no time zone"):
        tax_point(NOON, datetime(2026, 12, 31, 12))  # noqa: DTZ001


def test_the_year_changes_in_hanoi_and_not_in_london() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert rate_at(datetime(2026, 12, 31, 23, 59, 59, tzinfo=hanoi)) == EIGHT
    assert rate_at(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == TEN


def test_an_odd_rate_is_written_with_its_decimals() -> None:
    assert VatRate(date(2030, 1, 1), 526, "law", "").percent == "5.26%"
    assert VatRate(date(2030, 1, 1), 550, "law", "").percent == "5.5%"
