"""A day beside its own history, and what of it stands out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.watch.days import same_weekdays
from parking.watch.figures import (
    CASH_SHARE,
    OF_LOT,
    day_of,
    days_for_week,
    people_of,
    stands_out,
    usual_of,
    week_of,
)
from parking.watch.tally import Kind, Tally

LOT, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
FRIDAY = date(2026, 11, 20)

Day = Mapping[Kind, Mapping[str, int]]


def known(days: Mapping[date, Day], lot: uuid.UUID = LOT) -> Tally:
    return Tally({(lot, day): kinds for day, kinds in days.items()})


def fridays(*entries: int, **more: int) -> dict[date, Day]:
    """That many entries on the Fridays before, the last one first, with `more` of other kinds each."""
    extra = {Kind(name): {"person:hoa": value} for name, value in more.items()}
    return {
        day: {Kind.ENTRIES: {"driver": count}, **extra}
        for day, count in zip(same_weekdays(FRIDAY), entries, strict=False)
    }


@given(st.lists(st.integers(0, 500), max_size=8))
def test_usual_is_one_of_the_values_in_the_middle(values: list[int]) -> None:
    found = usual_of(values)
    if len(values) < 3:
        assert found is None
        return
    assert found in values
    assert sum(value < found for value in values) * 2 <= len(values)
    assert sum(value > found for value in values) * 2 <= len(values)


def test_the_day_itself_is_not_part_of_what_is_usual() -> None:
    days = fridays(10, 12, 14) | {FRIDAY: {Kind.ENTRIES: {"driver": 900}}}
    cell = day_of(known(days), LOT, FRIDAY).cells[Kind.ENTRIES]
    assert (cell.value, cell.usual) == (900, 12)


def test_two_weeks_are_not_enough_history() -> None:
    days = fridays(10, 12) | {FRIDAY: {Kind.RELEASES: {"person:hoa": 50}}}
    found = day_of(known(days), LOT, FRIDAY)
    assert {cell.usual for cell in found.cells.values()} == {None}
    assert found.unusual == 0


def test_other_weekdays_and_closed_days_are_no_history() -> None:
    days = fridays(40, 0, 50, 0, 60)
    days |= {date(2026, 11, 19): {Kind.ENTRIES: {"driver": 1}}}
    days[FRIDAY] = {Kind.ENTRIES: {"driver": 5}}
    cell = day_of(known(days), LOT, FRIDAY).cells[Kind.ENTRIES]
    assert (cell.value, cell.usual, cell.unusual) == (5, 50, True)


def test_a_working_day_without_a_release_counts_as_none() -> None:
    days = fridays(40, 40, 40, 40) | {FRIDAY: {Kind.RELEASES: {"person:hoa": 4}}}
    cell = day_of(known(days), LOT, FRIDAY).cells[Kind.RELEASES]
    assert (cell.value, cell.usual, cell.unusual) == (4, 0, True)


def test_a_day_that_is_not_over_is_not_called_quiet() -> None:
    days = fridays(40, 40, 40) | {FRIDAY: {Kind.ENTRIES: {"driver": 1}}}
    assert day_of(known(days), LOT, FRIDAY).cells[Kind.ENTRIES].unusual
    assert not day_of(known(days), LOT, FRIDAY, whole=False).cells[Kind.ENTRIES].unusual


def test_the_cash_share_is_per_thousand_payments_and_missing_without_any() -> None:
    days = fridays(9, 9, 9, paid=200, cash=10)
    days[FRIDAY] = {Kind.PAID: {"": 200}, Kind.CASH: {"person:hoa": 21}}
    cell = day_of(known(days), LOT, FRIDAY).cells[CASH_SHARE]
    assert (cell.value, cell.usual, cell.unusual) == (105, 50, True)
    assert day_of(known(fridays(9, 9, 9)), LOT, FRIDAY).cells[CASH_SHARE].value is None


@pytest.mark.parametrize(
    ("kind", "value", "usual", "odd"),
    [
        (Kind.RELEASES, 3, 0, True),
        (Kind.RELEASES, 2, 0, False),
        (Kind.RELEASES, 12, 6, False),
        (Kind.RELEASES, 13, 6, True),
        (Kind.ENTRIES, 49, 100, True),
        (Kind.ENTRIES, 50, 100, False),
        (Kind.ENTRIES, 300, 100, False),
        (Kind.ENTRIES, 0, 2, False),
        (CASH_SHARE, 51, 10, False),
        (CASH_SHARE, 60, 10, True),
        (CASH_SHARE, 120, 70, False),
        (Kind.CLAIMS, 99, None, False),
        (CASH_SHARE, None, 10, False),
    ],
)
def test_what_stands_out(kind: str, value: int | None, usual: int | None, odd: bool) -> None:
    assert stands_out(kind, value, usual) is odd


def test_the_bars_are_nine_weeks_and_end_with_the_day() -> None:
    days = fridays(3, 2, 1) | {FRIDAY: {Kind.ENTRIES: {"driver": 4}}}
    assert day_of(known(days), LOT, FRIDAY).bars == [0, 0, 0, 0, 0, 1, 2, 3, 4]


def test_a_week_is_seven_days_each_beside_its_own_weekday() -> None:
    week = week_of(known({}), LOT, FRIDAY, FRIDAY)
    assert [one.day.weekday() for one in week] == [5, 6, 0, 1, 2, 3, 4]
    assert week[-1].day == FRIDAY
    assert set(days_for_week(FRIDAY)) >= {one.day for one in week}
    assert all(set(same_weekdays(one.day)) <= set(days_for_week(FRIDAY)) for one in week)


def test_an_attendant_is_compared_with_the_attendants_of_this_lot_on_this_weekday() -> None:
    days: dict[date, Day] = {
        day: {Kind.EXITS: {"person:hoa": 80, "person:lan": 60}, Kind.CLAIMS: {"person:lan": 2}}
        for day in same_weekdays(FRIDAY)[:4]
    }
    days[FRIDAY] = {
        Kind.EXITS: {"person:hoa": 300, "person:lan": 5, "system:closing": 3},
        Kind.RELEASES: {"person:lan": 7},
        Kind.CLAIMS: {"person:hoa": 2, "driver": 9},
    }
    people, usual = people_of(known(days), LOT, FRIDAY)
    assert list(people) == ["person:lan", "person:hoa"]
    assert (usual[Kind.EXITS], usual[Kind.CLAIMS], usual[Kind.RELEASES]) == (60, 0, 0)
    assert people["person:lan"][Kind.RELEASES].unusual
    assert not people["person:hoa"][Kind.EXITS].unusual
    assert people["person:hoa"][Kind.CLAIMS].value == 2


def test_one_attendant_on_one_friday_is_not_enough_history() -> None:
    days: dict[date, Day] = {same_weekdays(FRIDAY)[0]: {Kind.EXITS: {"person:hoa": 80}}}
    days[FRIDAY] = {Kind.RELEASES: {"person:hoa": 30}}
    people, usual = people_of(known(days), LOT, FRIDAY)
    assert set(usual.values()) == {None}
    assert not people["person:hoa"][Kind.RELEASES].unusual


def test_one_lots_history_says_nothing_of_another() -> None:
    found = known(fridays(10, 10, 10), OTHER)
    assert {cell.usual for cell in day_of(found, LOT, FRIDAY).cells.values()} == {None}
    assert set(day_of(found, LOT, FRIDAY).cells) == set(OF_LOT)
