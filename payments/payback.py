"""Rows about money that goes back through people: who asked, who approved, where to, on which list.

A `Refund` (`payments.models`) is money that was set aside; a `RefundTask` stands before it, a
`RefundClaim` and a `PayoutList` beside it on rails that cannot send money back by themselves.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments.db import Base, new_id
from payments.models import Payment, Refund


class RefundTask(Base):
    """Somebody, or the service itself, wants `amount` of a payment to go back; of its part
    `reference`, where it settles several. `state`: open, approved (then `refund_id` is the refund it
    became) or rejected."""

    __tablename__ = "refund_task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    purpose: Mapped[str]
    reference: Mapped[str | None]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="open", index=True)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"), unique=True)

    payment: Mapped[Payment] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("purpose IN ('charge', 'excess')", name="purpose"),
        CheckConstraint("state IN ('open', 'approved', 'rejected')", name="state"),
    )


class PayoutList(Base):
    """Refunds an operator pays by its own bank, as one list; `number` counts within the account."""

    __tablename__ = "payout_list"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    number: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    count: Mapped[int]
    total: Mapped[int]

    __table_args__ = (UniqueConstraint("account_id", "number"),)


class RefundClaim(Base):
    """Where the money of a refund is to go. `sealed` (bank, account, holder, encrypted) is deleted
    once the money has left; `hint` says enough to recognise the account and stays."""

    __tablename__ = "refund_claim"

    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    sealed: Mapped[str | None]
    hint: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    payout_list_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("payout_list.id"), index=True
    )

    refund: Mapped[Refund] = relationship(lazy="joined", innerjoin=True)
