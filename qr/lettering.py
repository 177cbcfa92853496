"""Letters as outlines: text on a sign looks the same in every program, whatever fonts it has.

Reads just enough of a TrueType file (OpenType specification: head, hhea, hmtx, cmap format 4, loca,
glyf) to measure text and to draw it. The font is Roboto, which has all of Vietnamese.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import font_roboto

Weight = Literal["regular", "bold"]
#: (x, y, lies on the curve), in font units, y upwards
Point = tuple[int, int, bool]
Contour = list[Point]

_ON_CURVE, _X_SHORT, _Y_SHORT, _REPEAT, _X_SAME, _Y_SAME = 1, 2, 4, 8, 16, 32
_WORDS, _MORE = 1, 32
_MATRICES = ((8, 1), (64, 2), (128, 4))


class UnprintableText(ValueError):
    """The font has no letter for a character: printing an empty box would hide it."""


def font_file(weight: Weight) -> Path:
    """Where the font of that weight lies."""
    return Path(font_roboto.font_files["RobotoBold" if weight == "bold" else "Roboto"])


@cache
def font(weight: Weight) -> Font:
    """The font of that weight, read once."""
    return Font(font_file(weight).read_bytes())


class Font:
    """One TrueType font. All lengths are in font units, `units` to the em."""

    def __init__(self, data: bytes) -> None:
        count = struct.unpack_from(">H", data, 4)[0]
        places = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(count))
        self._tables = {tag: data[start : start + size] for tag, _, start, size in places}
        self.units: int = struct.unpack_from(">H", self._tables[b"head"], 18)[0]
        self._wide_places = struct.unpack_from(">h", self._tables[b"head"], 50)[0] == 1
        self._metrics: int = struct.unpack_from(">H", self._tables[b"hhea"], 34)[0]
        self._glyphs = _character_map(self._tables[b"cmap"])

    def width(self, text: str) -> int:
        """How far the pen moves over `text`. Raises `UnprintableText`."""
        return sum(self._advance(self._glyph(char)) for char in text)

    def path(self, text: str) -> str:
        """SVG path data of `text` on the base line from x = 0, y upwards. Raises `UnprintableText`."""
        pen, drawn = 0, []
        for char in text:
            glyph = self._glyph(char)
            drawn += [_path(contour, pen) for contour in self._contours(glyph)]
            pen += self._advance(glyph)
        return "".join(drawn)

    def _glyph(self, char: str) -> int:
        glyph = self._glyphs.get(ord(char), 0)
        if not glyph:
            raise UnprintableText(f"the sign's font has no letter for {char!r} (U+{ord(char):04X})")
        return glyph

    def _advance(self, glyph: int) -> int:
        place = min(glyph, self._metrics - 1) * 4
        return int(struct.unpack_from(">H", self._tables[b"hmtx"], place)[0])

    def _contours(self, glyph: int) -> list[Contour]:
        shape, size = (">LL", 4) if self._wide_places else (">HH", 2)
        start, end = struct.unpack_from(shape, self._tables[b"loca"], glyph * size)
        unit = 1 if self._wide_places else 2
        data = self._tables[b"glyf"][start * unit : end * unit]
        if not data:
            return []
        count = struct.unpack_from(">h", data)[0]
        return _simple(data, count) if count >= 0 else self._composite(data)

    def _composite(self, data: bytes) -> list[Contour]:
        """An accented letter: other glyphs, each turned or scaled and moved by an offset."""
        place, flags, contours = 10, _MORE, []
        while flags & _MORE:
            flags, part = struct.unpack_from(">HH", data, place)
            shape, size = (">hh", 4) if flags & _WORDS else (">bb", 2)
            dx, dy = struct.unpack_from(shape, data, place + 4)
            place += 4 + size
            (xx, xy, yx, yy), size = _transform(data, place, flags)
            place += size
            contours += [
                [
                    (round(x * xx + y * yx) + dx, round(x * xy + y * yy) + dy, on)
                    for x, y, on in contour
                ]
                for contour in self._contours(part)
            ]
        return contours


def _transform(
    data: bytes, place: int, flags: int
) -> tuple[tuple[float, float, float, float], int]:
    """The matrix of a part, written as one, two or four fractions of 1/16384, and its length in bytes."""
    count = next((count for flag, count in _MATRICES if flags & flag), 0)
    values = [v / 16384 for v in struct.unpack_from(f">{count}h", data, place)]
    xx, yy = (values[0], values[-1]) if values else (1, 1)
    xy, yx = (values[1], values[2]) if count == 4 else (0, 0)
    return (xx, xy, yx, yy), 2 * count


def printable(text: str) -> str:
    """`text` with every accent joined to its letter (NFC) and single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _character_map(cmap: bytes) -> dict[int, int]:
    """Code point → glyph, from the Unicode subtable of format 4."""
    for record in range(struct.unpack_from(">H", cmap, 2)[0]):
        start = struct.unpack_from(">L", cmap, 4 + 8 * record + 4)[0]
        if struct.unpack_from(">H", cmap, start)[0] == 4:
            return dict(_segments(cmap[start:]))
    raise UnprintableText("the sign's font has no character map of a known format")


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    columns = [
        struct.unpack_from(f">{count}H", table, 14 + 2 * count * i + (2 if i else 0))
        for i in range(4)
    ]
    for i, (end, start, delta, offset) in enumerate(zip(*columns, strict=True)):
        base = 16 + 6 * count + 2 * i + offset
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", table, base + 2 * (code - start))[0]
            yield code, (glyph + delta) % 0x10000 if glyph or not offset else 0


def _simple(data: bytes, count: int) -> list[Contour]:
    ends = struct.unpack_from(f">{count}H", data, 10)
    place = 10 + 2 * count
    place += 2 + struct.unpack_from(">H", data, place)[0]
    flags: list[int] = []
    while len(flags) <= ends[-1]:
        repeats = data[place + 1] if data[place] & _REPEAT else 0
        flags += [data[place]] * (repeats + 1)
        place += 2 if repeats or data[place] & _REPEAT else 1
    xs, place = _coordinates(data, place, flags, _X_SHORT, _X_SAME)
    ys, _ = _coordinates(data, place, flags, _Y_SHORT, _Y_SAME)
    points = [(x, y, bool(f & _ON_CURVE)) for x, y, f in zip(xs, ys, flags, strict=True)]
    starts = (0, *(end + 1 for end in ends))
    return [points[a : b + 1] for a, b in zip(starts, ends, strict=False)]


def _coordinates(
    data: bytes, place: int, flags: list[int], short: int, same: int
) -> tuple[list[int], int]:
    """Running sums of the steps, written in one byte, two bytes or none."""
    value, values = 0, []
    for flag in flags:
        if flag & short:
            value += data[place] if flag & same else -data[place]
            place += 1
        elif not flag & same:
            value += struct.unpack_from(">h", data, place)[0]
            place += 2
        values.append(value)
    return values, place


def _path(contour: Contour, dx: int) -> str:
    """One closed outline; between two control points lies an unwritten point on the curve."""
    full: list[Point] = []
    for (x, y, on), (nx, ny, next_on) in zip(contour, contour[1:] + contour[:1], strict=True):
        full.append((x + dx, y, on))
        if not on and not next_on:
            full.append(((x + nx) // 2 + dx, (y + ny) // 2, True))
    first = next(i for i, (_, _, on) in enumerate(full) if on)
    full = full[first:] + full[: first + 1]
    drawn = [f"M{full[0][0]} {full[0][1]}"]
    for (x, y, on), (_, _, was_on) in zip(full[1:], full, strict=False):
        command = " " if not was_on else "L" if on else "Q"
        drawn.append(f"{command}{x} {y}")
    return "".join(drawn) + "z"
