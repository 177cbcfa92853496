"""What we draw, an independent reader reads."""

from __future__ import annotations

import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qr.image import QUIET, Correction, Mask, UnfitPayload, matrix, outline, png, svg

LINK = "https://p.example.vn/s/Zm9vYmFyYmF6cXV4MTIzNA.k1.STJVFZSF4C2F55MQC5AUBMENW8"
LEVELS: list[Correction] = ["L", "M", "Q", "H"]
MASKS: list[Mask] = [0, 1, 2, 3, 4, 5, 6, 7]


@settings(deadline=None, max_examples=30)
@given(
    payload=st.text(
        st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=200
    ),
    level=st.sampled_from(LEVELS),
)
def test_every_text_is_read_back_at_every_level(payload: str, level: Correction) -> None:
    assert read(png(payload, correction=level)) == payload


def test_vietnamese_text_is_read_back() -> None:
    assert read(png("Bãi xe Lý Thường Kiệt, trả tiền gửi xe ở đây")) == (
        "Bãi xe Lý Thường Kiệt, trả tiền gửi xe ở đây"
    )


@pytest.mark.parametrize("mask", MASKS)
def test_every_fixed_mask_is_read_back(mask: Mask) -> None:
    assert read(png(LINK, mask=mask)) == LINK


def test_the_same_payload_gives_the_same_bytes() -> None:
    assert png(LINK) == png(LINK)
    assert svg(LINK) == svg(LINK)


def test_a_higher_level_makes_a_larger_code() -> None:
    sizes = [len(matrix(LINK, correction=level)) for level in LEVELS]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_quiet_zone_is_four_modules_wide_on_all_sides() -> None:
    image = Image.open(BytesIO(png(LINK, scale=1))).convert("L")
    dark = image.point(lambda v: 255 - v).getbbox()
    assert dark == (QUIET, QUIET, image.width - QUIET, image.height - QUIET)


@pytest.mark.parametrize("scale", [1, 3, 8])
def test_the_scale_is_pixels_to_a_module(scale: int) -> None:
    side = (len(matrix(LINK)) + 2 * QUIET) * scale
    assert Image.open(BytesIO(png(LINK, scale=scale))).size == (side, side)


@settings(deadline=None, max_examples=25)
@given(payload=st.text(st.characters(codec="ascii"), min_size=1, max_size=120))
def test_the_svg_has_exactly_the_modules_of_the_matrix(payload: str) -> None:
    modules = matrix(payload)
    assert drawn(outline(modules), len(modules)) == {
        (x, y) for y, row in enumerate(modules) for x, dark in enumerate(row) if dark
    }


def test_the_svg_draws_neighbours_as_one_bar() -> None:
    assert outline(((True, True, False, True), (False,) * 4)) == "M0 0h2v1h-2zM3 0h1v1h-1z"


def test_the_svg_is_read_back() -> None:
    root = ElementTree.fromstring(svg(LINK))
    side = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (side, side), 255)
    for place in drawn(root[1].attrib["d"], side):
        image.putpixel(place, 0)
    found = zxingcpp.read_barcode(image.resize((side * 6, side * 6), Image.Resampling.NEAREST))
    assert found is not None
    assert found.text == LINK


def test_the_svg_label_is_escaped_and_left_out_when_empty() -> None:
    root = ElementTree.fromstring(svg(LINK, label='Mã <"30A"> & bãi'))
    assert root.attrib["aria-label"] == 'Mã <"30A"> & bãi'
    assert "aria-label" not in svg(LINK)


def test_the_svg_carries_no_style_and_no_script() -> None:
    assert not re.search(r"<style|style=|<script|\bon\w+=", svg(LINK, label="x"))


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(UnfitPayload, match="empty"):
        png("")
    with pytest.raises(UnfitPayload, match="3000 characters do not fit at level H"):
        svg("x" * 3000, correction="H")


def read(picture: bytes) -> str:
    found = zxingcpp.read_barcode(Image.open(BytesIO(picture)))
    assert found is not None
    return str(found.text)


def drawn(path: str, side: int) -> set[tuple[int, int]]:
    """A tiny rasteriser for the one kind of path we write."""
    bars = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path)
    assert "".join("M{} {}h{}v1h-{}z".format(*bar) for bar in bars) == path
    assert all(width == back for _, _, width, back in bars)
    cells = [(int(x) + i, int(y)) for x, y, width, _ in bars for i in range(int(width))]
    assert len(cells) == len(set(cells))
    assert all(x < side and y < side for x, y in cells)
    return set(cells)
