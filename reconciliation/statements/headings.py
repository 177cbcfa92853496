"""Finding where a table begins: its header row, by what its cells are called, or its first entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from reconciliation.statements.cells import Cell, Row, folded, moment_of, text_lines
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import Layout
from reconciliation.statements.vocabulary import BANK

#: A header row stands within so many rows; what comes before it is the preamble.
DEEPEST = 60
_BETWEEN = re.compile(r"[/()\[\]|]")
Columns = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Begun:
    """A file at the first row below its header: what stood above, which role is in which column,
    how wide the header is (None: there is none), and the rows that follow."""

    above: Sequence[Row]
    columns: Columns
    width: int | None
    rows: Iterator[Row]


def names_of(cell: Cell) -> set[str]:
    """Everything a heading may be called: its whole text, and each language by itself."""
    lines = text_lines(cell)
    parts = [part for line in lines for part in _BETWEEN.split(line)]
    return {name for text in (" ".join(lines), *lines, *parts) if (name := folded(text))}


def columns_of(row: Row, layout: Layout) -> Columns | None:
    """Role → place, when `row` is a header row; else None. Raises `Doubt` when a role stands twice."""
    found = _found(row, layout)
    present = {role for role, places in found.items() if places}
    if _lacking(present, layout) or _in_one_cell(found):
        return None
    if present >= {"debit", "credit"} and "amount" not in layout.named:
        # headings such as "Amount (debit)" are an amount's too
        found.pop("amount", None)
    for role, places in found.items():
        if len(places) > 1:
            raise Doubt(
                "columns %(columns)s could all be the %(role)s, the mapping must say which",
                line=row.line, role=role, columns=", ".join(str(place + 1) for place in places),
            )  # fmt: skip
    return {role: places[0] for role, places in found.items() if places}


def _found(row: Row, layout: Layout) -> dict[str, list[int]]:
    named = [names_of(cell) for cell in row.cells]
    return {
        role: [layout.places[role]] if role in layout.places else list(_places(named, wanted))
        for role, wanted in layout.columns.items()
    }


def _places(named: Sequence[set[str]], wanted: frozenset[str]) -> Iterator[int]:
    return (place for place, names in enumerate(named) if names & wanted)


def _in_one_cell(found: Mapping[str, list[int]]) -> bool:
    """Whether a whole line was taken for one cell, because other signs part its columns."""
    amounts = [found[role] for role in ("amount", "debit", "credit") if found.get(role)]
    return found["date"] in amounts


def _lacking(present: set[str], layout: Layout) -> list[str]:
    """The roles without which a row is no header, `present` ones aside."""
    lacking = sorted(({"date", *layout.named} | _own(layout, present)) - present)
    signed = "amount" in present or present >= {"debit", "credit"}
    return lacking if signed or "amount" in lacking else [*lacking, "amount"]


def _own(layout: Layout, present: set[str]) -> set[str]:
    """What a row of this meaning needs besides a date and an amount."""
    if layout.means == BANK:
        return {"narrative"}
    known_by = {"line", "transaction", "order"} & present
    return {*(() if known_by else ("transaction",)), *(("status",) if layout.statuses else ())}


def begin(rows: Iterable[Row], layout: Layout) -> Begun:
    """Find where the table begins among the first `DEEPEST` rows. Raises `Doubt`."""
    rest = iter(rows)
    first = list(islice(rest, DEEPEST))
    if not _lacking(set(layout.places), layout):
        return _by_position(first, rest, layout)
    index = find_header(first, layout)
    if index is None:
        raise Doubt(
            "no header row among the first %(count)s rows: the best of them, line %(best)s, lacks"
            " the columns %(columns)s",
            line=1, count=DEEPEST, **_best(first, layout),
        )  # fmt: skip
    columns = columns_of(first[index], layout) or {}
    width = len(first[index].cells)
    return Begun(first[:index], columns, width, chain(first[index + 1 :], rest))


def find_header(rows: Sequence[Row], layout: Layout) -> int | None:
    """The index of the header row; of two lines of headings the lower one, which merged cells of
    the upper one fill."""
    found = (place for place, row in enumerate(rows) if columns_of(row, layout) is not None)
    index = next(found, None)
    return index + 1 if index is not None and next(found, None) == index + 1 else index


def _by_position(first: Sequence[Row], rest: Iterator[Row], layout: Layout) -> Begun:
    place = layout.places.get("date")
    for index, row in enumerate(first):
        if place is not None and moment_of(row.cell(place), row.line, layout.dates):
            return Begun(first[:index], dict(layout.places), None, chain(first[index:], rest))
    raise Doubt(
        "no row among the first %(count)s has a date in its column %(place)s",
        line=1, count=DEEPEST, place=(place or 0) + 1,
    )  # fmt: skip


def _best(rows: Sequence[Row], layout: Layout) -> dict[str, object]:
    """The row that lacks the fewest columns of a header."""
    lacking = [
        (_lacking({role for role, places in _found(row, layout).items() if places}, layout), row)
        for row in rows
    ]
    columns, row = min(lacking, key=lambda one: len(one[0]), default=(["date"], Row(1, ())))
    return {"best": row.line, "columns": ", ".join(columns)}
