"""A page described once, in millimetres, and drawn as PNG pixels and as SVG; `qr.pdf` draws it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from xml.sax.saxutils import quoteattr

from PIL import Image, ImageDraw, ImageFont

from qr.image import Matrix, bitmap, outline
from qr.lettering import Weight, font, font_file, printable


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text centred on `x`, standing on the base line `y`, `size` to the em."""

    x: float
    y: float
    size: float
    text: str
    fill: str
    weight: Weight = "regular"

    @property
    def width(self) -> float:
        """How wide the line is."""
        return text_width(self.text, self.size, self.weight)


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code without its quiet zone, at most `size` wide, centred on (`x`, `y`)."""

    x: float
    y: float
    size: float
    modules: Matrix
    fill: str


Shape = Box | Words | Code
MM_PER_INCH = 25.4


def text_width(text: str, size: float, weight: Weight) -> float:
    """The width of a line. Raises `UnprintableText`."""
    letters = font(weight)
    return letters.width(text) * size / letters.units


def lines(text: str, size: float, weight: Weight, width: float) -> list[str]:
    """`text` broken at spaces into lines no wider than `width`; a word that is wider stands alone."""
    broken: list[str] = []
    for word in printable(text).split():
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and text_width(longer, size, weight) <= width:
            broken[-1] = longer
        else:
            broken.append(word)
    return broken


def paragraph(
    text: str, box: Box, size: float, fill: str, weight: Weight = "regular", most: int = 1
) -> list[Words]:
    """`text` centred in `box` on at most `most` lines, in letters as large as fit, up to `size`.

    Nothing is ever cut off: a long text gets smaller letters. Lines are about equally long.
    """
    broken = lines(text, size, weight, box.width)
    while len(broken) > most or any(text_width(row, size, weight) > box.width for row in broken):
        size *= 0.96
        broken = lines(text, size, weight, box.width)
    broken = _balanced(broken, size, weight, box.width)
    leading = size * 1.28
    # 0.36 em: half the height of a capital, so that a single line looks centred
    first = box.y + box.height / 2 - leading * (len(broken) - 1) / 2 + size * 0.36
    middle = box.x + box.width / 2
    return [
        Words(middle, first + leading * i, size, row, fill, weight) for i, row in enumerate(broken)
    ]


def _balanced(rows: list[str], size: float, weight: Weight, width: float) -> list[str]:
    """The same words on as many lines, about equally long: as narrow as the longest word lets them."""
    text, narrower = " ".join(rows), width * 0.96
    longest = max((text_width(word, size, weight) for word in text.split()), default=width)
    while narrower > longest and len(closer := lines(text, size, weight, narrower)) == len(rows):
        rows, narrower = closer, narrower * 0.96
    return rows


def draw_png(shapes: Sequence[Shape], width: float, height: float, dpi: int = 300) -> bytes:
    """The page at `dpi`, which the file states, so that it prints at its true size."""
    scale = dpi / MM_PER_INCH
    picture = Image.new("RGB", (round(width * scale), round(height * scale)), "#ffffff")
    brush = ImageDraw.Draw(picture)
    for shape in shapes:
        _paint(picture, brush, shape, scale)
    out = BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _paint(picture: Image.Image, brush: ImageDraw.ImageDraw, shape: Shape, scale: float) -> None:
    if isinstance(shape, Box):
        edges = (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
        left, top, right, bottom = (round(edge * scale) for edge in edges)
        radius = round(shape.radius * scale)
        brush.rounded_rectangle((left, top, right - 1, bottom - 1), radius, fill=shape.fill)
    elif isinstance(shape, Words):
        face = _face(shape.weight, shape.size * scale)
        brush.text((shape.x * scale, shape.y * scale), shape.text, shape.fill, face, anchor="ms")
    else:
        # a whole number of pixels to a module, so that every module is equally wide
        pixels = max(1, int(shape.size * scale / len(shape.modules)))
        half = pixels * len(shape.modules) / 2
        corner = (round(shape.x * scale - half), round(shape.y * scale - half))
        picture.paste(shape.fill, corner, bitmap(shape.modules, pixels).point(lambda v: 255 - v))


@cache
def _face(weight: Weight, pixels: float) -> ImageFont.FreeTypeFont:
    # the basic layout ships with Pillow itself, so the same page gives the same bytes everywhere
    return ImageFont.truetype(font_file(weight), pixels, layout_engine=ImageFont.Layout.BASIC)


def draw_svg(shapes: Sequence[Shape], width: float, height: float, label: str) -> str:
    """The page with text as outlines and colours as attributes: no font, no style, no script."""
    body = "".join(map(_element, shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm"'
        f' viewBox="0 0 {width:g} {height:g}" role="img" aria-label={quoteattr(label)}>{body}</svg>'
    )


def _element(shape: Shape) -> str:
    if isinstance(shape, Box):
        return (
            f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}"'
            f' rx="{shape.radius:g}" fill="{shape.fill}"/>'
        )
    if isinstance(shape, Words):
        letters = font(shape.weight)
        size = shape.size / letters.units
        move = f"translate({shape.x - shape.width / 2:.3f} {shape.y:.3f}) scale({size:.7f} {-size:.7f})"
        return f'<path transform="{move}" fill="{shape.fill}" d="{letters.path(shape.text)}"/>'
    side = shape.size / len(shape.modules)
    move = f"translate({shape.x - shape.size / 2:.3f} {shape.y - shape.size / 2:.3f}) scale({side:.6f})"
    return (
        f'<path transform="{move}" fill="{shape.fill}" shape-rendering="crispEdges"'
        f' d="{outline(shape.modules)}"/>'
    )
