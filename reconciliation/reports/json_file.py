"""A report as JSON, for programs: keys and codes, never translated; amounts in minor units."""

from __future__ import annotations

import json
from datetime import date, datetime

from reconciliation.reports.shown import local, sentence_text
from reconciliation.reports.table import Column, Language, Report, Row, Table


def as_json(report: Report, language: Language) -> bytes:
    """The report; only its title, warnings and notes are in `language`. Instants carry the city's
    offset. A row is an object whose keys are those of the columns."""
    said = {
        "kind": report.kind,
        "title": language.say(report.title),
        "parameters": {told.column.key: _plain(told.value) for told in report.parameters},
        "as_of": _plain(report.as_of),
        "warnings": [sentence_text(sentence, language) for sentence in report.warnings],
        "tables": {table.name: _table(table) for table in report.tables},
        "notes": [sentence_text(sentence, language) for sentence in report.notes],
    }
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()


def _table(table: Table) -> dict[str, object]:
    return {
        "columns": [_column(column) for column in table.columns],
        "rows": [_row(table, row) for row in table],
        "totals": None if table.totals is None else _row(table, table.totals),
    }


def _column(column: Column) -> dict[str, str]:
    told = {"key": column.key, "kind": column.kind.value}
    return told | ({"currency": column.currency} if column.kind == "money" else {})


def _row(table: Table, row: Row) -> dict[str, object]:
    cells = zip(table.columns, table.fitting(row), strict=True)
    return {column.key: _plain(cell) for column, cell in cells}


def _plain(cell: object) -> object:
    if isinstance(cell, datetime):
        return local(cell).isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return cell
