"""Bank statements: four formats in, one frozen list of entries out, believed whole or not at all.

What a bank may send and how an account's mapping describes it stands in `layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from payments.errors import Complaint
from payments.provider import InvalidStatement
from reconciliation.statements.camt053 import read_camt053
from reconciliation.statements.cells import Row
from reconciliation.statements.csv_file import csv_rows
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import InvalidMapping, Layout, layout_of
from reconciliation.statements.mt940 import looks_like_mt940, read_mt940
from reconciliation.statements.rows import BankEntry, BankStatement, Party
from reconciliation.statements.table import read_table
from reconciliation.statements.texts import decoded
from reconciliation.statements.xlsx_file import xlsx_rows

__all__ = [
    "LARGEST", "BankEntry", "BankStatement", "InvalidMapping", "Party", "format_of",
    "read_bank_statement",
]  # fmt: skip

#: Bytes of the largest file that is read: 150,000 entries in the wordiest format, twice that in others.
LARGEST = 64 * 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_bank_statement(
    name: str, raw: bytes, mapping: Mapping[str, object] | None = None
) -> BankStatement:
    """Read the statement `raw`, recognised by its content: XLSX, camt.053, MT940, else CSV.

    `name` is for messages only, `mapping` the account's (see `layout`). Raises `InvalidStatement` with
    file, line and reason for a file that is not one whole, consistent statement of the expected
    account and currency, and `InvalidMapping` for a mapping that makes no sense.
    """
    layout = layout_of(mapping)
    try:
        return _read(raw, layout)
    except Complaint as reason:
        raise InvalidStatement(
            "%(file)s, line %(line)s: %(reason)s. The whole file is refused.",
            file=name, line=reason.parts.get("line", 1), reason=reason,
        ) from reason  # fmt: skip


def _read(raw: bytes, layout: Layout) -> BankStatement:
    refuse_size(len(raw) if raw.strip() else 0)
    named = format_of(raw)
    if named == "camt.053":
        return read_camt053(raw, layout)
    if named == "MT940":
        return read_mt940(decoded(raw, layout.encoding), layout)
    return read_table(rows_of(raw, layout), layout)


def refuse_size(size: int) -> None:
    """Raises `Doubt` for a file of nothing or of more than `LARGEST` bytes."""
    if not 0 < size <= LARGEST:
        raise Doubt(
            "%(size)s bytes; a statement has from 1 to %(largest)s",
            line=1, size=size, largest=LARGEST,
        )  # fmt: skip


def rows_of(raw: bytes, layout: Layout) -> Iterator[Row]:
    """The rows of a table, in a workbook or a text file. Raises `Doubt`."""
    if raw.startswith(_OLE):
        raise Doubt("an old or locked workbook; save it as .xlsx without a password", line=1)
    return xlsx_rows(raw, layout) if format_of(raw) == "XLSX" else csv_rows(raw, layout)


def format_of(raw: bytes) -> str:
    """What `raw` is by its content: ``XLSX``, ``camt.053``, ``MT940``, and ``CSV`` when none of these."""
    bare = raw.removeprefix(b"\xef\xbb\xbf")
    if raw.startswith(_ZIP):
        return "XLSX"
    if bare.lstrip().startswith(b"<"):
        return "camt.053"
    # the tags of MT940 are ASCII, so any encoding that keeps every byte will do to find them
    return "MT940" if looks_like_mt940(bare.decode("latin-1")) else "CSV"
