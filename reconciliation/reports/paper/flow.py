"""What stands on which page: tables break between rows, never without their headings.

Where a table with totals goes on, the page ends with the sums so far and the next begins with them,
below the headings again. The flow is made anew each time it is walked, so that pages can be counted
before the first is painted and no page stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from qr.lettering import Weight
from reconciliation.reports.chart import drawn
from reconciliation.reports.paper.charts import Picture, picture
from reconciliation.reports.paper.layout import MARGIN, Layout, Lines, Sheet, broken
from reconciliation.reports.shown import head_of, sentence_text, total_row
from reconciliation.reports.table import Cell, Language, Report, Row

#: The foot of a page: its number and what the report is.
FOOT = 12.0
LEADING = 1.35
TITLE, SUBTITLE, BODY = 16.0, 11.0, 9.0


class Look(StrEnum):
    """How a row is painted."""

    HEAD = "head"
    BODY = "body"
    TOTAL = "total"
    CARRIED = "carried"


@dataclass(frozen=True, slots=True)
class Words:
    """Lines of text from `top` down, the first base line one `size` below it."""

    top: float
    lines: Lines
    size: float
    weight: Weight = "regular"
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """A row of a table from `top` down."""

    top: float
    height: float
    layout: Layout
    cells: Sequence[Lines]
    look: Look


Mark = Words | Cells | Picture
Page = list[Mark]


@dataclass(slots=True)
class _Pen:
    """Where the next thing goes. Lengths in points from the top of the paper down."""

    sheet: Sheet
    at: float = MARGIN
    page: Page = field(default_factory=list)

    @property
    def left(self) -> float:
        """What is left of this page."""
        return self.sheet.height - MARGIN - FOOT - self.at

    def words(self, text: str, size: float, weight: Weight = "regular", *, quiet: bool) -> None:
        lines = broken(text, self.sheet.inner, size, weight)
        self.page.append(Words(self.at, lines, size, weight, quiet))
        self.at += len(lines) * size * LEADING

    def row(self, layout: Layout, cells: Sequence[Lines], look: Look) -> None:
        height = layout.height(cells)
        self.page.append(Cells(self.at, height, layout, cells, look))
        self.at += height

    def turn(self) -> Page:
        """The page as it is; the pen stands on the next one."""
        done, self.page, self.at = self.page, [], MARGIN
        return done


def pages_of(report: Report, sheet: Sheet, language: Language) -> Iterator[Page]:
    """The pages of `report`, in order."""
    pen = _Pen(sheet)
    _opening(pen, report, language)
    yield from _charts(pen, report, language)
    for layout in sheet.layouts:
        yield from _table(pen, layout, language)
    yield from _notes(pen, [sentence_text(note, language) for note in report.notes])
    yield pen.turn()


def _opening(pen: _Pen, report: Report, language: Language) -> None:
    pen.words(language.say(report.title), TITLE, "bold", quiet=False)
    pen.at += 2
    for name, value in head_of(report, language):
        pen.words(f"{name}: {value}", BODY, quiet=True)
    for warning in report.warnings:
        pen.at += BODY / 2
        pen.words(sentence_text(warning, language), BODY, "bold", quiet=False)


def _charts(pen: _Pen, report: Report, language: Language) -> Iterator[Page]:
    """Each chart whole, before the tables as on the page."""
    pen.at += SUBTITLE if report.charts else 0
    for chart in report.charts:
        if (drawing := drawn(report, chart, language)) is None:
            continue
        if pen.left < picture(drawing, pen.sheet, pen.at).height:
            yield pen.turn()
        made = picture(drawing, pen.sheet, pen.at)
        pen.page.append(made)
        pen.at += made.height


def _notes(pen: _Pen, notes: list[str]) -> Iterator[Page]:
    """All notes on one page where they fit on one."""
    heights = [
        len(broken(note, pen.sheet.inner, BODY)) * BODY * LEADING + BODY / 2 for note in notes
    ]
    if pen.left < sum(heights):
        yield pen.turn()
    for note, height in zip(notes, heights, strict=True):
        if pen.left < height:
            yield pen.turn()
        pen.at += BODY / 2
        pen.words(note, BODY, quiet=True)


def _table(pen: _Pen, layout: Layout, language: Language) -> Iterator[Page]:
    head = layout.headings()
    opening = SUBTITLE * 3 + layout.height(head) + 4 * layout.height(((" ",),))
    if pen.left < opening:
        yield pen.turn()
    else:
        pen.at += SUBTITLE
    pen.words(language.say(layout.table.title), SUBTITLE, "bold", quiet=False)
    pen.at += 2
    pen.row(layout, head, Look.HEAD)
    yield from _rows(pen, _Sums(layout, language))
    if layout.table.totals is None:
        return
    total = total_row(layout.table, language)
    pen.row(layout, layout.sums(str(total[0]), total), Look.TOTAL)


def _rows(pen: _Pen, sums: _Sums) -> Iterator[Page]:
    """The rows; below each is room for one line of sums, carried or total."""
    layout = sums.layout
    for row in layout.table:
        cells = layout.cells(row)
        if pen.left < layout.height(cells) + sums.room:
            sums.write(pen, sums.language.say("Carried forward"))
            yield pen.turn()
            pen.row(layout, layout.headings(), Look.HEAD)
            sums.write(pen, sums.language.say("Brought forward"))
        pen.row(layout, cells, Look.BODY)
        sums.add(row)


class _Sums:
    """The sums so far of the columns that add up; of a table without totals there are none."""

    def __init__(self, layout: Layout, language: Language) -> None:
        self.layout, self.language = layout, language
        table = layout.table
        adding = [i for i, column in enumerate(table.columns) if column.adds_up]
        self.carries = table.totals is not None
        self.sums = dict.fromkeys(adding if self.carries else [], 0)

    @property
    def room(self) -> float:
        """What a line of sums needs."""
        return self.layout.height(((" ",),)) if self.carries else 0.0

    def add(self, row: Row) -> None:
        for place in self.sums:
            cell = row[place]
            self.sums[place] += cell if isinstance(cell, int) else 0

    def write(self, pen: _Pen, name: str) -> None:
        """A line of the sums so far, if there are any."""
        if self.sums:
            row: list[Cell] = [self.sums.get(i) for i in range(len(self.layout.widths))]
            pen.row(self.layout, self.layout.sums(name, row), Look.CARRIED)
