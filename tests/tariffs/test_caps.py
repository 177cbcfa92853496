"""Every kind of upper limit, one by one; `test_properties` holds them against anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tariffs.building import amount, ask, build, said

DAY = "2026-11-23T"


@pytest.mark.parametrize(
    ("caps", "entry", "exit_", "expected", "line"),
    [
        ("stay = 70", "08:00", "2026-11-30T08:00", 70, "Not more than VND 70 per stay"),
        ("calendar_day = 70", "08:00", "2026-11-24T02:00", 90, "Not more than VND 70 per calendar day"),
        ("rolling_24h = 70", "08:00", "2026-11-24T08:00", 70, "Not more than VND 70 in any 24 hours"),
        ("rolling_24h = 70", "08:00", "2026-11-24T10:00", 90, "Not more than VND 70 in any 24 hours"),
        ("rolling_week = 70", "08:00", "2026-11-30T09:00", 80, "Not more than VND 70 in any 7 days"),
        (
            'night = { from = "22:00", to = "06:00", amount = 30 }', "20:00", "2026-11-25T07:00",
            20 + 30 + 16 * 10 + 30 + 10, "Not more than VND 30 per night",
        ),
        (
            'night = { from = "00:00", to = "05:00", amount = 30 }', "23:00", "2026-11-24T06:00",
            10 + 30 + 10, "Not more than VND 30 per night",
        ),
    ],
)  # fmt: skip
def test_a_cap_takes_off_what_is_above_it(
    tmp_path: Path, caps: str, entry: str, exit_: str, expected: int, line: str
) -> None:
    version = build(tmp_path, f"steps = [{{ price = 10 }}]\ncaps = {{ {caps} }}")
    found = ask(version, DAY + entry, exit_)
    assert found.amount == expected
    assert said(found)[-1] == line
    assert found.lines[-1].amount < 0


def test_several_caps_hold_at_once(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        "steps = [{ price = 10 }]\ncaps = { calendar_day = 70, stay = 150, rolling_week = 100 }",
    )
    found = ask(version, f"{DAY}00:00", "2026-12-05T00:00")
    assert found.amount == 150
    off = {text: line.amount for text, line in zip(said(found), found.lines, strict=True)}
    assert set(off) == {
        "Hours 1–288: 288 × VND 10",
        "Not more than VND 70 per calendar day",
        "Not more than VND 100 in any 7 days",
        "Not more than VND 150 per stay",
    }


def test_a_night_may_be_the_whole_day_from_its_hour(tmp_path: Path) -> None:
    caps = 'caps = { night = { from = "06:00", to = "06:00", amount = 50 } }'
    version = build(tmp_path, f"steps = [{{ price = 10 }}]\n{caps}")
    assert amount(version, f"{DAY}07:00", "2026-11-24T06:00") == 50
    assert amount(version, f"{DAY}07:00", "2026-11-24T07:00") == 60


def test_a_cap_on_a_step_begins_anew_with_the_count(tmp_path: Path) -> None:
    version = build(
        tmp_path, 'restarts = "24h"\nsteps = [{ blocks = 4, price = 10, cap = 25 }, { price = 0 }]'
    )
    assert amount(version, f"{DAY}08:00", f"{DAY}20:00") == 25
    assert amount(version, f"{DAY}08:00", "2026-11-24T20:00") == 50


def test_a_cap_of_nothing_makes_parking_free(tmp_path: Path) -> None:
    version = build(tmp_path, "turn = 5\ncaps = { stay = 0 }")
    found = ask(version, f"{DAY}08:00", f"{DAY}20:00")
    assert [line.amount for line in found.lines] == [5, -5]
