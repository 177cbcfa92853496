"""A chart as shapes, from the very rows of the table beside it. Lengths are whole units of the drawing.

Days and months stand side by side as columns; everything else lies as bars with its name before and its value
behind, the largest first. A chart shows; the table tells: what is too much for one picture is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reconciliation.reports.shown import cell_text, heading
from reconciliation.reports.table import Cell, Chart, Column, Kind, Language, Report, Row, Table

WIDTH = 720
#: Bars: where they begin, how long the longest is, how high one is and its row.
LEFT, LONGEST, THICK, SPACE = 210, 380, 14, 12
MOST_BARS = 15
#: Letters of a name that fit before its bar.
LETTERS = 30
#: Columns: the ground line, how high the highest is, room for the scale, and names of days or months.
GROUND, HIGHEST, SCALE = 216, 190, 116
MOST_NAMES = 12
#: No column is wider, however few there are.
WIDEST = 48


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of the series of that number, and what a reader is told who points at it."""

    x: int
    y: int
    width: int
    height: int
    series: int
    told: str


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a point; `anchor` as in SVG: start, middle or end."""

    x: int
    y: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart ready to be painted. `series`: the names of what is shown, in the order of colours;
    `lines`: heights of the lines of a scale."""

    title: str
    height: int
    series: tuple[str, ...]
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    lines: tuple[int, ...] = ()


def drawn(report: Report, chart: Chart, language: Language) -> Drawing | None:
    """The chart of a report; None when there is nothing to show."""
    table = report.table(chart.table)
    columns = [table.columns[table.place(key)] for key in chart.values]
    place = table.place(chart.label)
    rows = [
        _Bar(table, row, chart, columns, language)
        for row in table
        if not chart.rest or row[place] != chart.rest
    ]
    shown = [bar for bar in rows if any(bar.values)]
    if not shown:
        return None
    largest = max(max(bar.values) for bar in shown)
    series = tuple(heading(column, language) for column in columns)
    title = language.say(chart.title)
    if isinstance(rows[0].label, date):
        return _columns(title, series, rows, max(largest, 1))
    if chart.by_size:
        shown = sorted(shown, key=lambda bar: -sum(bar.values))[:MOST_BARS]
    return _bars(title, series, shown, max(largest, 1))


class _Bar:
    """One row of the table: its name and its values, none below zero."""

    def __init__(
        self, table: Table, row: Row, chart: Chart, columns: Sequence[Column], language: Language
    ) -> None:
        column = table.columns[table.place(chart.label)]
        self.label: Cell = row[table.place(chart.label)]
        self.name = cell_text(self.label, column, language) or "–"
        # below a column a day goes without its year
        self.below = self.name if column.kind is Kind.MONTH else self.name[:5]
        cells = [row[table.place(key)] for key in chart.values]
        self.values = [max(cell, 0) if isinstance(cell, int) else 0 for cell in cells]
        self.texts = [
            cell_text(value, column, language)
            for value, column in zip(self.values, columns, strict=True)
        ]

    def told(self, series: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """(number of the series, value, what is said of it)."""
        for number, value in enumerate(self.values):
            yield number, value, f"{self.name}: {series[number]} {self.texts[number]}"


def _bars(title: str, series: tuple[str, ...], bars: Sequence[_Bar], largest: int) -> Drawing:
    shapes: list[Shape] = []
    labels: list[Label] = []
    row = THICK * len(series) + SPACE
    for place, bar in enumerate(bars):
        top = place * row + SPACE
        labels.append(Label(LEFT - 10, top + (row - SPACE) // 2 + 5, _short(bar.name), "end"))
        for number, value, told in bar.told(series):
            y, length = top + number * THICK, value * LONGEST // largest
            shapes.append(Shape(LEFT, y, max(length, 1), THICK - 2, number, told))
            labels.append(Label(LEFT + length + 8, y + 11, bar.texts[number], "start"))
    return Drawing(title, len(bars) * row + SPACE, series, tuple(shapes), tuple(labels))


def _columns(title: str, series: tuple[str, ...], bars: Sequence[_Bar], largest: int) -> Drawing:
    shapes: list[Shape] = []
    step = (WIDTH - SCALE) // len(bars)
    wide = min(max((step - max(step // 4, 2)) // len(series), 1), WIDEST)
    for place, bar in enumerate(bars):
        left = SCALE + place * step + (step - wide * len(series)) // 2
        for number, value, told in bar.told(series):
            high = value * HIGHEST // largest
            x = left + number * wide
            shapes.append(Shape(x, GROUND - high, wide, max(high, 1), number, told))
    every = -(-len(bars) // MOST_NAMES)
    labels = [
        Label(SCALE + place * step + step // 2, GROUND + 20, bar.below, "middle")
        for place, bar in enumerate(bars)
        if place % every == 0
    ]
    scale = _scale(bars, largest)
    return Drawing(
        title, GROUND + 30, series, tuple(shapes), (*labels, *scale), (GROUND - HIGHEST, GROUND)
    )


def _scale(bars: Sequence[_Bar], largest: int) -> Iterator[Label]:
    """The largest value beside the highest line, and nothing beside the ground."""
    highest = next(
        text
        for bar in bars
        for value, text in zip(bar.values, bar.texts, strict=True)
        if value == largest
    )
    yield Label(SCALE - 8, GROUND - HIGHEST + 4, highest, "end")
    yield Label(SCALE - 8, GROUND + 4, "0", "end")


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
