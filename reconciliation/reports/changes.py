"""What a revision of a figure changes: row by row, old, new and the difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from payments.errors import Conflict
from reconciliation.reports.table import NUMBERS, Column, Kind, Report, Row, Table

#: The name of the table of changes; it is never compared itself.
CHANGES = "changes"
#: What stands for the labels of a table's totals.
TOTAL = "total"


def tables_of(body: bytes) -> dict[str, Any]:
    """The tables of a report that was written as JSON, by name."""
    tables: dict[str, Any] = json.loads(body)["tables"]
    tables.pop(CHANGES, None)
    return tables


def changes(old: Mapping[str, Any], new: Mapping[str, Any], report: Report) -> Table:
    """Every figure of `new` (the tables of `report` as JSON) that is not as it was in `old`. Rows are
    found again by the labels that tell them apart; a row that is missing on a side counts as 0."""
    words = {table.name: table.title for table in report.tables}
    labels: dict[str, str] = {TOTAL: "Total"}
    figures: dict[str, str] = {}
    for table in report.tables:
        figures |= {f"{table.name}.{column.key}": column.title for column in table.columns}
        for key in table.by:
            labels |= table.columns[table.place(key)].words
    rows = [
        row for table in report.tables
        for row in _changed(table, old.get(table.name, {}), new[table.name])
    ]  # fmt: skip
    return Table(
        CHANGES,
        "What the revision changes",
        (
            Column("table", "Table", Kind.WORD, words=words),
            Column("row", "Row", Kind.WORD, words=labels),
            Column("figure", "Figure", Kind.WORD, words=figures),
            Column("old", "Before", Kind.COUNT),
            Column("new", "Now", Kind.COUNT),
            Column("difference", "Difference", Kind.COUNT),
        ),
        rows,
        by=("table", "row", "figure"),
    )


def _changed(table: Table, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Row]:
    before, now = _by_labels(table, old), _by_labels(table, new)
    for label in sorted({*before, *now}):
        for column in table.columns:
            was = before.get(label, {}).get(column.key) or 0
            this = now.get(label, {}).get(column.key) or 0
            if column.kind in NUMBERS and was != this:
                yield table.name, label, f"{table.name}.{column.key}", was, this, this - was


def _by_labels(table: Table, written: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a table as JSON by their labels, its totals by theirs; nothing of a list."""
    rows = written.get("rows", []) if table.by else []
    found = {" ".join(str(row.get(key, "")) for key in table.by): row for row in rows}
    totals = written.get("totals")
    return found | ({TOTAL: totals} if totals and table.by else {})


def refuse_unchanged(old: Mapping[str, Any], new: Mapping[str, Any], number: int) -> None:
    """Raises `Conflict` when there is nothing to revise."""
    if old == new:
        raise Conflict(
            "These very figures are published already, as number %(number)s.", number=number
        )
