"""Local time where the clock jumps: durations are real, borders are what the clock shows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from parking.tariffs import price
from parking.tariffs.days import instant
from tests.tariffs.building import amount, build

BERLIN = ZoneInfo("Europe/Berlin")

BANDS = """
crossing = "block"
bands = [
  { name = "day", from = "02:30", to = "20:00", steps = [{ price = 10 }] },
  { name = "night", from = "20:00", to = "02:30", steps = [{ price = 1 }] },
]
"""


@pytest.mark.parametrize(
    ("zone", "day", "minute", "expected"),
    [
        ("Asia/Ho_Chi_Minh", "2026-11-23", 360, "2026-11-22T23:00"),
        ("Europe/Berlin", "2026-03-29", 150, "2026-03-29T01:00"),  # skipped: falls on the jump
        ("Europe/Berlin", "2026-03-29", 180, "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25", 150, "2026-10-25T00:30"),  # shown twice: the first
        ("Africa/Cairo", "2026-04-24", 0, "2026-04-23T22:00"),  # a day that begins at 01:00
        ("Pacific/Apia", "2011-12-30", 720, "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_a_clock_time_is_one_instant(zone: str, day: str, minute: int, expected: str) -> None:
    found = instant(ZoneInfo(zone), date.fromisoformat(day), minute)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_hour_that_the_clock_skips_is_not_charged(tmp_path: Path) -> None:
    version = build(tmp_path, "steps = [{ price = 1 }]", zone="Europe/Berlin")
    assert amount(version, "2026-03-29T00:00", "2026-03-30T00:00") == 23


def test_the_hour_that_the_clock_repeats_is_charged(tmp_path: Path) -> None:
    version = build(tmp_path, "steps = [{ price = 1 }]", zone="Europe/Berlin")
    assert amount(version, "2026-10-25T00:00", "2026-10-26T00:00") == 25


def test_a_border_inside_the_skipped_hour_falls_on_the_jump(tmp_path: Path) -> None:
    version = build(tmp_path, BANDS, zone="Europe/Berlin")
    assert amount(version, "2026-03-29T01:00", "2026-03-29T04:00") == 1 + 10


def test_a_border_inside_the_repeated_hour_is_passed_once(tmp_path: Path) -> None:
    version = build(tmp_path, BANDS, zone="Europe/Berlin")
    entry = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    exit_ = datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN, fold=1)
    assert price(version, "car", entry, exit_).amount == 1 + 10 + 10


def test_a_calendar_day_of_25_hours_has_one_cap(tmp_path: Path) -> None:
    version = build(
        tmp_path, "steps = [{ price = 1 }]\ncaps = { calendar_day = 20 }", zone="Europe/Berlin"
    )
    assert amount(version, "2026-10-25T00:00", "2026-10-26T00:00") == 20
    assert amount(version, "2026-10-25T00:00", "2026-10-26T03:00") == 23


def test_counting_begins_anew_at_local_midnight_of_a_short_day(tmp_path: Path) -> None:
    rule = 'restarts = "calendar_day"\nsteps = [{ blocks = 1, price = 10 }, { price = 1 }]'
    version = build(tmp_path, rule, zone="Africa/Cairo")
    assert amount(version, "2026-04-23T22:00", "2026-04-24T03:00") == 11 + 11
