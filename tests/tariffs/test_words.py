"""Tariffs and prices as people read them."""

# Tables of cases read best with one case per line.
# ruff: noqa: E501

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from parking.tariffs import Line, load_book, words
from tests.tariffs.building import ask, build


def plainly(sentences: list[str]) -> list[str]:
    return [sentence.replace("\u00a0", " ") for sentence in sentences]


def test_hanoi_is_explained_in_vietnamese() -> None:
    book, day = load_book(), date(2026, 11, 23)
    assert plainly(words(book.in_force("hn-dong-da", day), "car")) == [
        "Giờ 1–2: 25.000 ₫/giờ",
        "Giờ 3–4: 35.000 ₫/giờ",
        "Từ giờ thứ 5: 45.000 ₫/giờ",
        "Chưa hết giờ vẫn tính tròn một giờ",
        "Sau khi thanh toán, bạn có 15 phút để lấy xe ra",
        "Mức giá này chưa được thành phố xác nhận",
    ]
    assert plainly(words(book.in_force("hn-inner-two-wheel", day), "motorbike"))[:4] == [
        "Ban ngày (06:00–18:00): 5.000 ₫/lượt",
        "Ban đêm (18:00–06:00): 8.000 ₫/lượt",
        "Tính theo giá lúc vào; gửi sang khung giờ khác quá 30 phút thì cộng thêm giá khung đó, "
        "mỗi lượt một lần",
        "Mỗi 24 giờ tính một lượt mới",
    ]


@pytest.mark.parametrize(
    ("vehicle", "expected"),
    [
        (
            'steps = [{ price = 9 }]\nfree_minutes = 10\nminimum = 3\nlost_card_fee = 50\n'
            'caps = { calendar_day = 90, stay = 300, rolling_week = 200, rolling_24h = 95, '
            'night = { from = "22:00", to = "06:00", amount = 30 } }',
            ["VND 9 per hour", "Each started hour counts in full",
             "Stays of up to 10 minutes are free; longer ones pay from entry", "Minimum charge VND 3",
             "Not more than VND 30 per night (22:00–06:00)", "Not more than VND 90 per calendar day",
             "Not more than VND 95 in any 24 hours", "Not more than VND 200 in any 7 days",
             "Not more than VND 300 per stay", "After paying you have 10 minutes to leave",
             "Lost card: VND 50"],
        ),
        (
            'rounding = "nearest"\nrestarts = "calendar_day"\nfree_minutes = 60\nfree_rule = "deducted"\n'
            "steps = [{ blocks = 1, minutes = 90, price = 9 }, { blocks = 2, minutes = 1, price = 1, cap = 1 }, { price = 2 }]",
            ["first 90 minutes: VND 9", "after 90 minutes: VND 1 per 1 minute (at most VND 1)",
             "after 92 minutes: VND 2 per 1 hour", "Half a block or more counts as a full one",
             "Counting begins anew at midnight", "The first 1 hour are free",
             "After paying you have 10 minutes to leave"],
        ),
        (
            "block_minutes = 30\nsteps = [{ price = 9 }]",
            ["VND 9 per 30 minutes", "Each started block counts in full",
             "After paying you have 10 minutes to leave"],
        ),
        (
            "steps = [{ blocks = 1, price = 9 }, { blocks = 1, price = 8 }, { price = 7 }]",
            ["Hour 1: VND 9", "Hour 2: VND 8", "From hour 3: VND 7 per hour",
             "Each started hour counts in full", "After paying you have 10 minutes to leave"],
        ),
        (
            "brackets = [{ up_to_minutes = 120, price = 9 }, { price = 20 }]",
            ["up to 2 hours: VND 9", "more than 2 hours: VND 20",
             "After paying you have 10 minutes to leave"],
        ),
        (
            "brackets = [{ price = 9 }]",
            ["VND 9 per turn", "After paying you have 10 minutes to leave"],
        ),
        (
            'crossing = "combined"\ncombined_price = 9\nstraddle_minutes = 5\nrestarts = "calendar_day"\nbands = ['
            '{ name = "day", from = "06:00", to = "18:00", turn = 5 },'
            '{ name = "night", from = "18:00", to = "06:00", days = ["weekday"], turn = 8 },'
            '{ name = "night", from = "18:00", to = "22:00", days = ["weekend"], free = true },'
            '{ name = "late", from = "22:00", to = "06:00", days = ["weekend"], closed = true }]',
            ["Day (06:00–18:00): VND 5 per turn", "Monday to Friday, Night (18:00–06:00): VND 8 per turn",
             "Saturday and Sunday, Night (18:00–22:00): free of charge",
             "Saturday and Sunday, Late (22:00–06:00): the lot is closed",
             "A stay across several times of day costs VND 9",
             "Up to 5 minutes into another time of day costs nothing more",
             "A turn is paid again after midnight", "After paying you have 10 minutes to leave"],
        ),
        (
            'crossing = "split"\nbands = ['
            '{ name = "day", from = "06:00", to = "18:00", steps = [{ price = 5 }] },'
            '{ name = "night", from = "18:00", to = "06:00", free = true }]',
            ["Day (06:00–18:00): VND 5 per hour", "Night (18:00–06:00): free of charge",
             "Each started hour counts in full", "Counting begins anew when the price changes",
             "After paying you have 10 minutes to leave"],
        ),
        ("free = true", ["free of charge", "After paying you have 10 minutes to leave"]),
    ],
)  # fmt: skip
def test_every_rule_has_its_sentence(tmp_path: Path, vehicle: str, expected: list[str]) -> None:
    assert plainly(words(build(tmp_path, vehicle), "car", "en")) == expected


def test_a_line_kept_as_json_reads_the_same_in_both_languages() -> None:
    version = load_book().in_force("hn-school", date(2026, 11, 23))
    line = ask(version, "2026-11-23T08:00", "2026-11-23T09:00", "bicycle").lines[0]
    kept = json.dumps({"text": line.text, "parts": line.parts, "amount": line.amount})
    again = Line(**json.loads(kept))
    assert plainly([again.say("vi"), again.say("en")]) == [
        "Lượt ban ngày: 1 × 2.000 ₫",
        "Turn by day: 1 × VND 2,000",
    ]


def test_a_name_in_one_language_serves_all(tmp_path: Path) -> None:
    turn = '{ name = { vi = "cả ngày" }, from = "00:00", to = "12:00", turn = 5 }'
    rest = '{ name = "pm", from = "12:00", to = "24:00", turn = 6 }'
    version = build(tmp_path, f'crossing = "entry"\nbands = [{turn}, {rest}]')
    assert words(version, "car", "en")[0].startswith("Cả ngày (00:00–12:00)")
