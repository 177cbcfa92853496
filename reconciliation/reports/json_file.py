"""A report as JSON, for programs: keys and codes are never translated; amounts in minor units.

Rows are written as they come, in the very form the standard library gives a whole document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import IO

from reconciliation.reports.shown import local, sentence_text
from reconciliation.reports.table import Column, Kind, Language, Report, Row, Table

_encode = json.JSONEncoder(ensure_ascii=False, indent=2).encode
#: Stands between the parts of what was encoded, never within a text, where it is spelled out.
NEW_LINE = "\n"


def write_json(report: Report, language: Language, file: IO[bytes]) -> None:
    """Write the report; titles, warnings and notes are in `language`, with what codes are called.
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
    for piece in _spelled(said, "\n"):
        file.write(piece.encode())
    file.write(b"\n")


def _spelled(value: object, margin: str) -> Iterator[str]:
    """`value` with an indent of two, `margin` being the line break before its end. Objects are opened,
    the rows of an iterator taken one by one; everything else is short and written as a whole."""
    inner, before = f"{margin}  ", ""
    if isinstance(value, Mapping):
        yield "{"
        for key, part in value.items():
            yield f"{before}{inner}{_encode(key)}: "
            yield from _spelled(part, inner)
            before = ","
        yield f"{margin}}}" if before else "}"
    elif isinstance(value, Iterator):
        yield "["
        for part in value:
            yield f"{before}{inner}{_encode(part).replace(NEW_LINE, inner)}"
            before = ","
        yield f"{margin}]" if before else "]"
    else:
        yield _encode(value).replace(NEW_LINE, margin)


def _table(table: Table, language: Language) -> dict[str, object]:
    return {
        "title": language.say(table.title),
        "by": table.by,
        "columns": [_column(column, language) for column in table.columns],
        "rows": (_row(table, row) for row in table),
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
    return {column.key: _plain(cell, column.kind) for column, cell in cells}


def _plain(cell: object, kind: Kind | None = None) -> object:
    if isinstance(cell, datetime):
        return local(cell).isoformat(timespec="seconds")
    if isinstance(cell, date):
        return f"{cell:%Y-%m}" if kind is Kind.MONTH else cell.isoformat()
    return cell
