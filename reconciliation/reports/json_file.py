"""A report as JSON, for programs: keys and codes are never translated; amounts in minor units."""

from __future__ import annotations

import json
from datetime import date, datetime

from reconciliation.reports.shown import local, sentence_text
from reconciliation.reports.table import Column, Kind, Language, Report, Row, Table


def as_json(report: Report, language: Language) -> bytes:
    """The report; titles, warnings and notes are in `language`, with what codes are called.
    Instants carry the city's offset. A row is an object whose keys are those of the columns."""
    said = {
        "kind": report.kind,
        "title": language.say(report.title),
        "parameters": {told.column.key: _plain(told.value) for told in report.parameters},
        "as_of": _plain(report.as_of),
        "warnings": [sentence_text(sentence, language) for sentence in report.warnings],
        "tables": {table.name: _table(table, language) for table in report.tables},
        "notes": [sentence_text(sentence, language) for sentence in report.notes],
    }
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()


def _table(table: Table, language: Language) -> dict[str, object]:
    return {
        "title": language.say(table.title),
        "by": table.by,
        "columns": [_column(column, language) for column in table.columns],
        "rows": [_row(table, row) for row in table],
        "totals": None if table.totals is None else _row(table, table.totals),
    }


def _column(column: Column, language: Language) -> dict[str, object]:
    told: dict[str, object] = {
        "key": column.key,
        "title": language.say(column.title),
        "kind": column.kind.value,
    }
    if column.kind is Kind.MONEY:
        told["currency"] = column.currency
    if column.words:
        told["words"] = {code: language.say(word) for code, word in column.words.items()}
    return told


def _row(table: Table, row: Row) -> dict[str, object]:
    cells = zip(table.columns, table.fitting(row), strict=True)
    return {column.key: _plain(cell) for column, cell in cells}


def _plain(cell: object) -> object:
    if isinstance(cell, datetime):
        return local(cell).isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else cell
