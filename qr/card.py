"""The numbered card in a driver's hand, and the sheets it is cut from.

A card has the size of a bank card (ID-1 of ISO/IEC 7810, 85.6 × 54 mm), so that pouches and wallets
fit; ten make an A4 page. The code is 44 mm wide with its quiet zone: a phone reads a code from about
ten times its width, which is a card held out at arm's length. Nothing printed comes nearer than 3 mm
to a cut, so a crooked one takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qr.canvas import Box, Code, Shape, paragraph
from qr.image import QUIET, matrix
from qr.pdf import draw_pdf
from qr.sign import BLUE, GREY, INK, PALE, WHITE

CARD_WIDTH, CARD_HEIGHT = 85.6, 54.0
PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
COLUMNS, ROWS = 2, 5
PER_PAGE = COLUMNS * ROWS

_LEFT = (PAGE_WIDTH - COLUMNS * CARD_WIDTH) / 2
_TOP = (PAGE_HEIGHT - ROWS * CARD_HEIGHT) / 2
_MARK, _GAP, _HAIR = 5.0, 2.0, 0.1
_EDGE, _CODE = 3.0, 44.0


@dataclass(frozen=True, slots=True)
class Card:
    """The ready texts of one card. Long ones get smaller letters."""

    link: str
    heading: str
    #: such as "0042"
    number: str
    #: the lot's printed number, with its label
    lot: str
    lot_name: str
    #: before the domain, such as "Chỉ mở tại · Opens only at"
    address_label: str
    address: str
    give_back: str


def sheets_pdf(cards: Sequence[Card], title: str, author: str) -> bytes:
    """A4 pages of ten cards with cut marks; each page says below which cards it holds.

    Raises `UnprintableText` or `UnfitPayload`, both `ValueError`.
    """
    pages = [cards[i : i + PER_PAGE] for i in range(0, len(cards), PER_PAGE)]
    drawn = (_page(page, f"{title} · {i}/{len(pages)}") for i, page in enumerate(pages, 1))
    return draw_pdf(drawn, PAGE_WIDTH, PAGE_HEIGHT, title, author)


def _page(cards: Sequence[Card], foot: str) -> list[Shape]:
    below = Box(_LEFT + _GAP, PAGE_HEIGHT - _TOP + _GAP, CARD_WIDTH - 2 * _GAP, 4, WHITE)
    shapes: list[Shape] = [*_cut_marks(), *paragraph(foot, below, 2.6, GREY)]
    for place, card in enumerate(cards):
        row, column = divmod(place, COLUMNS)
        x, y = _LEFT + column * CARD_WIDTH, _TOP + row * CARD_HEIGHT
        shapes += [replace(shape, x=shape.x + x, y=shape.y + y) for shape in _card(card)]
    return shapes


def _cut_marks() -> Iterator[Box]:
    """A hairline at both ends of every cut, clear of the cards."""
    for column in range(COLUMNS + 1):
        x = _LEFT + column * CARD_WIDTH - _HAIR / 2
        for y in (_TOP - _GAP - _MARK, PAGE_HEIGHT - _TOP + _GAP):
            yield Box(x, y, _HAIR, _MARK, INK)
    for row in range(ROWS + 1):
        y = _TOP + row * CARD_HEIGHT - _HAIR / 2
        for x in (_LEFT - _GAP - _MARK, PAGE_WIDTH - _LEFT + _GAP):
            yield Box(x, y, _MARK, _HAIR, INK)


def _card(card: Card) -> list[Shape]:
    return [*_code(card), *_names(card), *_address(card), *_give_back(card)]


def _code(card: Card) -> list[Shape]:
    """Level Q, as on the sign: cards get dirty and scratched too."""
    modules = matrix(card.link, correction="Q")
    size = _CODE * len(modules) / (len(modules) + 2 * QUIET)
    middle = _EDGE + _CODE / 2
    return [Code(middle, middle - 0.5, size, modules, "#000000")]


def _names(card: Card) -> list[Shape]:
    band = _beside_code(3, 6, BLUE, 2)
    return [
        band,
        *paragraph(card.heading, _inside(band), 2.9, WHITE, "bold"),
        *paragraph(card.number, _beside_code(9.5, 15), 15, INK, "bold"),
        *paragraph(card.lot, _beside_code(24.5, 5.5), 4.4, BLUE, "bold"),
        *paragraph(card.lot_name, _beside_code(30, 7), 2.9, INK, most=2),
    ]


def _address(card: Card) -> list[Shape]:
    pill = _beside_code(37.5, 8, PALE, 2)
    upper, lower = replace(pill, height=3.4), replace(pill, y=pill.y + 3, height=4.6)
    return [
        pill,
        *paragraph(card.address_label, _inside(upper), 1.9, GREY),
        *paragraph(card.address, _inside(lower), 3.4, BLUE, "bold"),
    ]


def _give_back(card: Card) -> list[Shape]:
    pill = Box(_EDGE, 46.4, CARD_WIDTH - 2 * _EDGE, 4.6, BLUE, 2)
    return [pill, *paragraph(card.give_back, _inside(pill), 3, WHITE, "bold")]


def _beside_code(y: float, height: float, fill: str = WHITE, radius: float = 0) -> Box:
    left = _EDGE + _CODE + 1
    return Box(left, y, CARD_WIDTH - _EDGE - left, height, fill, radius)


def _inside(box: Box) -> Box:
    """Where text stands in a box with round corners."""
    return replace(box, x=box.x + 1.5, width=box.width - 3)
