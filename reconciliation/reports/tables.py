"""Tables of labels and whole numbers, and the bytes people download. The same rows, the same bytes.

CSV is for people with a spreadsheet: UTF-8 with a byte order mark, without which Excel reads
Vietnamese letters wrongly; comma-separated, CRLF (RFC 4180). A text a spreadsheet would run as a
formula is given a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from payments.errors import WrongUsage
from reconciliation.reports.footing import check_foots

Cell = str | int

#: First characters that make a spreadsheet calculate instead of show.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `adds_up` when the last row is the sum of the others."""

    label: str
    adds_up: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, rows and, if it has one, the row of totals. Raises `DoesNotFoot` when a column that
    adds up does not."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Cell] | None = None

    def __post_init__(self) -> None:
        for row in (*self.rows, *([self.totals] if self.totals is not None else [])):
            if len(row) != len(self.columns):
                raise WrongUsage(
                    "A row of %(cells)s cells does not fit %(columns)s columns.",
                    cells=len(row), columns=len(self.columns),
                )  # fmt: skip
        if self.totals is not None:
            for index, column in enumerate(self.columns):
                self._check(index, column, self.totals[index])

    def _check(self, index: int, column: Column, total: Cell) -> None:
        if column.adds_up and isinstance(total, int):
            named = {f"{n}. {row[0]}": row[index] for n, row in enumerate(self.rows, start=1)}
            parts = {name: part for name, part in named.items() if isinstance(part, int)}
            check_foots(column.label, total, parts)


def to_csv(table: Table) -> bytes:
    """The table as people's spreadsheets open it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(column.label) for column in table.columns])
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    if table.totals is not None:
        writer.writerow([_harmless(cell) for cell in table.totals])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
