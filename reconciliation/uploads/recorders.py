"""What is recorded of a confirmed file, step by step: a bank's statement or a provider's settlement file.

A step runs inside the caller's transaction and writes how far the upload is with what it recorded.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments.db import business_day
from payments.models import MerchantAccount
from payments.provider import StatementFile
from reconciliation.models import BANK as BANK_LEG
from reconciliation.models import SETTLEMENT, Statement
from reconciliation.statements import BankStatement, SettlementFile
from reconciliation.statements.vocabulary import BANK
from reconciliation.storing import accept
from reconciliation.uploads.announced import beside_earlier
from reconciliation.uploads.mappings import read_by
from reconciliation.uploads.meaning import Row
from reconciliation.uploads.models import StatementMapping, Upload, UploadBody
from reconciliation.uploads.naming import under_known_names
from reconciliation.uploads.parties import keep_parties
from reconciliation.uploads.parts import DAY, parts_of, rows_by_day
from reconciliation.uploads.reading import (
    bare,
    collects_into,
    read_for,
    refuse_long,
    settlement_for,
    told_rows,
)
from reconciliation.uploads.recording import KNOWN, record_rows
from reconciliation.uploads.settling import Part, settled_parts

#: Rows of a bank's statement recorded in one transaction: about a quarter of a second on one slow core.
CHUNK = 100


class Recorder(Protocol):
    """A file that was read and is to be recorded."""

    @property
    def days(self) -> Sequence[date]:
        """The business days to compare once all is recorded."""

    def step(self, tx: Session, upload: Upload, now: datetime) -> None:
        """Record some more, and write down in `upload` how far that is."""


def body_of(tx: Session, upload: Upload) -> bytes:
    """The bytes of an upload."""
    return tx.get_one(UploadBody, upload.id).body


def statement_of(tx: Session, upload: Upload, account: MerchantAccount) -> BankStatement:
    """The bank statement as it was handed in, read as it was then."""
    mapping = read_by(tx, upload)
    return read_for(account, upload.name, body_of(tx, upload), mapping, upload.offered_at)


def settlement_of(tx: Session, upload: Upload, account: MerchantAccount) -> SettlementFile:
    """The settlement file as it was handed in, to be read as it was then."""
    mapping = read_by(tx, upload)
    return settlement_for(account, upload.name, body_of(tx, upload), mapping, upload.offered_at)


def recorder_of(tx: Session, upload: Upload, account: MerchantAccount, now: datetime) -> Recorder:
    """What is to be recorded of `upload`."""
    if upload.means == BANK:
        statement = statement_of(tx, upload, account)
        rows = told_rows(account, statement, read_by(tx, upload))
        if collects_into(account):
            return BankRecorder(account, statement, under_known_names(tx, account, rows), now)
        return ArrivalRecorder(account, statement, rows, now)
    file = settlement_of(tx, upload, account)
    return SettlementRecorder(account, settled_parts(upload, file, business_day(now)))


def facts_of(
    account: MerchantAccount,
    name: str,
    raw: bytes,
    means: str,
    mapping: StatementMapping | None,
    now: datetime,
) -> dict[str, object]:
    """What an upload says of its file, which is read whole. Raises `InvalidStatement`."""
    if means == BANK:
        told = read_for(account, name, raw, mapping, now)
        return {
            "number": bare(told.account), "since": told.since, "until": told.until,
            "opening": told.opening, "closing": told.closing, "entries": len(told.entries),
        }  # fmt: skip
    file = settlement_for(account, name, raw, mapping, now)
    entries = sum(1 for _ in file.lines())
    table = file.table
    refuse_long(name, table.since, table.until)
    return {
        "number": table.account, "since": table.since, "until": table.until,
        "opening": 0, "closing": table.sums.net, "entries": entries,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Stated:
    """A bank's statement and what each of its rows is to the account."""

    account: MerchantAccount
    statement: BankStatement
    rows: Sequence[Row]
    now: datetime

    @property
    def days(self) -> Sequence[date]:
        """Every day of the statement that has begun."""
        since, last = self.statement.since, min(self.statement.until, business_day(self.now))
        return [since + n * DAY for n in range((last - since).days + 1)]


class BankRecorder(_Stated):
    """A bank's statement: some rows at a time, and with the last of them the lines to compare with."""

    def step(self, tx: Session, upload: Upload, now: datetime) -> None:
        some = self.rows[upload.recorded : upload.recorded + CHUNK]
        counted = Counter(upload.tally) + record_rows(tx, self.account, some, now)
        upload.tally, upload.recorded = dict(counted), upload.recorded + len(some)
        if upload.recorded < upload.entries:
            return
        whole = upload.number == collects_into(self.account)[0]
        parts = parts_of(upload.name, self.statement, self.rows, business_day(now), whole=whole)
        _store_all(tx, upload, parts, self.rows, now, SETTLEMENT)
        upload.state = "stored"


class ArrivalRecorder(_Stated):
    """A bank's statement of an account that a company pays out: its credits beside the payouts. They
    are lines, and no movements: a payout is booked when it is paired with its credit. All at once,
    because nobody waits for the lock of a driver's payment here."""

    def step(self, tx: Session, upload: Upload, now: datetime) -> None:
        arrivals, counted = beside_earlier(tx, self.account, self.rows)
        parts = parts_of(upload.name, self.statement, arrivals, business_day(now), whole=True)
        _store_all(tx, upload, parts, arrivals, now, BANK_LEG)
        upload.tally, upload.recorded, upload.state = dict(counted), upload.entries, "stored"


@dataclass(frozen=True, slots=True)
class SettlementRecorder:
    """A provider's settlement file: one business day at a time."""

    account: MerchantAccount
    parts: Sequence[Part]

    @property
    def days(self) -> Sequence[date]:
        return [part.file.day for part in self.parts]

    def step(self, tx: Session, upload: Upload, now: datetime) -> None:
        done = 0
        for part in self.parts:
            done += part.file.control.count
            # a day without a line is stored again with the next one, which changes nothing
            again = done < upload.recorded
            stored = None if again else store(tx, upload, part.file, now, SETTLEMENT)
            if stored is not None and done > upload.recorded:
                counted = Counter(upload.tally) + part.tally
                counted[KNOWN] += stored.repeated_count
                upload.tally, upload.recorded = dict(counted), done
                break
        if upload.recorded == upload.entries:
            upload.state = "stored"


def _store_all(
    tx: Session,
    upload: Upload,
    parts: Iterable[StatementFile],
    rows: Sequence[Row],
    now: datetime,
    leg: str,
) -> None:
    """Every day of a bank's statement, with the other side of its lines."""
    by_day = rows_by_day(rows)
    for part in parts:
        stored = store(tx, upload, part, now, leg)
        keep_parties(tx, stored, by_day.get(part.day, []))


def store(tx: Session, upload: Upload, part: StatementFile, now: datetime, leg: str) -> Statement:
    """One day of a file among the statements of its account, and whose day it is."""
    accept(tx, upload.account_id, leg, part.day, part, now)
    same = (
        Statement.account_id == upload.account_id,
        Statement.leg == leg,
        Statement.sha256 == hashlib.sha256(part.raw).hexdigest(),
    )
    unnamed = update(Statement).where(*same, Statement.upload_id.is_(None))
    tx.execute(unnamed.values(upload_id=upload.id))
    return tx.scalars(select(Statement).where(*same)).one()
