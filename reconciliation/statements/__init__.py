"""Files that people hand in: bank statements in four formats, providers' settlement files in two,
believed whole or not at all. How a table may look and how a mapping describes it stands in `layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from payments.errors import Complaint
from payments.provider import InvalidStatement, StatementLine
from reconciliation.statements.camt053 import read_camt053
from reconciliation.statements.cells import Row
from reconciliation.statements.csv_file import csv_rows
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import InvalidMapping, Layout, layout_of
from reconciliation.statements.mt940 import looks_like_mt940, read_mt940
from reconciliation.statements.rows import BankEntry, BankStatement, Party
from reconciliation.statements.settlement import SettlementTable, read_settlement
from reconciliation.statements.settlement_rows import Expected
from reconciliation.statements.table import read_table
from reconciliation.statements.texts import decoded
from reconciliation.statements.xlsx_file import xlsx_rows

__all__ = [
    "LARGEST", "BankEntry", "BankStatement", "Expected", "InvalidMapping", "Party", "SettlementFile",
    "format_of", "read_bank_statement", "read_settlement_file",
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
    with _refused_whole(name):
        return _read(raw, layout)


@dataclass(slots=True)
class SettlementFile:
    """A provider's file that was found to be a table. `table` knows what it is about once every
    line was read."""

    name: str
    table: SettlementTable

    def lines(self) -> Iterator[tuple[int, StatementLine]]:
        """Each line with its row in the file, as it is read. Raises `InvalidStatement` with file, line and
        reason when the file cannot be believed, at the latest after its last line."""
        with _refused_whole(self.name):
            yield from self.table.lines()


def read_settlement_file(
    name: str, raw: bytes, mapping: Mapping[str, object], expected: Expected
) -> SettlementFile:
    """Begin to read the settlement file `raw`, CSV or XLSX. Raises as `read_bank_statement` does."""
    layout = layout_of(mapping)
    with _refused_whole(name):
        refuse_size(len(raw) if raw.strip() else 0)
        if (found := format_of(raw)) not in ("CSV", "XLSX"):
            raise Doubt(
                "%(format)s is a bank's format, not a table of a provider", line=1, format=found
            )
        return SettlementFile(name, read_settlement(rows_of(raw, layout), layout, expected))


@contextmanager
def _refused_whole(name: str) -> Iterator[None]:
    """What is wrong anywhere in a file refuses all of it."""
    try:
        yield
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
