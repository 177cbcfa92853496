"""A report before anybody wrote it down: the tables every rendering is made from.

A `Report` is what CSV, XLSX, PDF, JSON and the page have in common, so they cannot differ. It knows
labels and names as plain text and asks no clock: the same rows give the same bytes, always.

Titles and sentences are English templates; a `Language` says them in the reader's tongue when they
are written. Rows may come from a query that is read again at each pass (`Rows`), so that a long
table never lies in memory as a whole. `reconciliation.reports.footing.check` refuses a report whose
parts do not make its totals; every writer's caller checks first (`parking.reports.build`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Protocol

from payments.errors import WrongUsage
from payments.money import Money

#: Text, a whole number (a count, minor units, thousandths), a day, an aware instant, or nothing.
Cell = str | int | date | datetime | None
Row = Sequence[Cell]


class Kind(StrEnum):
    """What the cells of a column are. `WORD` cells are codes that `Column.words` says for people;
    `COUNT`, `MONEY` (minor units of `Column.currency`) and `PERMILLE` cells are whole numbers; a `MONTH`
    is told by its first day."""

    TEXT = "text"
    WORD = "word"
    COUNT = "count"
    MONEY = "money"
    PERMILLE = "permille"
    DATE = "date"
    MONTH = "month"
    INSTANT = "instant"


#: Kinds whose cells are whole numbers and stand to the right.
NUMBERS = (Kind.COUNT, Kind.MONEY, Kind.PERMILLE)


class Say(Protocol):
    """Says an English template in one language."""

    def __call__(self, sentence: str, /, **parts: object) -> str:
        """`sentence` translated, its ``%(name)s`` parts filled."""


@dataclass(frozen=True, slots=True)
class Language:
    """``vi`` or ``en``, and how to say a sentence in it."""

    code: str
    say: Say


@dataclass(frozen=True, slots=True)
class Column:
    """`key` names it for programs and never changes; `title` is an English template for people.

    `adds_up`: the cell under it in `Table.totals` is the sum of the column, and every table of the
    same `Table.whole` reaches the same sum in its column of this key. `words`: code → sentence.
    """

    key: str
    title: str
    kind: Kind = Kind.TEXT
    currency: str = "VND"
    adds_up: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sum:
    """In every row, and in the totals, `whole` is the `plus` columns less the `minus` columns."""

    whole: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lazy:
    """Rows read anew at each pass, as a query gives them. `read` must give the same rows each time."""

    read: Callable[[], Iterator[Row]]

    def __iter__(self) -> Iterator[Row]:
        return self.read()


Rows = Sequence[Row] | Lazy


@dataclass(frozen=True, slots=True)
class Table:
    """`name` for programs, `title` for people. `by`: keys of the columns that tell its rows apart;
    empty for a list of rows nobody compares.

    `whole` names the figure its rows are parts of: tables of one whole must reach the same totals.
    `refines` names a coarser table whose rows this one splits: grouped by that table's `by` it must
    give that table's rows. `sums` hold in every row. Raises `WrongUsage` for keys that are no column.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Rows
    totals: Row | None = None
    by: tuple[str, ...] = ()
    whole: str = ""
    refines: str = ""
    sums: tuple[Sum, ...] = ()

    def __post_init__(self) -> None:
        keys = [column.key for column in self.columns]
        named = [*self.by, *(key for s in self.sums for key in (s.whole, *s.plus, *s.minus))]
        if unknown := sorted({*named} - {*keys}) or len(keys) != len({*keys}):
            raise WrongUsage(
                "Table %(table)s names columns it does not have, or has twice: %(keys)s.",
                table=self.name,
                keys=", ".join(map(str, unknown if isinstance(unknown, list) else keys)),
            )

    def place(self, key: str) -> int:
        """Where the column of that key stands."""
        return [column.key for column in self.columns].index(key)

    def __iter__(self) -> Iterator[Row]:
        """The rows, each as wide as the table. Raises `WrongUsage`."""
        for row in self.rows:
            yield self.fitting(row)

    def fitting(self, row: Row) -> Row:
        """`row`, if it has a cell for every column. Raises `WrongUsage`."""
        if len(row) == len(self.columns):
            return row
        raise WrongUsage(
            "A row of %(cells)s cells does not fit %(columns)s columns.",
            cells=len(row),
            columns=len(self.columns),
        )

    def first(self, most: int) -> list[Row]:
        """Its first rows."""
        return list(islice(self, most))


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English template and its parts. Whole numbers, days, instants and `Money` among them are
    written as the reader writes them."""

    text: str
    parts: Mapping[str, str | int | date | datetime | Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What was asked for: the period, an operator. `column` says how `value` is written."""

    column: Column
    value: Cell


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of `table`'s rows: `label` and `values` are keys of its columns; `by_size`: the
    largest first, else in the order of the rows. The row whose label is `rest` sums up what is not
    shown by itself, and would be the largest of all."""

    table: str
    title: str
    label: str
    values: tuple[str, ...]
    by_size: bool = True
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """`kind` names it for programs; `as_of`: when its oldest figure was computed, None before there
    is one. `warnings` stand above the figures (days that are not closed), `notes` below them
    (definitions, rates, what a revision changed)."""

    kind: str
    title: str
    parameters: tuple[Parameter, ...]
    as_of: datetime | None
    tables: tuple[Table, ...]
    notes: tuple[Sentence, ...] = ()
    warnings: tuple[Sentence, ...] = ()
    charts: tuple[Chart, ...] = ()

    def table(self, name: str) -> Table:
        """The table of that name. Raises `WrongUsage` naming those there are."""
        for table in self.tables:
            if table.name == name:
                return table
        raise WrongUsage(
            "Report %(kind)s has no table %(table)s; it has %(known)s.",
            kind=self.kind,
            table=name,
            known=", ".join(table.name for table in self.tables),
        )
