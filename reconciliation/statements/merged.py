"""Merged cells of a worksheet: what stands in the first of them stands in those below it too.

The library that reads rows one by one does not tell which cells are merged. Only downwards is filled: a
title across eight columns is one title, but a day beside five rows is the day of each.
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.sax import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.sax import parse
from openpyxl.utils import range_boundaries

from reconciliation.statements.cells import Cell, Row
from reconciliation.statements.doubts import Doubt

#: More are a drawing, not a table.
MOST = 50_000
_CHUNK = 1 << 20

#: First row → column counted from 0, and the last row.
Merges = dict[int, list[tuple[int, int]]]


def merges_in(book: zipfile.ZipFile, part: str) -> Merges:
    """The cells that reach over several rows in the worksheet `part`. Raises `Doubt`."""
    # reading it as XML takes longer
    if not holds(book, part, b"mergeCell"):
        return {}
    found = _Merged()
    with book.open(part) as opened:
        parse(opened, found, forbid_dtd=True)
    return found.merges


def holds(book: zipfile.ZipFile, part: str, *signs: bytes) -> bool:
    """Whether one of `signs` stands in the unpacked bytes of `part`, which are never all in memory."""
    before, overlap = b"", max(map(len, signs))
    with book.open(part) as opened:
        while chunk := opened.read(_CHUNK):
            if any(sign in before + chunk for sign in signs):
                return True
            before = chunk[-overlap:]
    return False


class _Merged(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.merges: Merges = defaultdict(list)
        self._count = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        if name.rpartition(":")[2] != "mergeCell":
            return
        self._count += 1
        if self._count > MOST:
            raise Doubt("more than %(count)s merged cells", line=1, count=MOST)
        left, top, _, bottom = range_boundaries(attrs["ref"])
        if left is None or top is None or bottom is None:
            raise Doubt("a merged cell without its place", line=1)
        if bottom > top:
            self.merges[int(top)].append((int(left) - 1, int(bottom)))


def filled(rows: Iterable[Row], merges: Merges) -> Iterator[Row]:
    """`rows` with what merged cells above them hold, and which of their cells those are."""
    if not merges:
        yield from rows
        return
    reaching: dict[int, tuple[int, Cell]] = {}
    for row in rows:
        reaching = {place: held for place, held in reaching.items() if held[0] >= row.line}
        yield _with(row, reaching)
        for place, last in merges.get(row.line, ()):
            reaching[place] = last, row.cell(place)


def _with(row: Row, reaching: dict[int, tuple[int, Cell]]) -> Row:
    if not reaching:
        return row
    cells = list(row.cells) + [""] * (max(reaching) + 1 - len(row.cells))
    for place, (_, cell) in reaching.items():
        cells[place] = cell
    return replace(row, cells=tuple(cells), filled=frozenset(reaching))
