"""How a table lies on paper: how wide its columns are and where their words break.

Numbers and days never break; texts share what is left. A report stands upright unless one of its
tables needs the width; if even the long side is too narrow, the letters get smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from qr.lettering import Weight, printable
from qr.pdf import face
from reconciliation.reports.shown import cell_text, heading
from reconciliation.reports.table import Kind, Language, Report, Row, Table

MARGIN = 15 * mm
#: Between two columns, and above and below the words of a row.
GAP, PADDING = 3 * mm, 0.9 * mm
#: Columns whose cells may break between words.
BREAKING = (Kind.TEXT, Kind.WORD)
#: A text column needs no more than this before it breaks its words.
ENOUGH = 46 * mm
#: A single word, a reference mostly, may ask for more, up to this.
MOST = 70 * mm
#: Letters in points: as large as fits, upright before lengthwise.
SIZES = ((9.0, False), (8.5, True), (7.5, True), (6.5, True))
LEADING = 1.28
#: What a column of texts keeps at least when several share too little.
LEAST = 14 * mm

#: Widths are added up in different orders; nobody sees this much.
HAIR = 0.01

Lines = tuple[str, ...]


def width_of(text: str, size: float, weight: Weight = "regular") -> float:
    """How wide `text` is, in points."""
    return stringWidth(text, face(weight), size)


def broken(text: str, width: float, size: float, weight: Weight = "regular") -> Lines:
    """`text` in lines of at most `width`; a word that is longer is cut."""
    text, line = printable(text), ""
    if width_of(text, size, weight) <= width + HAIR:
        return (text,)
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined, size, weight) <= width + HAIR:
            line = joined
            continue
        lines += [line] if line else []
        *full, line = _cut(word, width, size, weight)
        lines += full
    return (*lines, line)


def _cut(word: str, width: float, size: float, weight: Weight) -> Iterator[str]:
    piece = ""
    for letter in word:
        if piece and width_of(piece + letter, size, weight) > width + HAIR:
            yield piece
            piece = ""
        piece += letter
    yield piece


@dataclass(frozen=True, slots=True)
class Layout:
    """A table set in letters of `size`; `lefts` and `widths` in points from the margin."""

    table: Table
    language: Language
    size: float
    lefts: tuple[float, ...]
    widths: tuple[float, ...]

    @property
    def line(self) -> float:
        """From one line of a cell to the next."""
        return self.size * LEADING

    def cells(self, row: Row) -> tuple[Lines, ...]:
        """A row, every text in lines."""
        columns = zip(row, self.table.columns, self.widths, strict=True)
        return tuple(
            broken(cell_text(cell, column, self.language), width, self.size)
            if column.kind in BREAKING
            else (cell_text(cell, column, self.language),)
            for cell, column, width in columns
        )

    def sums(self, name: str, row: Row) -> tuple[Lines, ...]:
        """A row of sums in one line; its name may run over the empty cells beside it."""
        cells = zip(row, self.table.columns, strict=True)
        _, *others = ((cell_text(cell, column, self.language),) for cell, column in cells)
        return ((name,), *others)

    def headings(self) -> tuple[Lines, ...]:
        """The headings, every one in lines."""
        return tuple(
            broken(heading(column, self.language), width, self.size, "bold")
            for column, width in zip(self.table.columns, self.widths, strict=True)
        )

    def height(self, cells: Sequence[Lines]) -> float:
        """How high a row of such cells is."""
        return max(map(len, cells), default=1) * self.line + 2 * PADDING


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report's paper, in points, and its tables set on it."""

    width: float
    height: float
    layouts: tuple[Layout, ...]

    @property
    def inner(self) -> float:
        """Between the margins."""
        return self.width - 2 * MARGIN


def sheet_of(report: Report, language: Language) -> Sheet:
    """The first of `SIZES` in which every table fits; the last one with texts as narrow as needed."""
    measured = [_measured(table, language) for table in report.tables]
    for size, lengthwise in SIZES:
        inner = A4[1 if lengthwise else 0] - 2 * MARGIN
        if all(_needed(m, size) <= inner for m in measured):
            break
    layouts = tuple(
        _layout(table, language, size, _shared(m, size, inner))
        for table, m in zip(report.tables, measured, strict=True)
    )
    upright, long = A4
    return Sheet(long, upright, layouts) if lengthwise else Sheet(upright, long, layouts)


def _needed(measures: list[_Measure], size: float) -> float:
    return sum(m.needed(size) for m in measures) + GAP * (len(measures) - 1)


@dataclass(frozen=True, slots=True)
class _Measure:
    """A column's widths for letters of one point: what it `least` needs, what its cells fill
    unbroken, and its `title` in one line. `gives`: its cells may break between words."""

    least: float
    filled: float
    title: float
    gives: bool

    def needed(self, size: float) -> float:
        """The width at which nothing is cut and no number breaks."""
        if not self.gives:
            return self.filled * size
        return min(max(self.filled, self.least) * size, max(ENOUGH, min(self.least * size, MOST)))


def _measured(table: Table, language: Language) -> list[_Measure]:
    filled, least = [0.0] * len(table.columns), [0.0] * len(table.columns)
    for weight, row in _all_rows(table):
        for index, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            text = cell_text(cell, column, language)
            filled[index] = max(filled[index], width_of(text, 1, weight))
            if column.kind in BREAKING:
                longest = max(text.split() or [""], key=len)
                least[index] = max(least[index], width_of(longest, 1, weight))
    titles = [heading(column, language) for column in table.columns]
    words = [max(width_of(word, 1, "bold") for word in title.split() or [""]) for title in titles]
    return [
        _Measure(
            max(least[index], words[index]),
            max(filled[index], words[index]),
            width_of(titles[index], 1, "bold"),
            column.kind in BREAKING,
        )
        for index, column in enumerate(table.columns)
    ]


def _all_rows(table: Table) -> Iterator[tuple[Weight, Row]]:
    """Every row and the totals, which are bold; sums carried from page to page are no wider."""
    for row in table:
        yield "regular", row
    if table.totals is not None:
        yield "bold", table.totals


def _shared(measures: list[_Measure], size: float, inner: float) -> list[float]:
    """The widths in `inner`: what is too much is taken from the texts; what is left over goes to
    those whose words would break, and then to all alike."""
    widths = [m.needed(size) for m in measures]
    spare = inner - sum(widths) - GAP * (len(widths) - 1)
    if spare < 0:
        giving = [
            max(w - LEAST, 0) if m.gives else 0 for w, m in zip(widths, measures, strict=True)
        ]
        have = sum(giving) or 1
        return [w + max(spare, -have) * g / have for w, g in zip(widths, giving, strict=True)]
    wishes = [max(m.filled, m.title) * size - w for w, m in zip(widths, measures, strict=True)]
    share = min(1, spare / sum(wishes)) if sum(wishes) > 0 else 0
    rest = (spare - share * sum(wishes)) / len(widths)
    return [w + share * wish + rest for w, wish in zip(widths, wishes, strict=True)]


def _layout(table: Table, language: Language, size: float, widths: list[float]) -> Layout:
    lefts = [sum(widths[:index]) + GAP * index for index in range(len(widths))]
    return Layout(table, language, size, tuple(lefts), tuple(widths))
