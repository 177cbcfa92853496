"""Rows of the comparison: files as they came, their lines, who was matched with whom, what was not.

The legs compared: ``settlement`` (our movements ↔ the provider's lines), ``payout`` (those lines ↔ the
payouts that carry their money, in `payouts`) and ``bank`` (the provider's payouts ↔ credits on the
operator's bank account). On each leg every line and every movement is used at most once; the unique
keys of `Assignment` enforce it, and that a line names one payout.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

SETTLEMENT, PAYOUT, BANK = "settlement", "payout", "bank"

#: The few lines that an index of their own finds among millions.
_IS_PAYOUT = text("kind = 'payout'")

#: Tables of this package whose rows may never change; of a statement, what the file was when it came.
APPEND_ONLY = ("statement_line", "assignment_log", "statement")


class Statement(Base):
    """A settlement file (leg ``settlement``) or a bank statement (leg ``bank``) of one account for
    one business day. `complete` is False when the provider said that more will follow. `count` to
    `net` are the control totals the file claimed, checked before it was accepted; `repeated_*` is
    the part of them in lines that an earlier file had told of (a line is stored once). `upload_id`
    is the file somebody handed in that it is a day of. Of a settlement file, `batch` is the reference of
    the payout that carries those of its lines that name no other, and `paid_by` says which that is: its
    ``own`` only one, the first of all its payouts, which carry them as a ``joint`` one, a ``later``
    file's (None until that has come), or none but what lines ``named``."""

    __tablename__ = "statement"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    leg: Mapped[str]
    day: Mapped[date]
    name: Mapped[str]
    sha256: Mapped[str]
    complete: Mapped[bool]
    received_at: Mapped[datetime]
    count: Mapped[int]
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    repeated_count: Mapped[int] = mapped_column(default=0)
    repeated_gross: Mapped[int] = mapped_column(default=0)
    repeated_fee: Mapped[int] = mapped_column(default=0)
    repeated_net: Mapped[int] = mapped_column(default=0)
    upload_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("upload.id"), index=True)
    batch: Mapped[str | None]
    paid_by: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("account_id", "leg", "sha256"),
        Index("ix_statement_day", "account_id", "leg", "day"),
    )


class StatementBody(Base):
    """The bytes of a statement exactly as they were delivered; of a day of an `Upload`, that day's
    part of it as `reconciliation.uploads.parts` writes it. Kept packed (`reconciliation.packing`)."""

    __tablename__ = "statement_body"

    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement.id"), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class StatementLine(Base):
    """One row of a statement. Amounts are signed towards us; `net = gross − fee`. `book_day` is the
    business day of `event_at`, not of the file. `batch` is the reference of the payout that carries
    its money, where the provider names it with the line; else the statement's counts. Append-only."""

    __tablename__ = "statement_line"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    leg: Mapped[str]
    position: Mapped[int]
    line_ref: Mapped[str] = mapped_column(index=True)
    occurrence: Mapped[int]
    kind: Mapped[str]
    order_code: Mapped[str | None] = mapped_column(index=True)
    rail_ref: Mapped[str | None] = mapped_column(index=True)
    event_at: Mapped[datetime]
    book_day: Mapped[date]
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    currency: Mapped[str]
    text: Mapped[str]
    batch: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("account_id", "leg", "line_ref", "occurrence"),
        CheckConstraint("net = gross - fee", name="foots"),
        Index("ix_statement_line_day", "account_id", "leg", "book_day"),
        Index(
            "ix_statement_line_payout",
            "account_id",
            "leg",
            "book_day",
            sqlite_where=_IS_PAYOUT,
            postgresql_where=_IS_PAYOUT,
        ),
    )


class Assignment(Base):
    """A line and its counterpart on one leg: a match, by which rule of which rule set, when, by whom.

    On the settlement leg the counterpart is a movement; on the bank leg `line_id` is the bank's
    credit and `payout_id` the settlement line of the payout it pays.
    """

    __tablename__ = "assignment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    leg: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement_line.id"))
    movement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("movement.id"))
    payout_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("statement_line.id"))
    rule: Mapped[str]
    rule_set: Mapped[int]
    matched_at: Mapped[datetime]
    matched_by: Mapped[str]

    __table_args__ = (
        UniqueConstraint("leg", "line_id"),
        UniqueConstraint("leg", "movement_id"),
        UniqueConstraint("leg", "payout_id"),
        CheckConstraint("(movement_id IS NULL) <> (payout_id IS NULL)", name="one_counterpart"),
    )


class AssignmentLog(Base):
    """Every match ever made or undone, by whom and by which rule. Append-only."""

    __tablename__ = "assignment_log"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    leg: Mapped[str]
    line_id: Mapped[uuid.UUID] = mapped_column(index=True)
    counterpart_id: Mapped[uuid.UUID]
    rule: Mapped[str]
    rule_set: Mapped[int]

    __table_args__ = (
        Index(
            "ix_assignment_log_undone",
            "line_id",
            "counterpart_id",
            sqlite_where=text("act = 'unmatch'"),
            postgresql_where=text("act = 'unmatch'"),
        ),
    )


class Break(Base):
    """A difference somebody must explain. `kind` is the class named in `breaks.CLASSES`; `day` is
    the business day it belongs to; `difference` is theirs − ours. Our side is a movement on the
    settlement leg and the payout's settlement line on the bank leg. On the payout leg `payout_id`
    is their side and ours is what its lines make; of a file that no payout carries, `line_id` is the
    first line. `timing` is True while the
    money may still arrive in a later file. `state`: open or resolved. `resolution` says by what: a
    later fact (`sides.EXPLAINED`) or a person's reason (`resolving.reasons`). `owner` is the actor
    who has it."""

    __tablename__ = "break"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    leg: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    day: Mapped[date]
    kind: Mapped[str]
    movement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("movement.id"), index=True)
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("statement_line.id"), index=True)
    payout_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("statement_line.id"), index=True)
    difference: Mapped[int]
    currency: Mapped[str]
    timing: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="open")
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    owner: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("state IN ('open', 'resolved')", name="state"),
        CheckConstraint(
            "movement_id IS NOT NULL OR line_id IS NOT NULL OR payout_id IS NOT NULL",
            name="has_a_side",
        ),
        Index("ix_break_day", "day", "account_id"),
        Index(
            "ix_break_open",
            "day",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ux_break_open_line",
            "leg",
            "line_id",
            unique=True,
            sqlite_where=text("state = 'open' AND line_id IS NOT NULL"),
            postgresql_where=text("state = 'open' AND line_id IS NOT NULL"),
        ),
        Index(
            "ux_break_open_movement",
            "leg",
            "movement_id",
            unique=True,
            sqlite_where=text("state = 'open' AND movement_id IS NOT NULL"),
            postgresql_where=text("state = 'open' AND movement_id IS NOT NULL"),
        ),
        Index(
            "ux_break_open_payout",
            "leg",
            "payout_id",
            unique=True,
            sqlite_where=text("state = 'open' AND payout_id IS NOT NULL"),
            postgresql_where=text("state = 'open' AND payout_id IS NOT NULL"),
        ),
    )


class AccountDay(Base):
    """How far one account's business day is: ``awaiting`` its file, ``partial``, or ``complete``."""

    __tablename__ = "account_day"

    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("merchant_account.id"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str]
    due_at: Mapped[datetime]
    reconciled_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('awaiting', 'partial', 'complete')", name="state"),
    )


class DayTotal(Base):
    """The figures of one day, account, cost centre and product; every other figure is a sum of
    these. `count`, `gross`: receipts we recorded; `refunds`, `fees`: money back and charges;
    `confirmed_*`: receipts matched with the provider's lines; `banked_gross`: the part of those
    whose payout arrived at the bank. `net = gross − refunds − fees`."""

    __tablename__ = "day_total"

    day: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("merchant_account.id"), primary_key=True
    )
    cost_centre: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    gross: Mapped[int]
    refunds: Mapped[int]
    fees: Mapped[int]
    net: Mapped[int]
    confirmed_count: Mapped[int]
    confirmed_gross: Mapped[int]
    banked_count: Mapped[int]
    banked_gross: Mapped[int]
    breaks: Mapped[int]
    computed_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("net = gross - refunds - fees", name="foots"),)
