"""Bank statements: four formats in, one frozen list of entries out, believed whole or not at all.

What a bank may send and how an account's mapping describes it stands in `layout`.
"""

from __future__ import annotations

from collections.abc import Mapping

from payments.errors import Complaint
from payments.provider import InvalidStatement
from reconciliation.statements.camt053 import read_camt053
from reconciliation.statements.csv_file import read_csv
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import InvalidMapping, Layout, layout_of
from reconciliation.statements.mt940 import looks_like_mt940, read_mt940
from reconciliation.statements.rows import BankEntry, BankStatement, Party
from reconciliation.statements.texts import decoded
from reconciliation.statements.xlsx_file import read_xlsx

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
    if not raw.strip() or len(raw) > LARGEST:
        raise Doubt(
            "%(size)s bytes; a statement has from 1 to %(largest)s",
            line=1, size=len(raw), largest=LARGEST,
        )  # fmt: skip
    if raw.startswith(_OLE):
        raise Doubt("an old or locked workbook; save it as .xlsx without a password", line=1)
    named = format_of(raw)
    if named == "XLSX":
        return read_xlsx(raw, layout)
    if named == "camt.053":
        return read_camt053(raw, layout)
    text = decoded(raw, layout.encoding)
    return read_mt940(text, layout) if named == "MT940" else read_csv(text, layout)


def format_of(raw: bytes) -> str:
    """What `raw` is by its content: ``XLSX``, ``camt.053``, ``MT940``, and ``CSV`` when none of these."""
    bare = raw.removeprefix(b"\xef\xbb\xbf")
    if raw.startswith(_ZIP):
        return "XLSX"
    if bare.lstrip().startswith(b"<"):
        return "camt.053"
    # the tags of MT940 are ASCII, so any encoding that keeps every byte will do to find them
    return "MT940" if looks_like_mt940(bare.decode("latin-1")) else "CSV"
