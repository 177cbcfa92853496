"""Files that people hand in, their bytes, and how an account's files are read."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of this package whose rows may never change; of an upload, what the file was when it came.
APPEND_ONLY = ("statement_mapping", "upload")


class Upload(Base):
    """A file that somebody handed in for an account; whole days of it become `Statement`.

    `means` ``bank`` (a bank's statement) or ``settlement`` (a provider's file), `mapping_id` the version
    of the account's mapping that read it. `number` is the account or merchant number in the file,
    `since` to `until` its period, both days included, `opening` and `closing` its balances, signed
    minor units: a settlement file opens with nothing and closes with its net. `state`: offered
    (read and shown, not believed yet), begun (`recorded` of its `entries` are in the books), stored
    (all are, and its lines stand beside them) or done (compared, too). `tally` counts what became
    of the entries.
    """

    __tablename__ = "upload"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    name: Mapped[str]
    sha256: Mapped[str]
    means: Mapped[str] = mapped_column(default="bank")
    mapping_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("statement_mapping.id"))
    number: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    opening: Mapped[int]
    closing: Mapped[int]
    entries: Mapped[int]
    state: Mapped[str] = mapped_column(default="offered")
    recorded: Mapped[int] = mapped_column(default=0)
    tally: Mapped[dict[str, Any]] = mapped_column(default=dict)
    offered_by: Mapped[str]
    offered_at: Mapped[datetime]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("account_id", "sha256"),
        CheckConstraint("state IN ('offered', 'begun', 'stored', 'done')", name="state"),
        CheckConstraint("recorded BETWEEN 0 AND entries", name="recorded"),
        CheckConstraint("means IN ('bank', 'settlement')", name="means"),
        Index("ix_upload_number", "account_id", "number", "since"),
    )


class StatementMapping(Base):
    """One version of how an account's files are read (`statements.layout`), who wrote it and when.
    The highest version of a meaning holds; what was read by an older one stays read so. `digest` is the
    SHA-256 of the mapping as `payments.audit.encode` writes it, alike on every database. Append-only."""

    __tablename__ = "statement_mapping"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    version: Mapped[int]
    means: Mapped[str]
    mapping: Mapped[dict[str, Any]]
    digest: Mapped[str]
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_id", "version"),
        CheckConstraint("means IN ('bank', 'settlement')", name="means"),
        CheckConstraint("version > 0", name="version"),
    )


class LineParty(Base):
    """Who stands on the other side of a line, where a bank's statement says it in a column of its own;
    empty where it does not. It names a person, so it stands beside the line, and retention may delete
    it: the file that says so is kept by its digest."""

    __tablename__ = "line_party"

    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement_line.id"), primary_key=True)
    name: Mapped[str]
    account: Mapped[str]


class UploadBody(Base):
    """The bytes of an upload exactly as they were handed in."""

    __tablename__ = "upload_body"

    upload_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
