"""Days and times as files print them: read by a named format, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.db import CITY_ZONE
from reconciliation.statements.dates import Dates, compiled

MORNING = datetime(2026, 11, 19, 8, 30, 15, tzinfo=CITY_ZONE)


@given(st.integers(0, 9_999_999_999))
def test_seconds_and_milliseconds_since_1970_are_the_same_instant(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    for name, count in (("epoch_s", seconds), ("epoch_ms", seconds * 1000)):
        assert Dates((name,)).read(str(count)) == (at.astimezone(CITY_ZONE).date(), at)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:05 AM", 0), ("1:05 am", 1), ("11:05 AM", 11), ("12:05 PM", 12), ("11:05 pm", 23)],
)
def test_the_halves_of_a_day_become_its_hours(text: str, hour: int) -> None:
    found = Dates(("d/M/yyyy h:mm a",)).read(f"19/11/2026 {text}")
    assert found is not None
    assert found[1] == datetime(2026, 11, 19, hour, 5, tzinfo=CITY_ZONE)


@pytest.mark.parametrize("hour", ["0", "13"])
def test_an_hour_that_half_a_day_does_not_have_is_refused(hour: str) -> None:
    with pytest.raises(ValueError, match=hour):
        Dates(("d/M/yyyy h:mm a",)).read(f"19/11/2026 {hour}:05 PM")


def test_an_offset_in_the_text_outranks_the_zone_of_the_file() -> None:
    form = Dates(("yyyy-MM-ddTHH:mm:ssXXX",))
    for text in ("2026-11-19T01:30:15Z", "2026-11-19T08:30:15+07:00", "2026-11-18T20:30:15-0500"):
        assert form.read(text) == (date(2026, 11, 19), MORNING)


def test_a_day_without_a_time_has_no_instant() -> None:
    assert Dates(("dd/MM/yyyy",)).read("19/11/2026") == (date(2026, 11, 19), None)
    assert Dates(("dd/MM/yyyy",)).read("2026-11-19") is None


@pytest.mark.parametrize("text", ["HH:mm", "dd/MM", "dd/MM/yyyy dd", "dd/MM/yyyy HH HH"])
def test_a_format_that_names_no_whole_day_or_a_part_twice_is_none(text: str) -> None:
    assert compiled(text) is None


def test_a_day_that_never_was_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        Dates(("dd/MM/yyyy",)).read("31/02/2026")
