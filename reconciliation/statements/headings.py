"""Finding the header row of a table, by what its cells are called in Vietnamese or English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reconciliation.statements.cells import Cell, Row, folded, text_lines
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import Layout

#: A header row stands within so many rows; what comes before it is the preamble.
DEEPEST = 60
_BETWEEN = re.compile(r"[/()\[\]|]")
Columns = Mapping[str, int]


def names_of(cell: Cell) -> set[str]:
    """Everything a heading may be called: its whole text, and each language by itself."""
    lines = text_lines(cell)
    parts = [part for line in lines for part in _BETWEEN.split(line)]
    return {name for text in (" ".join(lines), *lines, *parts) if (name := folded(text))}


def columns_of(row: Row, layout: Layout) -> Columns | None:
    """Role → place, when `row` is a header row; else None. Raises `Doubt` when a role stands twice."""
    named = [names_of(cell) for cell in row.cells]
    found = {role: list(_places(named, wanted)) for role, wanted in layout.columns.items()}
    present = {role for role, places in found.items() if places}
    signed = "amount" in present or present >= {"debit", "credit"}
    if not (signed and present >= {"date", "narrative"}):
        return None
    if present >= {"debit", "credit"}:
        # headings such as "Amount (debit)" are an amount's too
        del found["amount"]
    for role, places in found.items():
        if len(places) > 1:
            raise Doubt(
                "columns %(columns)s could all be the %(role)s, the mapping must say which",
                line=row.line, role=role, columns=", ".join(str(place + 1) for place in places),
            )  # fmt: skip
    return {role: places[0] for role, places in found.items() if places}


def _places(named: Sequence[set[str]], wanted: frozenset[str]) -> Iterator[int]:
    return (place for place, names in enumerate(named) if names & wanted)


def find_header(rows: Sequence[Row], layout: Layout) -> tuple[int, Columns] | None:
    """The index of the header row among the first `DEEPEST` and its columns."""
    for index, row in enumerate(rows[:DEEPEST]):
        columns = columns_of(row, layout)
        if columns is not None:
            return index, columns
    return None
