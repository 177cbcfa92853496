"""Our outlines are held against the same font drawn by FreeType."""

from __future__ import annotations

import re
import struct

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from qr.lettering import Font, UnprintableText, Weight, font, font_file, printable

BASE = "aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz"
TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
ACCENTED = printable("".join(v + tone for v in "aăâeêioôơuưy" for tone in TONES))
LETTERS = BASE + BASE.upper() + ACCENTED + ACCENTED.upper() + "0123456789.,:;·–—-/()“”%&@₫"
WEIGHTS: list[Weight] = ["regular", "bold"]
EM, CANVAS, BASELINE = 320, (480, 560), 400
#: FreeType moves edges onto whole pixels; at this size that is less than 7 % of a letter's ink, and
#: the smallest mistake, a lost dot below, is more than 7.9 %.
TOLERANCE = 0.075


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_font_has_every_vietnamese_letter(weight: Weight) -> None:
    assert len(ACCENTED) == 72
    assert font(weight).width(LETTERS) > 0


@pytest.mark.parametrize("weight", WEIGHTS)
def test_letters_are_as_wide_as_freetype_says(weight: Weight) -> None:
    ours = font(weight)
    face = freetype(weight, ours.units)
    for char in LETTERS:
        assert ours.width(char) == pytest.approx(face.getlength(char), abs=1), char


@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_outline_covers_what_freetype_draws(weight: Weight) -> None:
    far = {char: off for char in LETTERS if (off := distance(char, char, weight)) > TOLERANCE}
    assert far == {}


@pytest.mark.parametrize(
    ("drawn", "meant"), [("â", "ậ"), ("i", "ị"), ("ề", "ế"), ("D", "Đ"), ("U", "Ư")]
)
def test_the_comparison_would_notice_a_lost_accent(drawn: str, meant: str) -> None:
    assert distance(drawn, meant, "bold") > TOLERANCE


def test_a_letter_the_font_lacks_is_refused_by_name() -> None:
    for act in (font("bold").width, font("bold").path):
        with pytest.raises(UnprintableText, match=r"'桂' \(U\+6842\)"):
            act("Bãi 桂")


def test_a_font_without_a_known_character_map_is_refused() -> None:
    data = bytearray(font_file("regular").read_bytes())
    count = struct.unpack_from(">H", data, 4)[0]
    records = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(count))
    cmap = next(start for tag, _, start, _ in records if tag == b"cmap")
    for record in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        table = struct.unpack_from(">L", data, cmap + 4 + 8 * record + 4)[0]
        struct.pack_into(">H", data, cmap + table, 6)
    with pytest.raises(UnprintableText, match="no character map"):
        Font(bytes(data))


def test_text_is_joined_and_its_spaces_are_single() -> None:
    assert printable(" Ba\u0303i \n xe ") == "Bãi xe"


def freetype(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_file(weight), size, layout_engine=ImageFont.Layout.BASIC)


def distance(drawn: str, meant: str, weight: Weight) -> float:
    """The share of ink by which our drawing of one letter differs from FreeType's of another."""
    theirs = Image.new("L", CANVAS, 0)
    face = freetype(weight, EM)
    ImageDraw.Draw(theirs).text((10, BASELINE), meant, 255, face, anchor="ls")
    ours = filled(font(weight).path(drawn), EM / font(weight).units)
    return ink(ImageChops.difference(ours, theirs)) / ink(theirs)


def ink(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture).sum[0])


def filled(path: str, scale: float) -> Image.Image:
    """A tiny rasteriser at four times the size: where contours overlap they open a hole."""
    large = (CANVAS[0] * 4, CANVAS[1] * 4)
    whole = Image.new("1", large, 0)
    for contour in path.split("z")[:-1]:
        one = Image.new("1", large, 0)
        points = [(40 + 4 * x * scale, 4 * (BASELINE - y * scale)) for x, y in flattened(contour)]
        ImageDraw.Draw(one).polygon(points, fill=1)
        whole = ImageChops.logical_xor(whole, one)
    return whole.convert("L").reduce(4)


def flattened(contour: str) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MLQ])([-\d ]+)", contour):
        values = [int(n) for n in numbers.split()]
        if command != "Q":
            points.append((values[0], values[1]))
            continue
        (x0, y0), (x1, y1, x2, y2) = points[-1], values
        for step in (0.25, 0.5, 0.75, 1.0):
            back = 1 - step
            points.append((
                back * back * x0 + 2 * back * step * x1 + step * step * x2,
                back * back * y0 + 2 * back * step * y1 + step * step * y2,
            ))  # fmt: skip
    return points
