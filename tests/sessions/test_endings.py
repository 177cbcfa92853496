"""When a stay is over whose exit nobody recorded: the rule alone, without a database."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.sessions.endings import EndedBy, Ending, Life, ending, last_closing, next_closing
from parking.tariffs import load_book, price
from payments.db import CITY_ZONE
from tests.tariffs.building import build

BOOK = load_book()
TWO_WHEELS = BOOK.version("hn-inner-two-wheel", 1)
CARS = BOOK.version("hn-dong-da", 1)
TEN = time(22, 0)


def local(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


def paid_turn(
    entry: datetime, paid: datetime, closes: time | None = None, until: datetime | None = None
) -> Ending:
    return ending(TWO_WHEELS, "motorbike", Life(entry, entry, paid, True, until), closes)


@pytest.mark.parametrize(
    ("entry", "paid", "end", "known"),
    [
        (local(8), local(8), local(18), local(18, 30)),
        (local(17, 55), local(18, 10), local(18, 10), local(18, 30)),
        (local(17), local(20), local(6, day=21), local(17, 30, day=21)),
        (local(23), local(23), local(6, day=21), local(6, 30, day=21)),
        (local(2), local(2), local(6), local(6, 30)),
        (local(8), local(7, day=21), local(7, day=21), local(8, 30, day=21)),
        (local(8), local(9, day=21), local(18, day=21), local(18, 30, day=21)),
    ],
)
def test_a_paid_turn_ends_with_its_band_and_is_over_when_the_next_one_would_be_owed(
    entry: datetime, paid: datetime, end: datetime, known: datetime
) -> None:
    assert paid_turn(entry, paid) == Ending(end, known, EndedBy.BAND)


def test_a_turn_paid_at_the_last_moment_is_not_over_before_its_grace() -> None:
    assert paid_turn(local(8), local(18, 25), until=local(18, 40)).known_from == local(18, 40)


def test_the_lot_closes_on_everybody_and_the_earliest_rule_says_since_when() -> None:
    late = paid_turn(local(19), local(19), TEN)
    assert (late.at, late.known_from, late.by) == (local(22), local(22), EndedBy.CLOSING)
    early = paid_turn(local(8), local(8), time(18, 15))
    assert (early.at, early.known_from, early.by) == (local(18), local(18, 15), EndedBy.BAND)


def test_a_vehicle_seen_after_its_band_did_not_leave_with_it() -> None:
    life = Life(local(8), local(18, 10), local(18, 10), settled=True)
    assert ending(TWO_WHEELS, "motorbike", life, TEN).by is EndedBy.CLOSING


def test_what_was_not_paid_ends_at_closing_or_else_at_the_limit() -> None:
    life = Life(local(8), local(8), local(8), settled=False)
    assert ending(CARS, "car", life, TEN) == Ending(local(22), local(22), EndedBy.CLOSING)
    three_days = local(8, day=23)
    assert ending(CARS, "car", life, None) == Ending(three_days, three_days, EndedBy.LIMIT)
    assert ending(TWO_WHEELS, "motorbike", life, None).at == three_days


def test_a_paid_stay_by_the_hour_has_no_band_to_end_with() -> None:
    life = Life(local(8), local(8), local(9), settled=True)
    assert ending(CARS, "car", life, None).by is EndedBy.LIMIT


def test_whoever_is_seen_after_closing_is_there_until_the_next_closing() -> None:
    life = Life(local(8), local(22, 30), local(22, 30), settled=False)
    assert ending(CARS, "car", life, TEN).at == local(22, day=21)


def test_a_turn_that_is_renewed_ends_with_its_day(tmp_path: Path) -> None:
    version = build(tmp_path, 'turn = 5000\nrestarts = "24h"')
    life = Life(local(8), local(8), local(8), settled=True)
    end = local(8, day=21)
    assert ending(version, "car", life, None).at == end


def test_a_turn_that_is_paid_for_good_ends_at_closing_only(tmp_path: Path) -> None:
    version = build(tmp_path, "turn = 5000")
    life = Life(local(8), local(8), local(8), settled=True)
    assert ending(version, "car", life, TEN).by is EndedBy.CLOSING
    assert ending(version, "car", life, None).by is EndedBy.LIMIT


moments = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda span: local(0) + span)
spans = st.timedeltas(timedelta(), timedelta(days=4))
closings = st.none() | st.times().map(lambda found: found.replace(second=0, microsecond=0))
versions = st.sampled_from(
    [
        (version, vehicle)
        for code in BOOK.codes
        for version in BOOK.versions[code]
        for vehicle in version.vehicle_classes
    ]
)


@settings(deadline=None, max_examples=150)
@given(versions, moments, spans, spans, st.booleans(), closings)
def test_every_stay_ends_after_its_last_sign_of_life_and_within_every_limit(
    tariff: tuple[object, str],
    entry: datetime,
    seen: timedelta,
    paid: timedelta,
    settled: bool,
    closes: time | None,
) -> None:
    version, vehicle = tariff
    assert isinstance(version, type(CARS))
    life = Life(entry, entry + seen, entry + max(seen, paid), settled)
    found = ending(version, vehicle, life, closes)
    limit = timedelta(hours=version.vehicle(vehicle).unrecorded_exit.after_hours)
    assert life.alive_at <= found.at <= found.known_from
    assert found.known_from <= max(entry, life.alive_at) + limit
    if closes is not None:
        assert found.known_from <= next_closing(closes, life.alive_at)
    assert (found.by is EndedBy.BAND) <= (settled and version.vehicle(vehicle).flat)


@settings(deadline=None, max_examples=150)
@given(moments, st.timedeltas(timedelta(), timedelta(days=2)), closings)
def test_the_end_of_a_paid_turn_costs_no_more_than_the_turn(
    entry: datetime, paid: timedelta, closes: time | None
) -> None:
    moment = entry + paid
    found = paid_turn(entry, moment, closes)
    if found.by is EndedBy.BAND:
        then = price(TWO_WHEELS, "motorbike", entry, found.at)
        assert then.amount == price(TWO_WHEELS, "motorbike", entry, moment).amount


@settings(deadline=None, max_examples=100)
@given(closings.filter(bool), moments)
def test_closings_follow_each_other_day_by_day(closes: time, moment: datetime) -> None:
    before, after = last_closing(closes, moment), next_closing(closes, moment)
    assert before <= moment < after
    assert after - before == timedelta(days=1)
    assert after.astimezone(CITY_ZONE).time() == closes
