"""Merged cells of a worksheet: what stands in the first of them stands in those below it too.

The library that reads rows one by one does not tell which cells are merged. Only downwards is filled: a
title across eight columns is one title, but a day beside five rows is the day of each. In an entry a cell
across columns that are read is refused: nobody can tell which of them its text belongs to.
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.sax import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.sax import parse
from openpyxl.utils import range_boundaries

from reconciliation.statements.cells import Cell, Row
from reconciliation.statements.doubts import Doubt

#: More are a drawing, not a table.
MOST = 50_000
_CHUNK = 1 << 20


class Merge(NamedTuple):
    """Cells that are one: columns counted from 0, rows from 1, the last ones included."""

    left: int
    right: int
    top: int
    bottom: int


#: First row → the merged cells that begin in it.
Merges = dict[int, list[Merge]]


def merges_in(book: zipfile.ZipFile, part: str) -> Merges:
    """The merged cells of the worksheet `part`. Raises `Doubt`."""
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
        left, top, right, bottom = range_boundaries(attrs["ref"])
        if left is None or top is None or right is None or bottom is None:
            raise Doubt("a merged cell without its place", line=1)
        merge = Merge(int(left) - 1, int(right) - 1, int(top), int(bottom))
        self.merges[merge.top].append(merge)


def filled(rows: Iterable[Row], merges: Merges) -> Iterator[Row]:
    """`rows` with what merged cells above them hold, which of their cells those are, and which of them
    are one with the next."""
    if not merges:
        yield from rows
        return
    reaching: dict[int, tuple[Merge, Cell]] = {}
    for row in rows:
        reaching = {place: held for place, held in reaching.items() if held[0].bottom >= row.line}
        begun = merges.get(row.line, ())
        merged = (*(merge for merge, _ in reaching.values()), *begun)
        across = tuple((one.left, one.right) for one in merged if one.right > one.left)
        yield replace(_with(row, reaching), across=across)
        reaching |= {one.left: (one, row.cell(one.left)) for one in begun}


def _with(row: Row, reaching: dict[int, tuple[Merge, Cell]]) -> Row:
    if not reaching:
        return row
    cells = list(row.cells) + [""] * (max(reaching) + 1 - len(row.cells))
    for place, (_, cell) in reaching.items():
        cells[place] = cell
    return replace(row, cells=tuple(cells), filled=frozenset(reaching))
