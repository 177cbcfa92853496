"""Sums of the day totals: equal to them always, read by month only while every day of it is told."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from reconciliation.invariants import check
from reconciliation.models import DayTotal
from reconciliation.rebuilding import keep_spans, rebuild
from reconciliation.running import keep_current
from reconciliation.spans import DAY as BY_DAY
from reconciliation.spans import (
    LONGER,
    MONTH,
    QUARTER,
    SIXTH,
    THIRD,
    YEAR,
    Part,
    begin_of,
    end_of,
    pieces_of,
)
from reconciliation.summaries import (
    CITY,
    FIGURES,
    LABELS,
    OF_CITY,
    Summary,
    SummaryState,
    refresh,
    refresh_day,
    sums,
)
from reconciliation.summary_reads import stale_spans, within
from tests.reconciliation.kit import DAY, ONE, PRICE, World, at

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
DAYS = st.dates(min_value=date(2024, 4, 15), max_value=date(2028, 12, 31))
STALE = st.sets(
    st.builds(lambda span, day: (span, begin_of(span, day)), st.sampled_from(LONGER), DAYS),
    max_size=6,
)


@pytest.fixture
def busy(world: World) -> World:
    """Two operators, money on three days of November, added up every minute."""
    for day in (DAY, DAY + ONE, DAY + 2 * ONE):
        world.pay(f"A{day.day}", when=at(day))
        world.pay(f"B{day.day}", 5_000, slug="cau-go", when=at(day))
        keep_current(world.databases.write, at(day, 11))
    return world


def violations(world: World) -> set[str]:
    with world.databases.read() as tx:
        return {found.rule for found in check(tx)}


def read(world: World, first: date, last: date) -> tuple[list[Part], dict[str, tuple[int, int]]]:
    """How the days are read, and (count, gross) of the operators along each label."""
    with world.databases.read() as tx:
        pieces = list(pieces_of(first, last, stale_spans(tx)))
        found = dict.fromkeys(LABELS, (0, 0))
        for label, piece in product(LABELS, pieces):
            rows = select(*sums(("count", "gross"))).where(
                within(label, piece), Summary.operator != CITY
            )
            count, gross = (int(sum_ or 0) for sum_ in tx.execute(rows).one())
            found[label] = (found[label][0] + count, found[label][1] + gross)
        return pieces, found


def of_city(world: World, span: str, first: date) -> dict[str, int]:
    """Gross of the whole city along each label, as its own rows say."""
    with world.databases.read() as tx:
        rows = select(Summary.label, sums(("gross",))[0]).where(
            Summary.span == span, Summary.period == first, Summary.operator == CITY
        )
        return {label: int(gross) for label, gross in tx.execute(rows.group_by(Summary.label))}


def test_every_label_makes_the_same_sum(busy: World) -> None:
    pieces, found = read(busy, DAY, DAY + 2 * ONE)
    assert pieces == [Part(BY_DAY, DAY, DAY + 2 * ONE)]
    assert found == dict.fromkeys(LABELS, (6, 3 * (PRICE + 5_000)))
    assert violations(busy) == set()


def test_a_month_that_is_over_is_read_as_one_and_says_the_same(busy: World) -> None:
    before = read(busy, NOVEMBER, DECEMBER - ONE)
    assert MONTH not in {piece.span for piece in before[0]}
    assert keep_spans(busy.databases.write, at(DAY)) == 0
    over = len(spans_over(busy))
    assert keep_spans(busy.databases.write, at(DECEMBER)) == (2 + 1) * over  # operators and city
    after = read(busy, NOVEMBER, DECEMBER - ONE)
    assert after == ([Part(MONTH, NOVEMBER, DECEMBER - ONE)], before[1])
    assert violations(busy) == set()


def spans_over(world: World) -> set[tuple[str, date]]:
    """The longer spans around the days with money that are over with November."""
    days = (DAY, DAY + ONE, DAY + 2 * ONE)
    return {(span, begin_of(span, day)) for span in (MONTH, THIRD, SIXTH) for day in days}


def test_the_citys_own_sums_are_those_of_its_operators(busy: World) -> None:
    keep_spans(busy.databases.write, at(DECEMBER))
    assert of_city(busy, MONTH, NOVEMBER) == dict.fromkeys(OF_CITY, 3 * (PRICE + 5_000))
    assert of_city(busy, BY_DAY, DAY) == {}
    assert violations(busy) == set()


def test_a_citys_sum_that_is_wrong_is_noticed(busy: World) -> None:
    keep_spans(busy.databases.write, at(DECEMBER))
    with busy.databases.write.begin() as tx:
        tx.execute(update(Summary).where(Summary.operator == CITY).values(count=99))
    assert violations(busy) == {"summaries_equal_their_totals"}


def test_a_citys_sum_is_read_only_when_it_is_of_every_operators_last_word(busy: World) -> None:
    """Between the operators' turn of the hourly job and the city's, and while anybody is stale."""
    keep_spans(busy.databases.write, at(DECEMBER))
    month = Part(MONTH, NOVEMBER, DECEMBER - ONE)
    with busy.databases.write.begin() as tx:
        assert (MONTH, NOVEMBER) not in stale_spans(tx)
        refresh_day(tx, "hoan-kiem", DAY, at(DECEMBER))
        assert (MONTH, NOVEMBER) in stale_spans(tx)
        refresh(tx, "hoan-kiem", month, at(DECEMBER))
        assert (MONTH, NOVEMBER) in stale_spans(tx)
        refresh(tx, CITY, month, at(DECEMBER))
        assert (MONTH, NOVEMBER) not in stale_spans(tx)


def test_whoever_takes_money_touches_no_row_of_the_whole_city(busy: World) -> None:
    keep_spans(busy.databases.write, at(DECEMBER))
    whole = select(SummaryState.span, SummaryState.period, SummaryState.stale).where(
        SummaryState.operator == CITY
    )
    with busy.databases.write.begin() as tx:
        before = set(tx.execute(whole).all())
        refresh_day(tx, "hoan-kiem", DAY, at(DECEMBER))
        assert before
        assert set(tx.execute(whole).all()) == before


def test_late_money_in_a_month_that_is_over_is_in_the_next_reading(busy: World) -> None:
    keep_spans(busy.databases.write, at(DECEMBER))
    late = at(DECEMBER + ONE)
    busy.pay("late", 7_000, when=at(DECEMBER - ONE, 23))
    keep_current(busy.databases.write, late)
    pieces, found = read(busy, NOVEMBER, DECEMBER - ONE)
    assert MONTH not in {piece.span for piece in pieces}
    assert found["provider"] == (7, 3 * (PRICE + 5_000) + 7_000)
    assert keep_spans(busy.databases.write, late) == (1 + 1) * 3  # sixth, third and month
    assert read(busy, NOVEMBER, DECEMBER - ONE)[1] == found


def test_another_summary_than_the_totals_make_is_noticed(busy: World) -> None:
    with busy.databases.write.begin() as tx:
        tx.execute(update(Summary).where(Summary.label == "product").values(count=99))
    assert violations(busy) == {"summaries_equal_their_totals"}
    with busy.databases.write.begin() as tx:
        tx.execute(delete(Summary))
    assert violations(busy) == {"summaries_equal_their_totals"}


def test_rebuilding_finds_what_was_wrong_and_leaves_it_right(busy: World) -> None:
    with busy.databases.write.begin() as tx:
        tx.execute(update(DayTotal).where(DayTotal.day == DAY).values(count=99))
    assert violations(busy) == {"totals_equal_their_rows", "summaries_equal_their_totals"}
    done = [one for one, _ in rebuild(busy.databases.write, DAY, DAY + ONE, at(DECEMBER))]
    assert [(one.day, one.changed) for one in done] == [
        (DAY, True), (DAY, True), (DAY + ONE, False), (DAY + ONE, False),
    ]  # fmt: skip
    assert violations(busy) == set()


def test_rebuilding_makes_totals_that_were_lost(busy: World) -> None:
    with busy.databases.write.begin() as tx:
        tx.execute(delete(DayTotal))
        tx.execute(delete(Summary))
    done = list(rebuild(busy.databases.write, DAY, DAY + 2 * ONE, at(DECEMBER)))
    assert len(done) == 6
    assert read(busy, NOVEMBER, DECEMBER - ONE)[1]["cost_centre"] == (6, 3 * (PRICE + 5_000))


@settings(deadline=None, max_examples=100)
@given(DAYS, DAYS, STALE)
def test_every_day_is_read_exactly_once(
    one: date, other: date, stale: set[tuple[str, date]]
) -> None:
    first, last = sorted((one, other))
    days = [day for piece in joined(first, last, stale) for day in days_of(piece)]
    assert days == [first + timedelta(days=n) for n in range((last - first).days + 1)]


@settings(deadline=None, max_examples=100)
@given(DAYS, DAYS, STALE)
def test_neighbours_are_read_together_and_stale_spans_by_shorter_ones(
    one: date, other: date, stale: set[tuple[str, date]]
) -> None:
    first, last = sorted((one, other))
    pieces = joined(first, last, stale)
    assert all(before.span != after.span for before, after in pairwise(pieces))
    read = {(piece.span, begin_of(piece.span, day)) for piece in pieces for day in days_of(piece)}
    assert not read & stale


def test_three_years_need_few_periods() -> None:
    """Two years, three quarters, two months, two thirds, a sixth and five days at the most."""
    pieces = joined(date(2024, 1, 1), date(2026, 12, 30), set())
    assert [piece.span for piece in pieces] == [YEAR, QUARTER, MONTH, THIRD, SIXTH, BY_DAY]
    assert len(days_of(pieces[-1])) == 5


@settings(deadline=None, max_examples=100)
@given(DAYS, st.sampled_from((*LONGER, BY_DAY)))
def test_a_day_is_between_the_ends_of_its_span(day: date, span: str) -> None:
    first = begin_of(span, day)
    assert first <= day <= end_of(span, first)
    assert begin_of(span, end_of(span, first)) == first
    assert begin_of(span, end_of(span, first) + ONE) == end_of(span, first) + ONE


def joined(first: date, last: date, stale: set[tuple[str, date]]) -> list[Part]:
    return list(pieces_of(first, last, frozenset(stale)))


def days_of(piece: Part) -> list[date]:
    return [piece.first + timedelta(days=n) for n in range((piece.last - piece.first).days + 1)]


def test_figures_are_those_of_the_table() -> None:
    assert {column.key for column in Summary.__table__.c} == {
        "span", "period", "label", "operator", "key", "currency", *FIGURES,
    }  # fmt: skip
