"""The sandbox's own books. None of these tables is known to the service it pays."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from payments.db import UtcDateTime
from payments.sandbox.refs import short_ref


class Kind(StrEnum):
    """What a motion of money is."""

    PAYMENT = "payment"
    REFUND = "refund"


class Fault(StrEnum):
    """What can be wrong with a statement, on demand."""

    MISSING_LINE = "missing_line"
    UNKNOWN_LINE = "unknown_line"
    WRONG_AMOUNT = "wrong_amount"
    DUPLICATE = "duplicate"
    FEE_ERROR = "fee_error"
    LATE_LINE = "late_line"
    NOT_PARKING = "not_parking"
    SHORT_PAYOUT = "short_payout"
    SHORT_CREDIT = "short_credit"


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, date: Date}  # noqa: RUF012 - SQLAlchemy's name


class Order(Base):
    """What a merchant wants to collect. `token` is the unguessable name of its payment page."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("merchant", "code"), CheckConstraint("amount > 0"))

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(200))
    return_url: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]

    @property
    def reference(self) -> str:
        """The sandbox's own name for the order, as merchants see it."""
        return f"SBX-O{short_ref(self.merchant, self.code)}"


class Motion(Base):
    """One motion of money: a receipt from a driver or a refund to one. `ref` is the part its
    transaction reference and its line reference share. `day` is the business day it happened on,
    `settled_on` the day whose statement carries it (empty until that file is made)."""

    __tablename__ = "motions"
    __table_args__ = (
        UniqueConstraint("merchant", "refund_key"),
        CheckConstraint("amount > 0 AND fee >= 0"),
        Index("ix_motions_unsettled", "merchant", "settled_on", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    order_code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    refund_key: Mapped[str | None] = mapped_column(String(64))
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    event_at: Mapped[datetime]
    day: Mapped[date]
    settled_on: Mapped[date | None]

    @property
    def rail_ref(self) -> str:
        """The transaction reference both sides name the money by."""
        return f"SBX-{'T' if self.kind == Kind.PAYMENT else 'R'}{self.ref}"


class NoticeRow(Base):
    """A message to a merchant and how far its delivery came. `copies` are still to be delivered;
    `next_at` is empty when they all were, or when the last attempt was the last one allowed."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_next_at", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(40), unique=True)
    merchant: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    copies: Mapped[int]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class FaultRow(Base):
    """A fault that the statement of `day` carries, with the gross amount and the fee it shows, or what is
    missing of its payout (`amount`)."""

    __tablename__ = "faults"
    __table_args__ = (Index("ix_faults_day", "merchant", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(16))
    motion_id: Mapped[int | None] = mapped_column(ForeignKey("motions.id"), unique=True)
    order_code: Mapped[str | None] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)


class FileRow(Base):
    """A file once made, the same bytes for ever. `left_over` is what this file's lines earned and
    a later payout takes along (negative when refunds outweighed receipts); what a fault withheld is not."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("merchant", "kind", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    day: Mapped[date]
    payout: Mapped[int] = mapped_column(BigInteger)
    left_over: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)
