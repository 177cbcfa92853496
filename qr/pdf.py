"""The pages of `qr.canvas` as a PDF for the printer: text with its letters inside, codes as areas, no
pixels at any size. The same pages give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from qr.canvas import Box, Code, Shape, Words
from qr.image import bars
from qr.lettering import Weight, font_file


def draw_pdf(
    pages: Iterable[Sequence[Shape]], width: float, height: float, title: str, author: str
) -> bytes:
    """`pages` of `width` × `height` millimetres each."""
    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(width * mm, height * mm),
        initialFontName=face("regular"),  # type: ignore[arg-type]  # the stubs say number
        pageCompression=1,
        invariant=1,
        lang="vi",
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    for shapes in pages:
        # reportlab counts from the lower left corner upwards
        canvas.translate(0, height * mm)
        for shape in shapes:
            _paint(canvas, shape)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def face(weight: Weight) -> str:
    """The font of that weight, with all of Vietnamese, under the name the library knows it by."""
    name = f"Roboto-{weight}"
    pdfmetrics.registerFont(TTFont(name, str(font_file(weight))))
    return name


def _paint(canvas: Canvas, shape: Shape) -> None:
    canvas.setFillColor(HexColor(shape.fill))
    if isinstance(shape, Box):
        left, bottom = shape.x * mm, -(shape.y + shape.height) * mm
        size = (shape.width * mm, shape.height * mm)
        canvas.roundRect(left, bottom, *size, shape.radius * mm, stroke=0, fill=1)
    elif isinstance(shape, Words):
        canvas.setFont(face(shape.weight), shape.size * mm)
        canvas.drawString((shape.x - shape.width / 2) * mm, -shape.y * mm, shape.text)
    else:
        _paint_code(canvas, shape)


def _paint_code(canvas: Canvas, code: Code) -> None:
    """One area for the whole code, so that no printer shows hairlines between modules."""
    side = code.size / len(code.modules) * mm
    left, top = (code.x - code.size / 2) * mm, -(code.y - code.size / 2) * mm
    path = canvas.beginPath()
    for x, y, length in bars(code.modules):
        path.rect(left + x * side, top - (y + 1) * side, length * side, side)
    canvas.drawPath(path, stroke=0, fill=1)
