"""Slots: every process agrees on them, whatever its own zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from parking.slots import Daily, Every

START = datetime(2024, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=2000)).map(START.__add__)
NIGHTLY = Daily(time(0, 30))


def test_the_nightly_slot_is_half_past_midnight_in_the_city() -> None:
    before = datetime(2026, 11, 20, 17, 29, 59, tzinfo=UTC)
    assert NIGHTLY.last(before) == datetime(2026, 11, 19, 17, 30, tzinfo=UTC)
    assert NIGHTLY.last(before + timedelta(seconds=1)) == datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


@settings(deadline=None, max_examples=60)
@given(INSTANTS, st.integers(min_value=-14, max_value=14))
def test_the_zone_an_instant_is_written_in_changes_no_slot(now: datetime, hours: int) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=hours)))
    for when in (NIGHTLY, Every(seconds=10)):
        assert when.last(elsewhere) == when.last(now)


@settings(deadline=None, max_examples=60)
@given(INSTANTS, st.sampled_from([1, 10, 60, 3600]))
def test_the_latest_slot_is_less_than_a_step_ago_and_is_its_own_latest(
    now: datetime, seconds: int
) -> None:
    slot = Every(seconds=seconds).last(now)
    assert timedelta(0) <= now - slot < timedelta(seconds=seconds)
    assert Every(seconds=seconds).last(slot) == slot


@settings(deadline=None, max_examples=60)
@given(INSTANTS)
def test_a_daily_slot_is_less_than_a_day_ago_and_is_its_own_latest(now: datetime) -> None:
    slot = NIGHTLY.last(now)
    assert timedelta(0) <= now - slot < timedelta(days=1)
    assert NIGHTLY.last(slot) == slot


@settings(deadline=None, max_examples=60)
@given(INSTANTS)
def test_the_clock_fires_exactly_at_slots(now: datetime) -> None:
    for when in (NIGHTLY, Every(seconds=10), Every(seconds=60)):
        fires = when.trigger().get_next_fire_time(None, now)
        assert when.last(fires) == fires
        assert fires - now < timedelta(days=1)
