"""Prices that hold are the engine's prices, whenever they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from parking.tariffs import load_book, price
from parking.tariffs.held import held_price

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
    st.lists(st.tuples(st.integers(0, 3 * 86_400), st.floats(0, 1)), min_size=1, max_size=12),
)
def test_a_held_price_is_what_the_engine_says_as_long_as_it_holds(
    priced: tuple[str, int, str], begin: int, looks: list[tuple[int, float]]
) -> None:
    (code, number, vehicle), held = priced, None
    version, entry = BOOK.version(code, number), START + timedelta(seconds=begin)
    for stay, part in looks:  # in any order: a clock may be set back
        end = entry + timedelta(seconds=stay)
        held = held_price(version, vehicle, entry, end, held)
        assert held.since == end
        for moment in (end, end + (held.until - end) * part, held.until):
            assert held.amount == price(version, vehicle, entry, moment).amount


def test_what_held_is_tried_farther_and_farther() -> None:
    code, number, vehicle = next(one for one in PRICED if "two-wheel" in one[0])
    version, held = BOOK.version(code, number), None
    hours = []
    for _ in range(3):
        end = held.until if held else START + timedelta(hours=1)
        held = held_price(version, vehicle, START, end, held)
        hours.append((held.until - held.since) / timedelta(hours=1))
    assert hours[:2] == [1, 4]
    assert hours[2] <= 16
