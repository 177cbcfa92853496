"""Prices that hold are the engine's prices, whenever they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from parking.tariffs import load_book, price
from parking.tariffs.held import HeldPrices

BOOK = load_book()
PRICED = [
    (code, versions[-1].number, vehicle)
    for code, versions in BOOK.versions.items()
    for vehicle in versions[-1].vehicles
]
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(PRICED),
    st.integers(0, 86_400),
    st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=12),
)
def test_a_held_price_is_what_the_engine_says(
    priced: tuple[str, int, str], begin: int, stays: list[int]
) -> None:
    prices, (code, number, vehicle) = HeldPrices(BOOK), priced
    entry = START + timedelta(seconds=begin)
    for stay in stays:  # in any order: a clock may be set back
        until = entry + timedelta(seconds=stay)
        expected = price(BOOK.version(code, number), vehicle, entry, until).amount
        assert prices.amount(code, number, vehicle, entry, until) == expected


def test_only_so_many_stays_are_remembered() -> None:
    prices = HeldPrices(BOOK, room=3)
    code, number, vehicle = PRICED[0]
    for minute in range(10):
        entry = START + timedelta(minutes=minute)
        prices.amount(code, number, vehicle, entry, entry + timedelta(hours=1))
    assert len(prices._known) == 3
