"""What cannot be forged unseen: digests, append-only triggers, the bytes of statements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from payments.audit import encode, salted_digest
from payments.models import APPEND_ONLY as MONEY_TABLES
from payments.models import Audit, AuditDetail, Notice, NoticeBody
from reconciliation.closing.models import APPEND_ONLY as CLOSING_TABLES
from reconciliation.models import APPEND_ONLY as COMPARISON_TABLES
from reconciliation.models import Statement, StatementBody
from reconciliation.packing import unpack
from reconciliation.proofs.violation import Violation
from reconciliation.published import APPEND_ONLY as PUBLISHED_TABLES
from reconciliation.published import PublishedFigure, PublishedFile
from reconciliation.resolving.models import APPEND_ONLY as WORK_TABLES
from reconciliation.rules.models import APPEND_ONLY as RULE_TABLES
from reconciliation.seals.models import APPEND_ONLY as SEAL_TABLES
from reconciliation.uploads.mappings import digest_of
from reconciliation.uploads.models import APPEND_ONLY as UPLOAD_TABLES
from reconciliation.uploads.models import StatementMapping, Upload, UploadBody

#: Rows with large bodies are read so many at a time.
CHUNK = 500

_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    # a disabled trigger is no trigger
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
_ACTS = {"sqlite": ("update", "delete"), "postgresql": ("update", "delete", "truncate")}


def triggers_are_in_place(tx: Session) -> Iterator[Violation]:
    """Append-only tables refuse UPDATE and DELETE; on SQLite, `INSERT OR REPLACE` too."""
    rule, dialect = "triggers_are_in_place", tx.get_bind().dialect.name
    tables = (
        *MONEY_TABLES,
        *COMPARISON_TABLES,
        *CLOSING_TABLES,
        *SEAL_TABLES,
        *PUBLISHED_TABLES,
        *WORK_TABLES,
        *RULE_TABLES,
        *UPLOAD_TABLES,
    )
    yield from unguarded(tx, rule, append_only(tables, dialect))
    if dialect == "sqlite" and not tx.scalar(text("PRAGMA recursive_triggers")):
        yield Violation(rule, "pragma recursive_triggers", "off")


def append_only(tables: Iterable[str], dialect: str) -> list[str]:
    """The triggers that append-only tables have."""
    return [f"{table}_no_{act}" for table in tables for act in _ACTS[dialect]]


def unguarded(tx: Session, rule: str, triggers: Iterable[str]) -> Iterator[Violation]:
    """Triggers that are not there, or do nothing."""
    found = set(tx.scalars(text(_TRIGGERS[tx.get_bind().dialect.name])))
    for name in triggers:
        if name not in found:
            yield Violation(rule, f"trigger {name}", "missing or disabled")


def notices_equal_their_digests(tx: Session) -> Iterator[Violation]:
    """The raw message kept beside a notice is the one whose salted digest the notice holds."""
    rows = select(Notice.key, Notice.digest, NoticeBody.salt, NoticeBody.body).join(
        NoticeBody, NoticeBody.notice_id == Notice.id
    )
    for key, digest, salt, body in tx.execute(rows.execution_options(yield_per=CHUNK)):
        if salted_digest(salt, body) != digest:
            yield Violation("notices_equal_their_digests", f"notice {key}", "another message")


def audit_equals_its_digests(tx: Session) -> Iterator[Violation]:
    """The words kept beside an audit entry are those whose salted digest the entry holds."""
    rows = select(Audit.id, Audit.digest, AuditDetail.salt, AuditDetail.detail).join(
        AuditDetail, AuditDetail.audit_id == Audit.id
    )
    for entry, digest, salt, detail in tx.execute(rows.execution_options(yield_per=CHUNK)):
        if salted_digest(salt, encode(detail)) != digest:
            yield Violation("audit_equals_its_digests", f"audit {entry}", "other words")


def statements_equal_their_bytes(tx: Session) -> Iterator[Violation]:
    """The bytes of every statement are there and have the hash they were accepted under."""
    rows = select(Statement.name, Statement.sha256, StatementBody.body).outerjoin(
        StatementBody, StatementBody.statement_id == Statement.id
    )
    for name, sha256, body in tx.execute(rows.execution_options(yield_per=1)):
        raw = None if body is None else unpack(body)
        if raw is None or hashlib.sha256(raw).hexdigest() != sha256:
            found = "no bytes" if body is None else "other bytes"
            yield Violation("statements_equal_their_bytes", f"statement {name}", found)


def uploads_equal_their_bytes(tx: Session) -> Iterator[Violation]:
    """The file that somebody handed in is there, and has the hash it was offered under."""
    rows = select(Upload.name, Upload.sha256, UploadBody.body).outerjoin(
        UploadBody, UploadBody.upload_id == Upload.id
    )
    for name, sha256, body in tx.execute(rows.execution_options(yield_per=1)):
        if body is None or hashlib.sha256(body).hexdigest() != sha256:
            found = "no bytes" if body is None else "other bytes"
            yield Violation("uploads_equal_their_bytes", f"upload {name}", found)


def mappings_equal_their_digests(tx: Session) -> Iterator[Violation]:
    """A version of how files are read says what it said when it was written."""
    for found in tx.scalars(select(StatementMapping).order_by(StatementMapping.id)):
        if digest_of(found.mapping) != found.digest:
            row = f"statement_mapping {found.id}"
            yield Violation("mappings_equal_their_digests", row, "another mapping")


def published_files_equal_their_hashes(tx: Session) -> Iterator[Violation]:
    """Every file of a published figure has the SHA-256 it was published with."""
    rule = "published_files_equal_their_hashes"
    rows = select(PublishedFigure.number, PublishedFile).join(
        PublishedFile, PublishedFile.figure_id == PublishedFigure.id
    )
    for number, file in tx.execute(rows.execution_options(yield_per=CHUNK)):
        if hashlib.sha256(file.body).hexdigest() != file.sha256:
            where = f"published figure {number} {file.language}.{file.format}"
            yield Violation(rule, where, "other bytes")
