"""A report as CSV, for people with a spreadsheet.

UTF-8 with a byte order mark, without which Excel reads Vietnamese letters wrongly; comma-separated,
CRLF (RFC 4180). A comma in both languages: Windows' list separator is a comma in Vietnamese too, and a
``sep=`` line would make Excel forget the mark. Amounts are plain numbers without separators of
thousands; where a currency has cents, the decimal point is the language's. Days, months and times are ISO
8601, which every spreadsheet reads as a date whatever its region. Cells that would run are neutralised.

A whole report has its tables one below another, what was asked for above them and the notes below;
one table alone (`only`) is just its headings, rows and totals, for whoever reads it by program.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import IO

from payments.money import exponent
from reconciliation.reports.formulas import harmless
from reconciliation.reports.shown import head_of, heading, local, sentence_text, total_row, word
from reconciliation.reports.table import Cell, Column, Kind, Language, Report, Row, Table


def write_csv(report: Report, language: Language, file: IO[bytes], only: str = "") -> None:
    """Write the report, or its table named `only`, row by row. Raises `WrongUsage` for a table it does
    not have."""
    _write(file, _table(report.table(only), language) if only else _report(report, language))


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """A short list as a whole: rows of text and whole numbers as they stand, harmless to a spreadsheet."""
    out = io.BytesIO()
    _write(out, ([_harmless(cell) for cell in row] for row in rows))
    return out.getvalue()


def _write(file: IO[bytes], rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    text.detach()  # flushed; the file stays open


def _harmless(cell: Cell) -> Cell:
    return harmless(cell) if isinstance(cell, str) else cell


def _report(report: Report, language: Language) -> Iterator[Row]:
    yield [language.say(report.title)]
    yield from ([name, harmless(value)] for name, value in head_of(report, language))
    yield from ([harmless(sentence_text(warning, language))] for warning in report.warnings)
    for table in report.tables:
        yield []
        yield [harmless(language.say(table.title))]
        yield from _table(table, language)
    if report.notes:
        yield []
        yield from ([harmless(sentence_text(note, language))] for note in report.notes)


def _table(table: Table, language: Language) -> Iterator[Row]:
    yield [harmless(heading(column, language)) for column in table.columns]
    for row in table:
        yield _cells(table, row, language)
    if table.totals is not None:
        yield _cells(table, total_row(table, language), language)


def _cells(table: Table, row: Row, language: Language) -> list[Cell]:
    return [_cell(cell, col, language) for cell, col in zip(row, table.columns, strict=True)]


def _cell(cell: Cell, column: Column, language: Language) -> Cell:
    if isinstance(cell, datetime):
        return f"{local(cell):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m}" if column.kind is Kind.MONTH else cell.isoformat()
    if isinstance(cell, str):
        return harmless(word(cell, column, language))
    places = {Kind.MONEY: exponent(column.currency), Kind.PERMILLE: 1}.get(column.kind, 0)
    return cell if cell is None or not places else _decimal(cell, places, language.code)


def _decimal(number: int, places: int, language: str) -> str:
    units, rest = divmod(abs(number), 10**places)
    point = "," if language == "vi" else "."
    return f"{'-' if number < 0 else ''}{units}{point}{rest:0{places}d}"
