"""Rows of closing: attempts, what they except and who agreed, and the certificates they end in."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of this room whose rows may never change.
APPEND_ONLY = ("certificate",)

#: States of a `Closing`.
ASKED, CLOSING, CLOSED, REOPENED, WITHDRAWN = "asked", "closing", "closed", "reopened", "withdrawn"

#: Those of which a day has at most one.
_LIVE = "state IN ('asked', 'closing', 'closed')"


class Certificate(Base):
    """What was certified when a day was closed. Append-only. `body` is canonical JSON
    (`reconciliation.closing.certificates`), `sha256` its digest, `previous` that of the operator's
    certificate before it; `number` counts the operator's certificates, `revision` those of the day."""

    __tablename__ = "certificate"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator: Mapped[str]
    day: Mapped[date]
    number: Mapped[int]
    revision: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    previous: Mapped[str | None]
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]

    __table_args__ = (
        UniqueConstraint("operator", "number"),
        UniqueConstraint("operator", "day", "revision"),
    )


class Closing(Base):
    """One attempt to close a day of an operator.

    `state`: asked (exceptions wait for another person), closing (`stopped_at`: since when nothing new
    is booked on the day), closed (`certificate_id`), reopened (the two people stand beside it), or
    withdrawn before it was certified.
    """

    __tablename__ = "closing"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator: Mapped[str]
    day: Mapped[date]
    state: Mapped[str]
    begun_by: Mapped[str]
    begun_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    certificate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("certificate.id"))
    reopen_reason: Mapped[str | None]
    reopen_asked_by: Mapped[str | None]
    reopen_asked_at: Mapped[datetime | None]
    reopened_by: Mapped[str | None]
    reopened_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'closing', 'closed', 'reopened', 'withdrawn')", name="state"
        ),
        CheckConstraint("reopened_by <> reopen_asked_by", name="two_people"),
        Index(
            "ux_closing_live",
            "operator",
            "day",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
    )


class ClosingException(Base):
    """Something a closing leaves unexplained (`subject`, as `reconciliation.closing.obstacles` names
    it) for a reason, and the other person who agreed."""

    __tablename__ = "closing_exception"

    closing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("closing.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reason: Mapped[str]
    named_by: Mapped[str]
    named_at: Mapped[datetime]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("confirmed_by <> named_by", name="two_people"),)
