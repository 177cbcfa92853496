"""Workbooks, as internet banking exports them: values only, and never more than a desk can hold.

A workbook is a zip of XML. Before it is unpacked its own list of contents is read: the sizes stated there
are the most that unpacking will ever yield. Entities in the XML are refused by defusedxml, which the
library uses where it is installed. Formulas are refused rather than believed or computed: their
stored results are whatever the last program wrote there.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from reconciliation.statements.cells import Cell, Row
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import Layout
from reconciliation.statements.merged import filled, holds, merges_in

#: All parts of a workbook together, unpacked, in bytes, and their number.
LARGEST_UNPACKED, MOST_PARTS = 128 * 1024 * 1024, 256
#: How much smaller packing may make a part: sheets of values come to 5 to 60, pure zeros to a thousand.
#: Small parts may be anything.
STRONGEST, SMALL = 200, 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 200_000, 60
_MACROS = b"macroEnabled"
_DECLARATIONS = tuple(
    f"<!{word}".encode(encoding)
    for word in ("DOCTYPE", "ENTITY")
    for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
#: Parts that a table of values does not have: programs, and what is fetched from elsewhere.
_FOREIGN = (
    "vbaproject",
    "macrosheets/",
    "externallinks/",
    "activex/",
    "embeddings/",
    "connections.xml",
)


def xlsx_rows(raw: bytes, layout: Layout) -> Iterator[Row]:
    """The rows of a workbook, as they are asked for. Raises `Doubt`."""
    try:
        yield from _rows(raw, layout.sheet)
    except Doubt:
        raise
    except Exception as error:
        # the library raises what it meets: KeyError, ValueError, zlib's and expat's errors and more
        raise _unreadable() from error


def _unreadable() -> Doubt:
    """What the library says of it, in English, goes on as the cause."""
    return Doubt(
        "this workbook cannot be read: it is damaged or locked with a password; open it in a"
        " spreadsheet program and save it anew as .xlsx",
        line=1,
    )


def _opened(raw: bytes) -> zipfile.ZipFile:
    """The workbook's parts. Raises `Doubt` for one that is not safe to unpack."""
    try:
        book = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable() from error
    parts = book.infolist()
    if not parts or min(part.header_offset for part in parts) > 0:
        # a zip may have anything before it, a second workbook for instance
        raise Doubt("not one workbook and nothing else", line=1)
    _refuse_bombs(parts, len(raw))
    foreign = [p.filename for p in parts if any(sign in p.filename.lower() for sign in _FOREIGN)]
    if not foreign and _MACROS in _content_types(book):
        foreign = ["macroEnabled"]
    if foreign:
        raise Doubt(
            "this workbook holds more than values: %(part)s, save it as a plain .xlsx",
            line=1, part=foreign[0],
        )  # fmt: skip
    _refuse_declarations(book)
    return book


def _refuse_declarations(book: zipfile.ZipFile) -> None:
    """Raises `Doubt` for document types and entities, which the library refuses only where it would
    expand them."""
    for name in book.namelist():
        if name.lower().endswith((".xml", ".rels")) and holds(book, name, *_DECLARATIONS):
            raise Doubt("a document type or entities are declared", line=1)


def _refuse_bombs(parts: Sequence[zipfile.ZipInfo], packed: int) -> None:
    """Raises `Doubt` for more than a desk can hold, by the sizes stated (unpacking yields no more), for
    parts that lie over one another, and for what no table of values is: almost nothing, packed."""
    size = sum(part.file_size for part in parts)
    if size > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
        raise Doubt(
            "unpacked, this workbook has %(parts)s parts of %(size)s bytes, more than %(most)s of %(largest)s",
            line=1, parts=len(parts), size=size, most=MOST_PARTS, largest=LARGEST_UNPACKED,
        )  # fmt: skip
    for part in parts:
        if part.file_size > SMALL and part.file_size > STRONGEST * part.compress_size:
            raise Doubt(
                "unpacked, the part %(part)s of this workbook is more than %(times)s times its size",
                line=1, part=part.filename, times=STRONGEST,
            )  # fmt: skip
    if sum(part.compress_size for part in parts) > packed:
        raise Doubt("not one workbook and nothing else", line=1)


def _content_types(book: zipfile.ZipFile) -> bytes:
    try:
        return book.read("[Content_Types].xml")
    except KeyError as error:
        raise _unreadable() from error


def _rows(raw: bytes, name: str) -> Iterator[Row]:
    parts = _opened(raw)
    book = load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
    try:
        sheet = _sheet(book, name)
        yield from filled(_rows_of(sheet), merges_in(parts, sheet._worksheet_path.lstrip("/")))
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
