"""Single cells of a table, whether a text file or a workbook holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from payments.narratives import plain
from reconciliation.statements.amounts import Format, minor_units, read_amount
from reconciliation.statements.dates import Dates
from reconciliation.statements.doubts import Doubt

#: What a cell can hold; an empty one is the empty text. Text files hold nothing but text.
Cell = str | Decimal | datetime

_DAY = re.compile(
    r"(?:(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})|(?P<Y>\d{4})-(?P<M>\d\d)-(?P<D>\d\d))",
    re.ASCII,
)
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row; `line` is its first line in a text file, its number in a workbook;
    `filled` are the places whose cell a merged one elsewhere fills, `across` the first and the last
    place of each cell that reaches over several columns."""

    line: int
    cells: tuple[Cell, ...]
    filled: frozenset[int] = frozenset()
    across: tuple[tuple[int, int], ...] = ()

    @property
    def blank(self) -> bool:
        return not any(text_of(cell) for cell in self.cells)

    def cell(self, place: int | None) -> Cell:
        """The cell at `place`, empty where the row is shorter or nothing stands there by design."""
        return "" if place is None or place >= len(self.cells) else self.cells[place]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date cell says: a day, perhaps a time, perhaps the reference below."""

    day: date
    at: datetime | None
    reference: str


def text_of(cell: Cell) -> str:
    """The cell's text without the line breaks a bank wrapped it with."""
    text = cell if isinstance(cell, str) else format(cell, "f" if isinstance(cell, Decimal) else "")
    return (re.sub(r"[\r\n]+", "", text) if "\n" in text or "\r" in text else text).strip()


def amount_of(row: Row, place: int | None, form: Format) -> int | None:
    """The signed minor units in a cell; None when it is empty. Raises `Doubt`, also for a merged
    cell: an amount that stands for several rows would be counted several times."""
    cell = row.cell(place)
    if place in row.filled and cell != "":
        raise Doubt("one amount stands for several rows in a merged cell", line=row.line)
    if isinstance(cell, Decimal):
        return minor_units(cell, form, row.line)
    text = text_of(cell)
    return read_amount(text, form, row.line) if text and text != "-" else None


def moment_of(cell: Cell, line: int, dates: Dates) -> Moment | None:
    """What a date cell says; None when it holds no date. Raises `Doubt` for a day that never was."""
    if isinstance(cell, datetime):
        local = cell.replace(tzinfo=dates.zone)
        # a workbook has no days, only midnights
        return Moment(local.date(), local if local.time() != time() else None, "")
    if not dates.formats:
        return _usual(cell, line, dates)
    text = text_of(cell) if isinstance(cell, Decimal) else " ".join(cell.split())
    try:
        said = dates.read(text)
    except (ValueError, OverflowError):
        raise Doubt("%(text)s is not a date", line=line, text=text) from None
    return Moment(*said, "") if said else None


def _usual(cell: str | Decimal, line: int, dates: Dates) -> Moment | None:
    """As banks write it: day, perhaps a time, perhaps below it a time and a reference."""
    lines = [part.strip() for part in text_lines(cell)]
    day, _, rest = lines[0].partition(" ") if lines else ("", "", "")
    written = _DAY.fullmatch(day)
    if written is None:
        return None
    if not rest and lines[1:] and _TIME.fullmatch(lines[1]):
        rest = lines.pop(1)
    try:
        booked_on = date(*(int(written[a] or written[b]) for a, b in ("yY", "mM", "dD")))
        clock = _clock(rest.strip()) if rest else None
    except ValueError:
        raise Doubt("%(text)s is not a date", line=line, text=" ".join(lines)) from None
    at = datetime.combine(booked_on, clock, dates.zone) if clock else None
    return Moment(booked_on, at, "".join(lines[1:]))


def folded(text: str) -> str:
    """`text` as headings and labels are compared: plain lower-case letters and digits, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", plain(text).lower()))


def text_lines(cell: Cell) -> list[str]:
    """The lines of a text cell that are not empty; a number has none."""
    return [part for part in cell.splitlines() if part.strip()] if isinstance(cell, str) else []


def _clock(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2]), int(found[3] or 0))
