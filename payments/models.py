"""Rows about money. Notices, movements and transfers are append-only: triggers of the migration
refuse UPDATE and DELETE on both databases, and a correction is a new, linked row.

Every row about money has two times: `event_at`, the provider's word for when it happened, and
`recorded_at` or `created_at`, when we wrote it down.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments.db import Base, new_id

#: Tables whose rows may never change, with the triggers that guard them.
APPEND_ONLY = ("notice", "movement", "retelling", "transfer", "attachment", "audit")

#: SQL: payments whose money, or a part of it, went back. Written out in queries, never with bound
#: values, so that the small index of just these rows is used.
GIVEN_BACK = "payment.reversed > 0 OR payment.refunded > 0"


class MerchantAccount(Base):
    """An operator's credentials at one provider. `slug` stands in the notify address; `secrets` are
    encrypted, newest first, at most two alive during a rotation.

    `least` and `most` (minor units) and `opens` to `closes` (``HH:MM``, the city's time, across
    midnight when `closes` is the earlier) bound what is offered to drivers; None: the rail's own.
    """

    __tablename__ = "merchant_account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    operator: Mapped[str]
    provider: Mapped[str]
    mode: Mapped[str]
    currency: Mapped[str] = mapped_column(default="VND")
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[list[Any]]
    least: Mapped[int | None]
    most: Mapped[int | None]
    opens: Mapped[str | None]
    closes: Mapped[str | None]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("mode IN ('test', 'live')", name="mode"),)


class Payment(Base):
    """One attempt to collect one amount through one merchant account.

    `reference` is whatever the caller collects for (opaque here), `intent` the caller's name for
    this attempt: one intent has at most one open payment per account. `state` to `paid_at` are the
    stored fold (`payments.state`); only `payments.service.record` writes them. `refunded` counts
    refunds asked or done. The driver goes on at `checkout_url`, or by the bank `transfer`
    (`payments.provider.BankTransfer` as a mapping).
    """

    __tablename__ = "payment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    reference: Mapped[str] = mapped_column(index=True)
    intent: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    cost_centre: Mapped[str]
    product: Mapped[str]
    description: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    return_url: Mapped[str]
    notify_url: Mapped[str]
    method: Mapped[str] = mapped_column(default="")
    provider_ref: Mapped[str | None]
    checkout_url: Mapped[str | None]
    transfer: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(default="created")
    flags: Mapped[str] = mapped_column(default="")
    received: Mapped[int] = mapped_column(default=0)
    reversed: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    paid_at: Mapped[datetime | None]
    book_day: Mapped[date | None] = mapped_column(index=True)
    polls: Mapped[int] = mapped_column(default=0)
    next_poll_at: Mapped[datetime | None] = mapped_column(index=True)

    account: Mapped[MerchantAccount] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("received >= 0 AND reversed >= 0 AND refunded >= 0", name="sums"),
        Index(
            "ux_payment_open_intent",
            "account_id",
            "intent",
            unique=True,
            sqlite_where=text("state IN ('created', 'pending', 'unknown')"),
            postgresql_where=text("state IN ('created', 'pending', 'unknown')"),
        ),
        Index(
            "ix_payment_given_back",
            "id",
            sqlite_where=text("reversed > 0 OR refunded > 0"),
            postgresql_where=text("reversed > 0 OR refunded > 0"),
        ),
    )


class Notice(Base):
    """What a provider, or we ourselves, said once about a payment or a refund. Append-only.

    `source`: webhook, poll, statement, answer (the reply to our own call), counter (an attendant
    took cash or gave it back) or ours (expiry, time-out).
    `digest` is the salted SHA-256 of the raw message; the message and its salt stand in
    `notice_body`, which retention may delete.
    """

    __tablename__ = "notice"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    key: Mapped[str]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"), index=True)
    order_code: Mapped[str | None]
    status: Mapped[str]
    source: Mapped[str]
    stale: Mapped[bool]
    event_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    digest: Mapped[str]

    __table_args__ = (UniqueConstraint("account_id", "key"),)


class NoticeBody(Base):
    """The raw bytes of a notice and the salt of its digest; may be deleted when retention says so."""

    __tablename__ = "notice_body"

    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Movement(Base):
    """One motion of money, however many notices, polls and statements spoke of it. Append-only."""

    __tablename__ = "movement"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    kind: Mapped[str]
    rail_ref: Mapped[str]
    occurrence: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"))
    notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notice.id"))
    event_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    book_day: Mapped[date]

    __table_args__ = (
        UniqueConstraint("account_id", "kind", "rail_ref", "occurrence"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("occurrence > 0", name="occurrence_positive"),
        Index("ix_movement_day", "book_day", "account_id"),
    )


class Retelling(Base):
    """A later notice that told of a movement which another one had brought. Append-only: who else
    spoke of a movement decides whether somebody besides a file of ours confirmed it."""

    __tablename__ = "retelling"

    movement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("movement.id"), primary_key=True)
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)

    __table_args__ = (Index("ix_retelling_notice_id", "notice_id", "movement_id"),)


class Attachment(Base):
    """Says which payment a movement in suspense belongs to. Append-only, at most one a movement:
    the movement itself stays as it was told."""

    __tablename__ = "attachment"

    movement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("movement.id"), primary_key=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class Transfer(Base):
    """One ledger row: `amount` from `credit` to `debit`, both accounts of `operator`. It stands for a
    movement, a refund, or a `cause` in words (`payments.adjusting`). Append-only."""

    __tablename__ = "transfer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator: Mapped[str]
    kind: Mapped[str]
    debit: Mapped[str]
    credit: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    movement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("movement.id"), index=True)
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"), index=True)
    cause: Mapped[str | None]
    book_day: Mapped[date] = mapped_column(index=True)
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        UniqueConstraint("movement_id", "kind"),
        UniqueConstraint("refund_id", "kind"),
        Index("ux_transfer_cause", "cause", unique=True),
    )


class Refund(Base):
    """Money to go back. `purpose` is ``charge`` (we charge less than we did) or ``excess`` (the
    driver paid more than the charge). `state`: asked, done or failed. `number` is the integer of
    the refund code (`payments.codes`) that a bank prints beside money that went back. `reference`
    names the part it is for, where the payment settles several."""

    __tablename__ = "refund"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    number: Mapped[int | None]
    amount: Mapped[int]
    purpose: Mapped[str]
    reference: Mapped[str | None]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="asked")
    settled_at: Mapped[datetime | None]
    polls: Mapped[int] = mapped_column(default=0)
    next_poll_at: Mapped[datetime | None] = mapped_column(index=True)

    payment: Mapped[Payment] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("purpose IN ('charge', 'excess')", name="purpose"),
        CheckConstraint("state IN ('asked', 'done', 'failed')", name="state"),
        Index("ux_refund_number", "number", unique=True),
    )


class Audit(Base):
    """Who did what to what, and when. Append-only; what was personal stands in `audit_detail`."""

    __tablename__ = "audit"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str]


class AuditDetail(Base):
    """The words of an audit entry and the salt of its digest; retention may delete them."""

    __tablename__ = "audit_detail"

    audit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    detail: Mapped[dict[str, Any]]

    audit: Mapped[Audit] = relationship(lazy="raise")
