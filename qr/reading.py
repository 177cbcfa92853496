"""A picture becomes the text of the one QR code on it."""

from __future__ import annotations

from io import BytesIO

import zxingcpp
from PIL import Image

from qr.errors import Explained

#: A 50-megapixel photograph is the largest an ordinary telephone takes; a bomb unpacks to more.
MOST_PIXELS = 60_000_000
#: What telephones and scanners make. Others are refused unopened: some of their readers run programs.
KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


class UnreadablePicture(Explained, ValueError):
    """It is no picture, there is no code on it, or there are several."""


def read_code(picture: bytes) -> str:
    """The text of the QR code on a PNG, JPEG, WebP, GIF or BMP, in any direction.

    The same code twice counts once. Raises `UnreadablePicture`.
    """
    found = zxingcpp.read_barcodes(_grey(picture), formats=QR, text_mode=zxingcpp.TextMode.Plain)
    texts = {code.text for code in found}
    if not texts:
        raise UnreadablePicture(
            "No QR code can be read in it: take it straight, sharp and whole, with its white border."
        )
    if len(texts) > 1:
        raise UnreadablePicture(
            "There are %(count)s different QR codes in it: cut it so that one is left.",
            count=len(texts),
        )
    return str(texts.pop())


def _grey(picture: bytes) -> Image.Image:
    """Shades of grey, what is transparent on white. Raises `UnreadablePicture`."""
    try:
        image = Image.open(BytesIO(picture), formats=KINDS)
        if image.width * image.height > MOST_PIXELS:
            raise UnreadablePicture(
                "It has %(width)s × %(height)s pixels; at most %(most)s million are read.",
                width=image.width,
                height=image.height,
                most=MOST_PIXELS // 1_000_000,
            )
        colours = image.convert("RGBA")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePicture(
            "It is no whole picture of these kinds: %(kinds)s.", kinds=", ".join(KINDS)
        ) from error
    paper = Image.new("RGBA", colours.size, "white")
    return Image.alpha_composite(paper, colours).convert("L")
