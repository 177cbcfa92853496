"""Where a stored line was read: the file somebody handed in, and the line of it.

`StatementLine.position` counts within one business day's part. A settlement file's part lists the rows
of its lines (`uploads.settling`). A bank statement's part is the same whichever format it came in, so
it cannot: the original is read once more, by the version of the mapping that read it then, and a
day's entries stand in it in the order of their positions.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.models import Statement, StatementBody, StatementLine
from reconciliation.packing import unpack
from reconciliation.statements.vocabulary import BANK
from reconciliation.uploads.arriving import arrived
from reconciliation.uploads.mappings import read_by
from reconciliation.uploads.models import Upload
from reconciliation.uploads.reading import collects_into, told_rows
from reconciliation.uploads.recorders import statement_of


@dataclass(frozen=True, slots=True)
class Origin:
    """The file, and the line in it, counted from 1 as in every message about it; None when the kept
    bytes of the day's part no longer say."""

    upload: Upload
    row: int | None


def origins(tx: Session, lines: Iterable[StatementLine]) -> Mapping[uuid.UUID, Origin]:
    """Line id → its origin; lines of files that nobody handed in are left out. Raises
    `InvalidStatement` for a bank statement that is no longer read as it was."""
    rows = list(lines)
    query = (
        select(Statement, Upload)
        .join(Upload, Upload.id == Statement.upload_id)
        .where(Statement.id.in_({row.statement_id for row in rows}))
    )
    handed = {statement.id: (statement, upload) for statement, upload in tx.execute(query)}
    banks = {upload for _, upload in handed.values() if upload.means == BANK}
    days = {upload.id: _rows_by_day(tx, upload) for upload in banks}
    listed = {
        statement.id: days[upload.id].get(statement.day, ())
        if upload.id in days
        else _rows_listed(tx, statement)
        for statement, upload in handed.values()
    }
    return {
        row.id: Origin(handed[row.statement_id][1], _at(listed[row.statement_id], row.position))
        for row in rows
        if row.statement_id in handed
    }


def _at(rows: Sequence[int], position: int) -> int | None:
    return rows[position - 1] if position <= len(rows) else None


def _rows_listed(tx: Session, statement: Statement) -> Sequence[int]:
    """What the part of a settlement file says of its lines' rows."""
    raw = unpack(tx.get_one(StatementBody, statement.id).body)
    return json.loads(raw)["rows"] if raw else ()


def _rows_by_day(tx: Session, upload: Upload) -> Mapping[date, Sequence[int]]:
    """The line of each entry of a bank's statement that was stored, by the day it was booked."""
    found: dict[date, list[int]] = {}
    account = tx.get_one(MerchantAccount, upload.account_id)
    rows = told_rows(account, statement_of(tx, upload, account), read_by(tx, upload))
    for row in rows if collects_into(account) else arrived(rows):
        found.setdefault(row.entry.booked_on, []).append(row.entry.line)
    return found
