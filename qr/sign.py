"""The printed sign of a parking lot, A5 upright: what a driver scans, and why to trust it.

All texts come ready to print, in whatever languages the city speaks. Beside the code stand the lot's
number, the operator's legal name and the domain in words, so that a sticker pasted over the code
contradicts the sign around it.
"""

from __future__ import annotations

from dataclasses import dataclass

from qr.canvas import Box, Code, Shape, draw_png, draw_svg, paragraph
from qr.image import QUIET, matrix

WIDTH, HEIGHT = 148, 210

BLUE = "#0b4a9e"
PALE = "#e8f0fb"
SKY = "#c9dcf6"
INK = "#10233d"
GREY = "#4d5d73"
AMBER = "#fff3d1"
BROWN = "#5c3d00"
WHITE = "#ffffff"


@dataclass(frozen=True, slots=True)
class Sign:
    """The ready texts of one sign. A text may be empty; long ones get smaller letters."""

    link: str
    #: above the number, such as "BÃI XE SỐ · PARKING LOT"
    heading: str
    number: str
    name: str
    #: the operator's legal name, with its label
    owner: str
    call: str
    call_second: str
    #: before the domain, such as "Chỉ trả tiền tại · Pay only at"
    address_label: str
    #: the domain in words, such as "parking.example.vn"
    address: str
    warning: str
    warning_second: str
    #: sign version and serial number
    serial: str


def sign_png(sign: Sign) -> bytes:
    """The sign at 300 dpi. Raises `UnprintableText` or `UnfitPayload`, both `ValueError`."""
    return draw_png(_shapes(sign), WIDTH, HEIGHT)


def sign_svg(sign: Sign) -> str:
    """The sign as SVG, for the printer's shop at any size. Raises like `sign_png`."""
    return draw_svg(_shapes(sign), WIDTH, HEIGHT, f"{sign.heading} {sign.number}, {sign.name}")


def _shapes(sign: Sign) -> list[Shape]:
    return [*_head(sign), *_names(sign), *_code(sign), *_call(sign), *_address(sign), *_foot(sign)]


def _head(sign: Sign) -> list[Shape]:
    """The blue of a parking sign, its letter, and the lot's number to type by hand."""
    plate = Box(12, 8, 26, 26, WHITE, 4)
    return [
        Box(0, 0, WIDTH, 42, BLUE),
        plate,
        *paragraph("P", plate, 24, BLUE, "bold"),
        *paragraph(sign.heading, Box(44, 5.5, 94, 8, BLUE), 4.6, SKY, "bold"),
        *paragraph(sign.number, Box(44, 13, 94, 24, BLUE), 24, WHITE, "bold"),
    ]


def _names(sign: Sign) -> list[Shape]:
    return [
        *paragraph(sign.name, Box(10, 44.5, 128, 14, WHITE), 7.6, INK, "bold", 2),
        *paragraph(sign.owner, Box(10, 58, 128, 6, WHITE), 3.9, GREY, most=2),
    ]


def _code(sign: Sign) -> list[Shape]:
    """Level Q: a quarter of the code may be scratched or dirty. The frame never enters the quiet zone."""
    modules = matrix(sign.link, correction="Q")
    frame, line = 84.0, 1.2
    left, top = (WIDTH - frame) / 2, 66.5
    inner = frame - 2 * line
    size = inner * len(modules) / (len(modules) + 2 * QUIET)
    return [
        Box(left, top, frame, frame, BLUE, 5),
        Box(left + line, top + line, inner, inner, WHITE, 4),
        Code(WIDTH / 2, top + frame / 2, size, modules, "#000000"),
    ]


def _call(sign: Sign) -> list[Shape]:
    return [
        *paragraph(sign.call, Box(8, 153, 132, 9, WHITE), 7.4, INK, "bold"),
        *paragraph(sign.call_second, Box(8, 162, 132, 6, WHITE), 4.6, GREY),
    ]


def _address(sign: Sign) -> list[Shape]:
    pill = Box(14, 171.5, 120, 14.5, PALE, 4)
    return [
        pill,
        *paragraph(sign.address_label, Box(18, 172.3, 112, 5, PALE), 3.2, GREY),
        *paragraph(sign.address, Box(18, 177, 112, 8, PALE), 6.8, BLUE, "bold"),
    ]


def _foot(sign: Sign) -> list[Shape]:
    box = Box(8, 188.5, 132, 15, AMBER, 3)
    return [
        box,
        *paragraph(sign.warning, Box(12, 189, 124, 9, AMBER), 3.3, BROWN, "bold", 2),
        *paragraph(sign.warning_second, Box(12, 198, 124, 4.5, AMBER), 2.9, BROWN),
        *paragraph(sign.serial, Box(8, 204.2, 132, 4, WHITE), 2.6, GREY),
    ]
