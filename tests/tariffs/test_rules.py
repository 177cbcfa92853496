"""What a city may write: steps, brackets, turns, bands, free minutes, minimum, day types, currencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tariffs.building import amount, ask, build, said

DAY = "2026-11-23T"  # a Monday


@pytest.mark.parametrize(
    ("rounding", "minutes", "expected"),
    [
        ("up", 0, 0), ("up", 1, 4), ("up", 30, 4), ("up", 31, 8),
        ("down", 29, 0), ("down", 30, 4), ("down", 59, 4), ("down", 60, 8),
        ("nearest", 14, 0), ("nearest", 15, 4), ("nearest", 44, 4), ("nearest", 45, 8),
    ],
)  # fmt: skip
def test_a_block_counts_when_started_full_or_half_over(
    tmp_path: Path, rounding: str, minutes: int, expected: int
) -> None:
    version = build(
        tmp_path, f'block_minutes = 30\nrounding = "{rounding}"\nsteps = [{{price = 4}}]'
    )
    assert (
        amount(version, f"{DAY}08:00", f"{DAY}08:{minutes:02}" if minutes < 60 else f"{DAY}09:00")
        == expected
    )


def test_a_first_block_may_be_longer_and_dearer(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        "steps = [{blocks = 1, minutes = 120, price = 60}, {minutes = 30, price = 10, cap = 25}]",
    )
    assert amount(version, f"{DAY}08:00", f"{DAY}08:01") == 60
    assert amount(version, f"{DAY}08:00", f"{DAY}10:00") == 60
    found = ask(version, f"{DAY}08:00", f"{DAY}12:00")
    assert found.amount == 85
    assert said(found) == [
        "Blocks of 2 hours: 1 × VND 60",
        "Blocks of 30 minutes: 4 × VND 10",
        "Not more than VND 25 at this rate",
    ]


def test_brackets_price_the_whole_stay(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        "brackets = [{up_to_minutes = 60, price = 10}, {up_to_minutes = 240, price = 30}, {price = 50}]",
    )
    assert amount(version, f"{DAY}08:00", f"{DAY}09:00") == 10
    assert amount(version, f"{DAY}08:00", f"{DAY}09:01") == 30
    assert amount(version, f"{DAY}08:00", f"{DAY}12:00") == 30
    long = ask(version, f"{DAY}08:00", "2026-11-29T08:00")
    assert long.amount == 50
    assert said(long) == [
        "Stay up to 1 hour: 1 × VND 10",
        "Stay beyond 1 hour: 1 × VND 20",
        "Stay beyond 4 hours: 1 × VND 20",
    ]


def test_a_single_bracket_is_one_price_for_any_stay(tmp_path: Path) -> None:
    version = build(tmp_path, "brackets = [{price = 7}]")
    found = ask(version, f"{DAY}08:00", "2026-12-23T08:00")
    assert (found.amount, said(found)) == (7, ["Turn: 1 × VND 7"])


@pytest.mark.parametrize(
    ("restarts", "expected"),
    [("never", 10 + 47 * 1), ("24h", 2 * 33), ("calendar_day", 25 + 33 + 17)],
)
def test_the_ladder_may_begin_anew(tmp_path: Path, restarts: str, expected: int) -> None:
    version = build(
        tmp_path, f'restarts = "{restarts}"\nsteps = [{{blocks = 1, price = 10}}, {{price = 1}}]'
    )
    assert amount(version, f"{DAY}08:00", "2026-11-25T08:00") == expected


@pytest.mark.parametrize(
    ("restarts", "expected"), [("never", 7), ("24h", 14), ("calendar_day", 21)]
)
def test_a_turn_is_paid_again_as_the_tariff_says(
    tmp_path: Path, restarts: str, expected: int
) -> None:
    version = build(tmp_path, f'restarts = "{restarts}"\nturn = 7')
    assert amount(version, f"{DAY}08:00", "2026-11-25T08:00") == expected


def test_free_minutes_are_a_threshold_or_a_gift(tmp_path: Path) -> None:
    threshold = build(tmp_path, "free_minutes = 15\nsteps = [{price = 5}]")
    free = ask(threshold, f"{DAY}08:00", f"{DAY}08:15")
    assert (free.amount, said(free)) == (0, ["The first 15 minutes are free"])
    assert amount(threshold, f"{DAY}08:00", f"{DAY}08:16") == 5
    assert amount(threshold, f"{DAY}08:00", f"{DAY}09:01") == 10
    gift = build(tmp_path, 'free_minutes = 15\nfree_rule = "deducted"\nsteps = [{price = 5}]')
    assert amount(gift, f"{DAY}08:00", f"{DAY}08:15") == 0
    assert amount(gift, f"{DAY}08:00", f"{DAY}09:15") == 5
    assert said(ask(gift, f"{DAY}08:00", f"{DAY}09:16")) == [
        "The first 15 minutes are free",
        "Hours 1–2: 2 × VND 5",
    ]


def test_the_minimum_is_owed_by_every_stay_that_is_not_free(tmp_path: Path) -> None:
    version = build(
        tmp_path, 'free_minutes = 5\nminimum = 8\nrounding = "down"\nsteps = [{price = 5}]'
    )
    assert amount(version, f"{DAY}08:00", f"{DAY}08:05") == 0
    found = ask(version, f"{DAY}08:00", f"{DAY}09:30")
    assert (found.amount, said(found)) == (8, ["Hour 1: 1 × VND 5", "Minimum charge VND 8"])
    assert amount(version, f"{DAY}08:00", f"{DAY}08:06") == 8
    assert amount(version, f"{DAY}08:00", f"{DAY}10:00") == 10


OFFICE = """
bands = [
  { name = "office hours", from = "08:00", to = "18:00", steps = [{ blocks = 2, price = 10 }, { price = 20 }] },
  { name = "night", from = "18:00", to = "08:00", %(night)s },
]
"""


def test_the_clock_stands_still_while_parking_is_free(tmp_path: Path) -> None:
    version = build(tmp_path, OFFICE % {"night": "free = true"} + 'crossing = "block"\nminimum = 3')
    assert amount(version, f"{DAY}17:30", f"{DAY}23:00") == 10
    assert amount(version, f"{DAY}17:30", "2026-11-24T08:30") == 10
    assert amount(version, f"{DAY}17:30", "2026-11-24T08:31") == 20
    assert amount(version, f"{DAY}17:30", "2026-11-24T09:31") == 40
    nothing = ask(version, f"{DAY}19:00", f"{DAY}23:00")
    assert (nothing.amount, nothing.lines, nothing.status) == (0, (), "signed")


def test_a_closed_band_charges_nothing(tmp_path: Path) -> None:
    version = build(tmp_path, OFFICE % {"night": "closed = true"} + 'crossing = "split"')
    assert amount(version, f"{DAY}17:30", "2026-11-24T08:31") == 20


@pytest.mark.parametrize(
    ("crossing", "expected"),
    # 17:00 to 20:30: hour 1 by day, hours 2 to 4 by night
    [("block", 10 + 3 * 1), ("entry", 10 + 10 + 20 + 20), ("split", 10 + 3 * 1)],
)
def test_hours_that_cross_a_border_follow_the_tariff(
    tmp_path: Path, crossing: str, expected: int
) -> None:
    version = build(
        tmp_path, OFFICE % {"night": "steps = [{ price = 1 }]"} + f'crossing = "{crossing}"'
    )
    assert amount(version, f"{DAY}17:00", f"{DAY}20:30") == expected


def test_a_split_cuts_the_running_block_at_the_border(tmp_path: Path) -> None:
    night = {"night": "steps = [{ price = 1 }]"}
    split = build(tmp_path, OFFICE % night + 'crossing = "split"')
    assert amount(split, f"{DAY}17:30", f"{DAY}18:15") == 11
    block = build(tmp_path, OFFICE % night + 'crossing = "block"')
    assert amount(block, f"{DAY}17:30", f"{DAY}18:15") == 10


def test_hours_by_day_and_a_flat_night_as_in_ho_chi_minh_city(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        OFFICE % {"night": "turn = 150"} + 'crossing = "split"\nstraddle_minutes = 20',
    )
    assert amount(version, f"{DAY}17:30", f"{DAY}18:20") == 10
    found = ask(version, f"{DAY}17:30", "2026-11-24T09:00")
    assert found.amount == 10 + 150 + 10
    assert said(found) == ["Hour 1, office hours: 2 × VND 10", "Turn night: 1 × VND 150"]


TURNS = """
bands = [
  { name = "day", from = "06:00", to = "18:00", turn = 5 },
  { name = "night", from = "18:00", to = "06:00", turn = 8 },
]
"""


@pytest.mark.parametrize(
    ("crossing", "overnight", "evening"),
    # 17:30 to 07:00 the next day, and 17:30 to 18:01
    [
        ('"entry"', 5, 5),
        ('"entry"\nstraddle_minutes = 30', 13, 5),
        ('"both"', 13, 13),
        ('"dearest"', 8, 8),
        ('"dearest"\nstraddle_minutes = 30', 8, 5),
        ('"combined"\ncombined_price = 9', 9, 9),
        ('"combined"\ncombined_price = 9\nstraddle_minutes = 30', 9, 5),
        ('"split"', 18, 13),
        ('"split"\nstraddle_minutes = 60', 13, 5),
    ],
)
def test_turns_that_cross_a_border_follow_the_tariff(
    tmp_path: Path, crossing: str, overnight: int, evening: int
) -> None:
    version = build(tmp_path, TURNS + f'restarts = "24h"\ncrossing = {crossing}')
    assert amount(version, f"{DAY}17:30", "2026-11-24T07:00") == overnight
    assert amount(version, f"{DAY}17:30", f"{DAY}18:01") == evening


def test_a_dearer_band_later_is_a_surcharge_in_the_explanation(tmp_path: Path) -> None:
    version = build(tmp_path, TURNS + 'crossing = "dearest"')
    assert said(ask(version, f"{DAY}17:30", f"{DAY}19:00")) == [
        "Turn day: 1 × VND 5",
        "Surcharge for staying on night: 1 × VND 3",
    ]
    assert said(ask(version, f"{DAY}05:30", f"{DAY}19:00")) == ["Turn night: 1 × VND 8"]


def test_the_band_of_entry_alone_is_renewed_with_the_turn(tmp_path: Path) -> None:
    version = build(tmp_path, TURNS + 'restarts = "24h"\ncrossing = "entry"')
    assert amount(version, f"{DAY}17:30", "2026-11-24T17:30") == 5
    assert amount(version, f"{DAY}17:30", "2026-11-24T17:31") == 10


def test_weekends_and_tet_have_prices_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "days.toml").write_text(
        """
[[holiday]]
date = 2026-02-17
name = "Tết"
kind = "tet"
source = "law"
status = "notice"
[[holiday]]
date = 2026-04-30
name = "30/4"
source = "law"
status = "notice"
""",
        encoding="utf-8",
    )
    version = build(
        tmp_path,
        """
crossing = "block"
bands = [
  { name = "week", from = "00:00", to = "24:00", days = ["weekday"], steps = [{ price = 1 }] },
  { name = "weekend", from = "00:00", to = "24:00", days = ["weekend", "holiday"], steps = [{ price = 2 }] },
  { name = "tet", from = "00:00", to = "24:00", days = ["tet"], steps = [{ price = 9 }] },
]
""",
        top='holidays = "days.toml"',
    )
    assert amount(version, "2026-11-27T23:00", "2026-11-28T01:00") == 1 + 2
    assert amount(version, "2026-11-29T23:00", "2026-11-30T01:00") == 2 + 1
    assert amount(version, "2026-04-30T10:00", "2026-04-30T11:00") == 2
    assert amount(version, "2026-02-16T22:00", "2026-02-18T01:00") == 2 * 1 + 24 * 9 + 1


def test_a_holiday_without_bands_goes_by_the_day_of_the_week(tmp_path: Path) -> None:
    (tmp_path / "days.toml").write_text(
        '[[holiday]]\ndate = 2026-11-28\nname = "x"\nsource = "law"\nstatus = "press"\n'
    )
    bands = """
crossing = "block"
bands = [
  { name = "week", from = "00:00", to = "24:00", days = ["weekday"], steps = [{ price = 1 }] },
  { name = "weekend", from = "00:00", to = "24:00", days = ["weekend"], steps = [{ price = 2 }] },
]
"""
    version = build(tmp_path, bands, top='holidays = "days.toml"')
    assert amount(version, "2026-11-28T10:00", "2026-11-28T11:00") == 2


def test_a_night_paid_on_friday_is_not_paid_again_when_the_weekend_begins(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        """
crossing = "split"
bands = [
  { name = "day", from = "06:00", to = "18:00", free = true },
  { name = "night", from = "18:00", to = "06:00", days = ["weekday"], turn = 8 },
  { name = "night", from = "18:00", to = "06:00", days = ["weekend"], turn = 12 },
]
""",
    )
    assert amount(version, "2026-11-27T20:00", "2026-11-28T05:00") == 8
    assert amount(version, "2026-11-28T01:00", "2026-11-28T05:00") == 12


def test_a_night_is_straddled_across_the_midnight_that_changes_its_price(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        """
crossing = "entry"
straddle_minutes = 30
bands = [
  { name = "day", from = "06:00", to = "23:50", turn = 5 },
  { name = "night", from = "23:50", to = "06:00", days = ["weekday"], turn = 8 },
  { name = "night", from = "23:50", to = "06:00", days = ["weekend"], turn = 12 },
]
""",
    )
    assert amount(version, "2026-11-27T23:00", "2026-11-28T00:20") == 5
    assert amount(version, "2026-11-27T23:00", "2026-11-28T00:21") == 5 + 8


def test_cents_stay_whole_numbers_in_other_currencies(tmp_path: Path) -> None:
    version = build(
        tmp_path,
        "block_minutes = 30\nsteps = [{ price = 60 }]\ncaps = { calendar_day = 500 }",
        zone="Asia/Singapore",
        currency="SGD",
    )
    found = ask(version, f"{DAY}08:00", f"{DAY}18:00")
    assert (found.amount, found.currency) == (500, "SGD")
    assert said(found) == [
        "Blocks of 30 minutes: 20 × SGD 0.60",
        "Not more than SGD 5.00 per calendar day",
    ]
    assert said(found, "vi")[0] == "Mỗi 30 phút: 20 × 0,60 SGD"
