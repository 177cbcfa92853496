"""Sheets of cards: every code on every page scans, Vietnamese is whole, the same cards the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from qr.card import PER_PAGE, Card, sheets_pdf
from qr.lettering import UnprintableText

LINK = "https://parking.example.vn/c/HK-012/{}/k1.B7BWS6B35MK4VV3MU2QE8NJVHZ"
CARD = Card(
    link=LINK.format(1),
    heading="Thẻ gửi xe · Parking card",
    number="0001",
    lot="Bãi xe HK-012",
    lot_name="Bãi xe Lý Thường Kiệt, đoạn từ Phan Bội Châu đến Quán Sứ",
    address_label="Chỉ mở tại · Opens only at",
    address="parking.example.vn",
    give_back="Trả lại thẻ khi lấy xe · Return this card when you leave",
)
#: Dots per inch at which a page is looked at.
COARSE = 100


def cards(count: int) -> list[Card]:
    return [replace(CARD, link=LINK.format(n), number=f"{n:04d}") for n in range(1, count + 1)]


def sheets(count: int) -> bytes:
    return sheets_pdf(cards(count), "HK-012", "Công ty Bãi xe")


def pages(pdf: bytes) -> list[tuple[Image.Image, str, list[int]]]:
    """Each page as a picture, as text and its size in millimetres."""
    seen = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in (document[place] for place in range(len(document))):
            picture = page.render(scale=COARSE / 72).to_pil()
            size = [round(side / 72 * 25.4) for side in page.get_size()]
            seen.append((picture, page.get_textpage().get_text_bounded(), size))
    return seen


def test_every_code_of_every_page_scans() -> None:
    found = [
        code.text
        for picture, _, _ in pages(sheets(PER_PAGE + 3))
        for code in zxingcpp.read_barcodes(picture)
    ]
    assert sorted(found) == sorted(card.link for card in cards(PER_PAGE + 3))


def test_a_page_is_a4_and_says_what_it_holds() -> None:
    (_, first, size), (_, second, _) = pages(sheets(PER_PAGE + 1))
    assert size == [210, 297]
    assert "HK-012 · 1/2" in first
    assert "HK-012 · 2/2" in second
    assert [f"{n:04d}" in first for n in (1, PER_PAGE, PER_PAGE + 1)] == [True, True, False]


def test_vietnamese_is_text_and_its_letters_are_in_the_file() -> None:
    pdf = sheets(1)
    _, text, _ = pages(pdf)[0]
    for words in (CARD.heading, CARD.lot, CARD.address_label, CARD.give_back):
        assert words in text
    assert "Phan Bội Châu" in " ".join(text.split())
    assert pdf.count(b"/FontFile2") == 2
    assert b"Helvetica" not in pdf


def test_codes_are_areas_and_not_pixels() -> None:
    assert re.search(rb"/Subtype\s*/Image", sheets(2)) is None


def test_the_same_cards_give_the_same_bytes() -> None:
    assert sheets(3) == sheets(3)
    assert sheets(3) != sheets(4)


def test_the_edge_of_a_card_stays_white_so_that_a_crooked_cut_takes_nothing() -> None:
    picture = pages(sheets(PER_PAGE))[0][0].convert("L")
    dots = COARSE / 25.4
    left, top = (210 - 2 * 85.6) / 2, (297 - 5 * 54) / 2
    for row in range(6):
        y = top + row * 54
        edges = (left * dots, (y - 1.5) * dots, (left + 171.2) * dots, (y + 1.5) * dots)
        strip = picture.crop(edges)
        assert strip.getextrema() == (255, 255)


def test_a_text_without_letters_is_refused() -> None:
    with pytest.raises(UnprintableText, match="no letter"):
        sheets_pdf([replace(CARD, lot_name="🚲")], "x", "y")
