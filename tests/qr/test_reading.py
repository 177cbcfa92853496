"""A payment code is read from a picture as people make them, or the picture is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageFilter

from qr.image import png
from qr.reading import MOST_PIXELS, UnreadablePicture, read_code
from qr.vietqr import Transfer, encode
from tests.qr.test_vietqr import VALID

PAYLOAD = encode(Transfer("970436", "0011001234567", amount=5000, purpose="PKX7Q2M9RA"))
LONGEST = encode(
    Transfer("970436", "9" * 19, 499_999_999, "x" * 25, "CTY TNHH MTV KHAI THAC DX", "HA NOI")
)
#: two centimetres at 300 dots per inch
SMALL = round(2 / 2.54 * 300)


def picture(payload: str, scale: int = 8) -> Image.Image:
    return Image.open(BytesIO(png(payload, scale=scale))).convert("L")


def saved(image: Image.Image, kind: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()


def beside(left: str, right: str) -> bytes:
    one, two = picture(left), picture(right)
    sheet = Image.new("L", (one.width + two.width, max(one.height, two.height)), 255)
    sheet.paste(one, (0, 0))
    sheet.paste(two, (one.width, 0))
    return saved(sheet)


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadablePicture) as refused:
        read_code(content)
    return str(refused.value)


@pytest.mark.parametrize("vector", VALID, ids=[vector["name"] for vector in VALID])
def test_every_published_code_is_drawn_and_read(vector: dict[str, str]) -> None:
    assert read_code(png(vector["payload"])) == vector["payload"]


@pytest.mark.parametrize("degrees", [3, 45, 90, 137, 180, 270])
@pytest.mark.parametrize("payload", [PAYLOAD, LONGEST])
def test_a_turned_code_is_read(payload: str, degrees: int) -> None:
    turned = picture(payload).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=200)
    assert read_code(saved(turned)) == payload


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("payload", [PAYLOAD, LONGEST])
def test_a_blurred_code_is_read(payload: str, radius: int) -> None:
    assert read_code(saved(picture(payload).filter(ImageFilter.GaussianBlur(radius)))) == payload


@pytest.mark.parametrize("payload", [PAYLOAD, LONGEST])
def test_a_code_printed_two_centimetres_wide_is_read(payload: str) -> None:
    printed = picture(payload).resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    assert read_code(saved(printed)) == payload
    crooked = printed.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert read_code(saved(crooked.filter(ImageFilter.GaussianBlur(0.7)), "JPEG")) == payload


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_the_usual_kinds_of_pictures_are_read(kind: str) -> None:
    assert read_code(saved(picture(PAYLOAD), kind)) == PAYLOAD


def test_what_is_transparent_counts_as_white() -> None:
    code = picture(PAYLOAD)
    clear = Image.new("RGBA", code.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0), code.point(lambda v: 255 - v))
    assert read_code(saved(clear)) == PAYLOAD


def test_the_same_code_twice_is_one_code_and_two_codes_are_refused() -> None:
    assert read_code(beside(PAYLOAD, PAYLOAD)) == PAYLOAD
    assert refusal(beside(PAYLOAD, LONGEST)).startswith("There are 2 different QR codes in it")


def test_a_picture_without_a_code_says_how_to_take_one() -> None:
    assert refusal(saved(Image.new("L", (300, 300), 255))).startswith("No QR code can be read")


@pytest.mark.parametrize(
    "broken",
    [
        lambda: b"",
        lambda: b"no picture",
        lambda: png(PAYLOAD)[:200],
        lambda: png(PAYLOAD).replace(b"IDAT", b"IDAX"),
        lambda: saved(picture(PAYLOAD), "TIFF"),
    ],
    ids=["empty", "text", "cut", "damaged", "another kind"],
)
def test_what_is_no_whole_picture_is_refused(broken: Callable[[], bytes]) -> None:
    assert refusal(broken()) == "It is no whole picture of these kinds: PNG, JPEG, WEBP, GIF, BMP."


def test_a_picture_that_would_fill_the_memory_is_not_unpacked() -> None:
    huge = saved(Image.new("1", (10_000, MOST_PIXELS // 10_000 + 1)))
    assert refusal(huge) == "It has 10000 × 6001 pixels; at most 60 million are read."
