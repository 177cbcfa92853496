"""What a Vietnamese licence plate can look like.

Sources: Circular 79/2024/TT-BCA with its 2025 amendments (province codes by 51/2025), QCVN 08:2024/BCA,
Circular 169/2021/TT-BQP for the army. The letter sets come from secondary reading of those texts.
Series before the 2025 merger of provinces and four-digit plates stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PlateKind = Literal[
    "car",
    "motorbike",
    "electric_motorbike",
    "special",
    "diplomatic",
    "army",
    "temporary",
    "unknown",
]

#: I, J, O, Q and W never stand on a civil plate; G and R differ between first and second place.
FIRST_LETTERS = "ABCDEFGHKLMNPSTUVXYZ"
SECOND_LETTERS = "ABCDEFHKLMNPRSTUVXYZ"
#: CD machinery, R and RM trailers, MK tractors, HC limited range, KT army enterprise, LD and DA foreign
#: money, TĐ pilot assembly. T, temporary, has a row of its own.
SPECIAL_SERIES = ("CD", "RM", "MK", "HC", "KT", "LD", "DA", "TD", "R")
DIPLOMATIC_SERIES = ("NG", "QT", "CV", "NN")

PROVINCES: dict[str, str] = {
    code: name
    for name, codes in {
        "Hà Nội": "29 30 31 32 33 40",
        "TP. Hồ Chí Minh": "41 50 51 52 53 54 55 56 57 58 59 61 72",
        "Huế": "75",
        "Lai Châu": "25",
        "Điện Biên": "27",
        "Sơn La": "26",
        "Lạng Sơn": "12",
        "Quảng Ninh": "14",
        "Thanh Hóa": "36",
        "Nghệ An": "37",
        "Hà Tĩnh": "38",
        "Cao Bằng": "11",
        "Tuyên Quang": "22 23",
        "Lào Cai": "21 24",
        "Thái Nguyên": "20 97",
        "Phú Thọ": "19 28 88",
        "Bắc Ninh": "98 99",
        "Hưng Yên": "17 89",
        "Hải Phòng": "15 16 34",
        "Ninh Bình": "18 35 90",
        "Quảng Trị": "73 74",
        "Đà Nẵng": "43 92",
        "Quảng Ngãi": "76 82",
        "Gia Lai": "77 81",
        "Khánh Hòa": "79 85",
        "Lâm Đồng": "48 49 86",
        "Đắk Lắk": "47 78",
        "Đồng Nai": "39 60 93",
        "Tây Ninh": "62 70",
        "Cần Thơ": "65 83 95",
        "Vĩnh Long": "64 71 84",
        "Đồng Tháp": "63 66",
        "Cà Mau": "69 94",
        "An Giang": "67 68",
        "Cục Cảnh sát giao thông": "80",
    }.items()
    for code in codes.split()
}


@dataclass(frozen=True, slots=True)
class PlateFormat:
    """One layout: how to recognise it without separators, and how to write it with them.

    `vehicle` is the class such a plate belongs to, or None where the layout does not tell.
    `number_at` is where the running number starts; a separator typed there speaks for this layout.
    """

    kind: PlateKind
    pattern: re.Pattern[str]
    write: Callable[[re.Match[str]], str]
    vehicle: str | None = None
    number_at: int | None = None


def dotted(number: str) -> str:
    """The running number as it is embossed: ``123.45``; four digits stand together."""
    return f"{number[:3]}.{number[3:]}" if len(number) == 5 else number


def _diplomatic(match: re.Match[str]) -> str:
    return f"{match['pp']}-{match['country']}-{match['series']}-{match['number']}"


def _electric(match: re.Match[str]) -> str:
    return f"{match['pp']}-MĐ{match['digit'] or ''} {dotted(match['number'])}"


def _series(match: re.Match[str]) -> str:
    series = match["series"].replace("TD", "TĐ")
    return f"{match['pp']}{series}-{dotted(match['number'])}"


def _motorbike(match: re.Match[str]) -> str:
    return f"{match['pp']}-{match['series']} {dotted(match['number'])}"


def _temporary(match: re.Match[str]) -> str:
    return f"T{match['pp']}-{dotted(match['number'])}"


def _army(match: re.Match[str]) -> str:
    number = match["number"]
    half = len(number) // 2 if len(number) > 3 else len(number)
    parts = (match["unit"], number[:half], number[half:], match["trailer"] or "")
    return "-".join(part for part in parts if part)


_PP = "(?P<pp>" + "|".join(sorted(PROVINCES)) + ")"
_N = "(?P<number>[0-9]{4,5})"
_DIPLOMATIC = "(?P<series>" + "|".join(DIPLOMATIC_SERIES) + ")"
_SPECIAL = "(?P<series>" + "|".join(SPECIAL_SERIES) + ")"
#: T is the temporary series and never a car's own.
_CAR_LETTERS = FIRST_LETTERS.replace("T", "")


def _format(
    kind: PlateKind,
    pattern: str,
    write: Callable[[re.Match[str]], str],
    vehicle: str | None = None,
    number_at: int | None = None,
) -> PlateFormat:
    return PlateFormat(kind, re.compile(pattern), write, vehicle, number_at)


_PAIR = f"(?P<series>[{FIRST_LETTERS}][{SECOND_LETTERS}])"
_LETTER_DIGIT = f"(?P<series>[{FIRST_LETTERS}][1-9])"
_FOREIGN = rf"{_PP}(?P<country>[0-9]{{3}}){_DIPLOMATIC}(?P<number>[0-9]{{2,3}})"
_FOREIGN_SERIES_FIRST = rf"{_PP}{_DIPLOMATIC}(?P<country>[0-9]{{3}})(?P<number>[0-9]{{2}})"
#: The layout of temporary plates is unverified: other lengths are taken as they come.
_ODD = "(?P<number>[0-9]{3}|[0-9]{6,7})"
_ARMY = r"(?P<unit>[A-Z]{2}[SLX]?)(?P<number>[0-9]{3,6})(?P<trailer>RM|BM)?"

#: In the order in which they are tried: the rarer layout first, because it is the narrower one.
FORMATS = (
    _format("diplomatic", _FOREIGN, _diplomatic),
    _format("diplomatic", _FOREIGN_SERIES_FIRST, _diplomatic, None, 4),
    _format("electric_motorbike", f"{_PP}MD(?P<digit>){_N}", _electric, "motorbike", 4),
    _format("electric_motorbike", f"{_PP}MD(?P<digit>[1-9]){_N}", _electric, "motorbike", 5),
    _format("special", f"{_PP}{_SPECIAL}{_N}", _series, None, 4),
    _format("temporary", f"{_PP}(?P<series>T){_N}", _series, "car", 3),
    _format("motorbike", f"{_PP}{_PAIR}{_N}", _motorbike, "motorbike", 4),
    _format("motorbike", f"{_PP}{_LETTER_DIGIT}{_N}", _motorbike, "motorbike", 4),
    _format("car", f"{_PP}(?P<series>[{_CAR_LETTERS}]){_N}", _series, "car", 3),
    _format("temporary", f"{_PP}(?P<series>T){_ODD}", _series),
    _format("temporary", f"T{_PP}(?P<number>[0-9]{{3,7}})", _temporary),
    _format("army", _ARMY, _army),
)
