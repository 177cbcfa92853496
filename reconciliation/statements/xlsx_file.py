"""Workbooks, as internet banking exports them: values only, and never more than a desk can hold.

A workbook is a zip of XML. Before it is unpacked its own list of contents is read: the sizes stated there
are the most that unpacking will ever yield. Entities in the XML are refused by defusedxml, which the
library uses where it is installed. Formulas are refused rather than believed or computed: their
stored results are whatever the last program wrote there.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from reconciliation.statements.cells import Cell, Row
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankStatement
from reconciliation.statements.table import read_table

#: All parts of a workbook together, unpacked, in bytes, and their number.
LARGEST_UNPACKED, MOST_PARTS = 128 * 1024 * 1024, 256
MOST_ROWS, MOST_COLUMNS = 200_000, 60
#: Parts that a table of values does not have: programs, and what is fetched from elsewhere.
_FOREIGN = (
    "vbaproject",
    "macrosheets/",
    "externallinks/",
    "activex/",
    "embeddings/",
    "connections.xml",
)


def read_xlsx(raw: bytes, layout: Layout) -> BankStatement:
    """The statement in a workbook. Raises `Doubt`."""
    _refuse_unsafe(raw)
    try:
        rows = list(_rows(raw, layout.sheet))
    except Doubt:
        raise
    except Exception as error:
        # the library raises what it meets: KeyError, ValueError, zlib's and expat's errors and more
        raise _unreadable(error.__cause__ or error.__context__ or error) from error
    return read_table(rows, layout)


def _unreadable(error: BaseException) -> Doubt:
    reason = str(error) or type(error).__name__
    return Doubt("this workbook cannot be read: %(reason)s", line=1, reason=reason)


def _refuse_unsafe(raw: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable(error) from error
    if not parts or min(part.header_offset for part in parts) > 0:
        # a zip may have anything before it, a second workbook for instance
        raise Doubt("not one workbook and nothing else", line=1)
    size = sum(part.file_size for part in parts)
    if size > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
        raise Doubt(
            "unpacked, this workbook has %(parts)s parts of %(size)s bytes, more than %(most)s of %(largest)s",
            line=1, parts=len(parts), size=size, most=MOST_PARTS, largest=LARGEST_UNPACKED,
        )  # fmt: skip
    foreign = [p.filename for p in parts if any(sign in p.filename.lower() for sign in _FOREIGN)]
    if foreign:
        raise Doubt(
            "this workbook holds more than values: %(part)s, save it as a plain .xlsx",
            line=1, part=foreign[0],
        )  # fmt: skip


def _rows(raw: bytes, sheet: str) -> Iterator[Row]:
    book = load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
    try:
        yield from _rows_of(_sheet(book, sheet))
    finally:
        book.close()


def _sheet(book: Any, name: str) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if name not in names and not (name == "" and len(names) == 1):
        raise Doubt(
            "the workbook has the sheets %(sheets)s, the mapping must name one of them",
            line=1, sheets=", ".join(names),
        )  # fmt: skip
    return book[name or names[0]]


def _rows_of(sheet: Any) -> Iterator[Row]:
    # what the sheet says of its own size may be wrong or absurd
    sheet.reset_dimensions()
    for line, cells in enumerate(
        sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS + 1), start=1
    ):
        row = Row(line, tuple(_value(cell, line) for cell in cells))
        if line > MOST_ROWS or row.cell(MOST_COLUMNS) != "":
            raise Doubt(
                "more than %(rows)s rows or %(columns)s columns",
                line=line, rows=MOST_ROWS, columns=MOST_COLUMNS,
            )  # fmt: skip
        yield row


def _value(cell: Any, line: int) -> Cell:
    value = cell.value
    if cell.data_type in ("f", "e", "b"):
        raise Doubt("%(value)s is a formula or an error, not a value", line=line, value=value)
    if value is None:
        return ""
    if isinstance(value, int | float):
        # the shortest text that is this number is what was typed
        return Decimal(str(value))
    if isinstance(value, str | datetime):
        return value
    raise Doubt("%(value)s is neither a text, a number nor a date", line=line, value=value)
