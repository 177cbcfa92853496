"""The picture of one payment that a driver saves and opens in the bank application.

Made for a telephone, 2 : 3 upright. All texts come ready to read, in the reader's language. What the
bank application will ask to confirm (amount, payee, account, code) stands beside the code, so that a
swapped picture contradicts itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qr.canvas import Box, Code, Shape, Words, draw_png, paragraph
from qr.image import QUIET, matrix
from qr.sign import AMBER, BLUE, BROWN, GREY, INK, PALE, SKY, WHITE

#: In tenths of the width of a telephone's screen: 1080 × 1620 pixels at 10 to the unit.
WIDTH, HEIGHT = 108.0, 162.0
DOTS_PER_INCH = 254
#: A value that would get smaller than this on one line stands on two.
SMALLEST = 2.4

#: (label, value)
Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TransferPicture:
    """The ready texts. A text or a value may be empty; long ones get smaller letters."""

    payload: str
    #: what the picture is, such as "Chuyển khoản phí gửi xe"
    heading: str
    #: how to use it, such as "Mở ứng dụng ngân hàng, chọn quét mã từ ảnh"
    call: str
    #: such as "5.000 ₫"
    amount: str
    #: payee, bank, account and payment code, each with its label, as the bank will show them
    transfer: Sequence[Row]
    #: what is paid for, such as lot and plate, each with its label
    purpose: Sequence[Row]
    #: such as "Có hiệu lực đến 14:35, 26/11/2026"
    valid_until: str


def transfer_png(picture: TransferPicture) -> bytes:
    """1080 × 1620 pixels. Raises `UnprintableText` or `UnfitPayload`, both `ValueError`."""
    return draw_png(_shapes(picture), WIDTH, HEIGHT, DOTS_PER_INCH)


def _shapes(picture: TransferPicture) -> list[Shape]:
    return [*_head(picture), *_code(picture), *_table(picture), *_foot(picture)]


def _head(picture: TransferPicture) -> list[Shape]:
    return [
        Box(0, 0, WIDTH, HEIGHT, PALE),
        Box(0, 0, WIDTH, 13, BLUE),
        *paragraph(picture.heading, Box(6, 0, 96, 13, BLUE), 5, WHITE, "bold"),
        *paragraph(picture.amount, Box(6, 15.5, 96, 15, PALE), 13.5, INK, "bold"),
        *paragraph(picture.call, Box(8, 32.5, 92, 6, PALE), 3.7, GREY),
    ]


def _code(picture: TransferPicture) -> list[Shape]:
    """Level M: a screen is clean, and larger modules are read sooner. White is the quiet zone."""
    modules = matrix(picture.payload, correction="M")
    card, top = 69.0, 40.0
    size = card * len(modules) / (len(modules) + 2 * QUIET)
    return [
        Box((WIDTH - card) / 2, top, card, card, WHITE, 3),
        Code(WIDTH / 2, top + card / 2, size, modules, "#000000"),
    ]


def _table(picture: TransferPicture) -> list[Shape]:
    """What the bank shows to confirm, a line, what is paid for."""
    card = Box(6, 112, 96, 38, WHITE, 3)
    rows = [*picture.transfer, *picture.purpose]
    height = (card.height - 3) / max(len(rows), 1)
    shapes: list[Shape] = [card]
    for place, row in enumerate(rows):
        top = card.y + 1.5 + place * height
        if place:
            bold = place == len(picture.transfer)
            shapes.append(Box(10, top, 88, 0.4 if bold else 0.2, SKY))
        shapes += _row(row, Box(10, top, 88, height, WHITE))
    return shapes


def _row(row: Row, box: Box) -> Iterator[Words]:
    """The label on the left in a third of the width, the value on the right in the rest."""
    label, value = row
    for words in paragraph(label, replace(box, width=box.width * 0.34), 3.5, GREY):
        yield replace(words, x=box.x + words.width / 2)
    room = replace(box, width=box.width * 0.64)
    rows = paragraph(value, room, 4, INK, "bold")
    if rows and rows[0].size < SMALLEST:
        rows = paragraph(value, room, SMALLEST, INK, "bold", most=2)
    for words in rows:
        yield replace(words, x=box.x + box.width - words.width / 2)


def _foot(picture: TransferPicture) -> list[Shape]:
    if not picture.valid_until:
        return []
    pill = Box(6, 152.5, 96, 7, AMBER, 3)
    return [pill, *paragraph(picture.valid_until, pill, 3.7, BROWN, "bold")]
