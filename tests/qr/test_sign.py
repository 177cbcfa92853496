"""A sign must scan when it is small, crooked and dirty, and must look the same everywhere."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from io import BytesIO
from xml.etree import ElementTree

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from qr.canvas import Box, lines, paragraph, text_width
from qr.image import UnfitPayload, matrix, outline
from qr.lettering import UnprintableText
from qr.sign import HEIGHT, WIDTH, Sign, sign_png, sign_svg

LINK = "https://parking.example.vn/l/HK-012/3/k1.7C6NU9E9RC5TEKVJGRCA3FXZXN"
SIGN = Sign(
    link=LINK,
    heading="BÃI XE SỐ · PARKING LOT",
    number="HK-012",
    name="Bãi xe Lý Thường Kiệt",
    owner="Đơn vị khai thác: Công ty TNHH MTV Khai thác điểm đỗ xe Hà Nội",
    call="Quét mã để xem giá và trả tiền",
    call_second="Scan to see the price and pay",
    address_label="Chỉ thanh toán tại · Pay only at",
    address="parking.example.vn",
    warning="Mã này không bao giờ dẫn tới chuyển khoản trực tiếp. Thấy tem dán đè: đừng quét, báo nhân viên.",
    warning_second="This code never leads to a bank transfer.",
    serial="Phiên bản biển 3 · Số biển HK-012-3",
)
PICTURE = Image.open(BytesIO(sign_png(SIGN))).convert("RGB")
SVG = sign_svg(SIGN)


def test_the_sign_is_a5_at_300_dots_per_inch() -> None:
    assert PICTURE.size == (1748, 2480)
    dpi = Image.open(BytesIO(sign_png(SIGN))).info["dpi"]
    assert [round(value) for value in dpi] == [300, 300]


@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("degrees", [0, 10, -10, 45, 90, 180])
def test_the_sign_scans_small_and_crooked(scale: float, degrees: float) -> None:
    size = (round(PICTURE.width * scale), round(PICTURE.height * scale))
    assert read(turned(PICTURE.resize(size, Image.Resampling.LANCZOS), degrees)) == LINK


def test_the_sign_scans_with_a_scratch_across_the_code() -> None:
    dirty = PICTURE.copy()
    ImageDraw.Draw(dirty).line((300, 1500, 1400, 1150), fill="#ffffff", width=50)
    assert read(turned(dirty.resize((437, 620), Image.Resampling.LANCZOS), 10)) == LINK


def test_the_only_code_on_the_sign_is_ours() -> None:
    assert [found.text for found in zxingcpp.read_barcodes(PICTURE)] == [LINK]


def test_the_same_sign_gives_the_same_bytes() -> None:
    assert sign_png(SIGN) == sign_png(replace(SIGN))
    assert sign_svg(SIGN) == sign_svg(replace(SIGN))


def test_the_svg_needs_no_font_no_style_and_no_script() -> None:
    assert not re.search(r"<text|font|style|<script|href|\bon\w+=", SVG)
    assert {e.tag.split("}")[1] for e in ElementTree.fromstring(SVG).iter()} == {
        "svg",
        "rect",
        "path",
    }


def test_the_svg_holds_the_code_and_names_itself() -> None:
    root = ElementTree.fromstring(SVG)
    assert root.attrib["aria-label"] == "BÃI XE SỐ · PARKING LOT HK-012, Bãi xe Lý Thường Kiệt"
    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    paths = [element.attrib["d"] for element in root.iter() if "d" in element.attrib]
    assert outline(matrix(LINK, correction="Q")) in paths


@pytest.mark.parametrize("name", [field.name for field in fields(Sign) if field.name != "link"])
def test_every_text_is_printed_on_both(name: str) -> None:
    silent = replace(SIGN, **{name: ""})
    assert Image.open(BytesIO(sign_png(silent))).convert("RGB").tobytes() != PICTURE.tobytes()
    assert len(sign_svg(silent)) < len(SVG)


def test_accents_typed_apart_print_like_accents_typed_together() -> None:
    apart = replace(
        SIGN, name="Ba\u0303i  xe Ly\u0301 Thu\u031b\u01a1\u0300ng".replace("\u01a1\u0300", "ờ")
    )
    together = replace(SIGN, name="Bãi xe Lý Thường")
    assert sign_png(apart) == sign_png(together)


def test_a_character_the_font_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnprintableText, match=r"no letter for '🚗' \(U\+1F697\)"):
        sign_png(replace(SIGN, name="Bãi 🚗"))
    with pytest.raises(UnprintableText):
        sign_svg(replace(SIGN, name="Bãi 🚗"))


def test_a_sign_without_a_link_is_refused() -> None:
    with pytest.raises(UnfitPayload):
        sign_png(replace(SIGN, link=""))


@settings(deadline=None, max_examples=40)
@given(
    text=st.lists(st.text("aăâbcdđếờụLÝ1", min_size=1, max_size=25), max_size=20).map(" ".join),
    most=st.integers(1, 3),
)
def test_no_text_is_cut_off_or_leaves_its_box(text: str, most: int) -> None:
    box = Box(10, 20, 60, 14, "#fff")
    rows = paragraph(text, box, 6, "#000", "bold", most)
    assert " ".join(row.text for row in rows).split() == text.split()
    assert len(rows) <= most
    assert all(row.width <= box.width for row in rows)
    assert all(row.x == 40 for row in rows)


def test_two_lines_are_about_equally_long() -> None:
    text = "một hai ba bốn năm sáu bảy tám chín mười mười một"
    assert len(lines(text, 4, "regular", 75)) == 2
    rows = paragraph(text, Box(0, 0, 75, 20, "#fff"), 4, "#000", most=2)
    short, long = sorted(row.width for row in rows)
    assert short > 0.7 * long


@pytest.mark.parametrize("text", ["W" * 14 + " " + "W" * 14, "a " + "W" * 30, "W", ""])
def test_words_that_fill_their_lines_are_left_as_they_are(text: str) -> None:
    rows = paragraph(text, Box(0, 0, 60, 14, "#fff"), 6, "#000", "bold", 2)
    assert " ".join(row.text for row in rows) == text
    assert all(row.width <= 60 for row in rows)


def test_a_line_is_as_wide_as_its_letters() -> None:
    assert text_width("ab", 10, "bold") == pytest.approx(
        text_width("a", 10, "bold") + text_width("b", 10, "bold")
    )


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="#777777")


def read(picture: Image.Image) -> str:
    found = zxingcpp.read_barcode(picture)
    assert found is not None
    return str(found.text)
