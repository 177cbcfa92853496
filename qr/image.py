"""A payload becomes a QR code: a matrix, a PNG or an SVG.

The same payload always gives the same bytes, so pictures can be cached by their content and compared
in tests. Every picture has the quiet zone of four modules that ISO/IEC 18004 asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from typing import Literal
from xml.sax.saxutils import quoteattr

import qrcode
from PIL import Image
from qrcode.exceptions import DataOverflowError

Correction = Literal["L", "M", "Q", "H"]
Matrix = tuple[tuple[bool, ...], ...]
#: One of the eight masks of ISO/IEC 18004; None weighs all eight, which takes 11 ms instead of 3.
Mask = Literal[0, 1, 2, 3, 4, 5, 6, 7] | None

QUIET = 4

#: Share of the code that may be lost: L 7 %, M 15 %, Q 25 %, H 30 %.
_LEVELS: dict[Correction, Literal[0, 1, 2, 3]] = {"L": 1, "M": 0, "Q": 3, "H": 2}


class UnfitPayload(ValueError):
    """There is nothing to encode, or more than a QR code holds at this correction level."""


def matrix(payload: str, *, correction: Correction = "M", mask: Mask = None) -> Matrix:
    """Rows of modules, True is dark, without a quiet zone. Raises `UnfitPayload`."""
    if not payload:
        raise UnfitPayload("an empty text makes no QR code")
    code = qrcode.QRCode(error_correction=_LEVELS[correction], border=0, mask_pattern=mask)
    code.add_data(payload)
    try:
        code.make()
    except (DataOverflowError, ValueError) as error:
        raise UnfitPayload(f"{len(payload)} characters do not fit at level {correction}") from error
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def png(payload: str, *, correction: Correction = "M", mask: Mask = None, scale: int = 8) -> bytes:
    """A black-and-white PNG, `scale` pixels to a module. Raises `UnfitPayload`."""
    modules = matrix(payload, correction=correction, mask=mask)
    side = (len(modules) + 2 * QUIET) * scale
    picture = Image.new("1", (side, side), 1)
    picture.paste(bitmap(modules, scale), (QUIET * scale, QUIET * scale))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def bitmap(modules: Matrix, scale: int) -> Image.Image:
    """The modules as a one-bit image, `scale` pixels each, without a quiet zone."""
    side = len(modules)
    small = Image.new("1", (side, side), 1)
    small.putdata([0 if dark else 255 for row in modules for dark in row])
    return small.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def svg(payload: str, *, correction: Correction = "M", mask: Mask = None, label: str = "") -> str:
    """A scalable picture, one unit to a module; `label` is read aloud by screen readers.

    Only presentation attributes, no style and no script: it passes the strictest content policy.
    """
    modules = matrix(payload, correction=correction, mask=mask)
    side = len(modules) + 2 * QUIET
    name = f" aria-label={quoteattr(label)}" if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img"{name}'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{outline(modules, QUIET)}"/></svg>'
    )


def outline(modules: Matrix, offset: int = 0) -> str:
    """SVG path data of the dark modules, neighbours in a row drawn as one bar."""
    return "".join(
        f"M{x + offset} {y + offset}h{width}v1h-{width}z" for x, y, width in bars(modules)
    )


def bars(modules: Matrix) -> Iterator[tuple[int, int, int]]:
    """(x, y, width) of every unbroken stretch of dark modules in a row, from the top left corner."""
    for y, row in enumerate(modules):
        x = 0
        for dark, stretch in groupby(row):
            width = len(list(stretch))
            if dark:
                yield x, y, width
            x += width
