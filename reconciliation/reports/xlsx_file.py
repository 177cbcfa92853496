"""A report as an Excel workbook: a first sheet that says what it is, then one sheet a table.

Amounts, counts and shares are numbers with a format, days and times are dates, everything else is
written as text even where it looks like a formula. Rows go to disk as they come (constant memory);
a table that outgrows a sheet goes on in the next one, its headings repeated. The workbook's own dates
are fixed, so the same rows give the same bytes.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from payments.money import exponent
from reconciliation.reports.shown import (
    cell_text,
    head_of,
    heading,
    local,
    sentence_text,
    total_row,
    word,
)  # fmt: skip
from reconciliation.reports.table import NUMBERS, Cell, Column, Kind, Language, Report, Row, Table

#: Rows of one sheet (ECMA-376; Excel's limit), the headings included.
SHEET_ROWS = 1_048_576
#: Letters of a sheet's name, and those it cannot have (Excel's limits).
NAME_LETTERS = 31
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
#: Rows looked at to find how wide a column must be, and how narrow or wide it may get.
LOOKED_AT = 200
NARROWEST, WIDEST = 9, 48
#: The workbook's own date; the format has no zones.
MADE = datetime(2026, 1, 1)  # noqa: DTZ001
GROUND, RULE = "#E8EEF4", "#8A99A8"
_TITLE = {"bold": True, "font_size": 15}


def write_xlsx(report: Report, language: Language, file: IO[bytes]) -> None:
    """Write the report to `file`, in constant memory however long its tables are."""
    book = Workbook(file, {"constant_memory": True})
    book.set_properties({"title": language.say(report.title), "created": MADE})
    _write_cover(book, report, language)
    for table in report.tables:
        _Sheets(book, table, language).write()
    book.close()


def _write_cover(book: Workbook, report: Report, language: Language) -> None:
    sheet = book.add_worksheet(_sheet_name(book, language.say("About")))
    strong = book.add_format({"bold": True})
    sheet.set_column(0, 1, 30)
    sheet.write_string(0, 0, language.say(report.title), book.add_format(_TITLE))
    at = 2
    for name, value in head_of(report, language):
        sheet.write_string(at, 0, name, strong)
        sheet.write_string(at, 1, value)
        at += 1
    for sentence in (*report.warnings, *report.notes):
        at += 1
        sheet.write_string(at, 0, sentence_text(sentence, language))


class _Sheets:
    """One table over as many sheets as it needs."""

    def __init__(self, book: Workbook, table: Table, language: Language) -> None:
        self.book, self.table, self.language = book, table, language
        self.plain = [self._format(column, {}) for column in table.columns]
        total = {"bold": True, "top": 1, "top_color": RULE}
        self.total = [self._format(column, total) for column in table.columns]
        self.head = [
            book.add_format({"bold": True, "bg_color": GROUND, "text_wrap": True, "valign": "top",
                             "align": "right" if column.kind in NUMBERS else "left"})
            for column in table.columns
        ]  # fmt: skip
        self.widths = [self._width(index) for index in range(len(table.columns))]

    def write(self) -> None:
        sheet, at = self._begin(), 1
        for row in self.table:
            if at == SHEET_ROWS:
                sheet, at = self._begin(), 1
            self._write_row(sheet, at, row, self.plain)
            at += 1
        if self.table.totals is not None:
            if at == SHEET_ROWS:
                sheet, at = self._begin(), 1
            self._write_row(sheet, at, total_row(self.table, self.language), self.total)

    def _begin(self) -> Worksheet:
        sheet = self.book.add_worksheet(_sheet_name(self.book, self.language.say(self.table.title)))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for index, width in enumerate(self.widths):
            sheet.set_column(index, index, width)
        for index, column in enumerate(self.table.columns):
            sheet.write_string(0, index, heading(column, self.language), self.head[index])
        return sheet

    def _write_row(self, sheet: Worksheet, at: int, row: Row, formats: list[Format]) -> None:
        for index, (cell, column) in enumerate(zip(row, self.table.columns, strict=True)):
            self._write(sheet, at, index, cell, column, formats[index])

    def _write(
        self, sheet: Worksheet, at: int, index: int, cell: Cell, column: Column, style: Format
    ) -> None:
        """Text is always written as text: nothing is left to be guessed from its first letter."""
        if cell is None:
            sheet.write_blank(at, index, None, style)
        elif isinstance(cell, str):
            sheet.write_string(at, index, word(cell, column, self.language), style)
        elif isinstance(cell, datetime):
            sheet.write_datetime(at, index, local(cell).replace(tzinfo=None), style)
        elif isinstance(cell, date):
            sheet.write_datetime(at, index, cell, style)
        else:
            sheet.write_number(at, index, _scaled(cell, column), style)

    def _format(self, column: Column, more: dict[str, object]) -> Format:
        pattern = {
            Kind.COUNT: "#,##0",
            Kind.MONEY: _amounts(column.currency),
            Kind.PERMILLE: "0.0%",
            Kind.DATE: "dd/mm/yyyy",
            Kind.MONTH: "mm/yyyy",
            Kind.INSTANT: "dd/mm/yyyy hh:mm:ss",
        }.get(column.kind, "@")
        return self.book.add_format({"num_format": pattern, "valign": "top", **more})

    def _width(self, index: int) -> float:
        column = self.table.columns[index]
        cells = [row[index] for row in self.table.first(LOOKED_AT)]
        if self.table.totals is not None:
            cells.append(total_row(self.table, self.language)[index])
        longest = max((len(cell_text(cell, column, self.language)) for cell in cells), default=0)
        words = heading(column, self.language).split()
        longest = max(longest, *(len(part) for part in words))
        return min(max(longest + 2, NARROWEST), WIDEST)


def _amounts(currency: str) -> str:
    places = exponent(currency)
    return "#,##0" + (f".{'0' * places}" if places else "")


def _scaled(number: int, column: Column) -> int | Decimal:
    """A number as the sheet keeps it: whole units with the minor unit behind the point, a share of 1.
    Excel holds fifteen digits, more than any amount of ours has."""
    if column.kind is Kind.PERMILLE:
        return Decimal(number).scaleb(-3)
    places = exponent(column.currency) if column.kind is Kind.MONEY else 0
    return Decimal(number).scaleb(-places) if places else number


def _sheet_name(book: Workbook, title: str) -> str:
    """`title` as a sheet may be called, told apart from the sheets before it."""
    taken = {sheet.get_name().casefold() for sheet in book.worksheets()}
    plain = title.translate(FORBIDDEN).strip()
    name, count = plain[:NAME_LETTERS].strip(), 1
    while name.casefold() in taken:
        count += 1
        ending = f" {count}"
        name = plain[: NAME_LETTERS - len(ending)].strip() + ending
    return name
