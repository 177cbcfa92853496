"""A shift from its float to its count, why each cash payment was taken, and what went back of one."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Shift(Base):
    """One attendant's work at one lot; at most one open shift a person. Amounts are dong.

    `account_id` is the attendant's cash account, `opening` the float taken over, `counted` what lay
    in the till at the end and `difference` counted − expected. It may cross midnight: the difference
    belongs to `closing_day`. `counted` with no `closed_at`: the till is counted and takes no more.
    `handover` keeps every count that was made and what was handed on (vehicles inside, unpaid and
    claims by session, the float left, the float found), `taken_by` and `taken_at` who acknowledged
    it.
    """

    __tablename__ = "shift"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"), index=True)
    opened_at: Mapped[datetime]
    opening: Mapped[int]
    closed_at: Mapped[datetime | None]
    closing_day: Mapped[date | None] = mapped_column(index=True)
    expected: Mapped[int | None]
    counted: Mapped[int | None]
    difference: Mapped[int | None]
    note: Mapped[str | None]
    handover: Mapped[dict[str, Any] | None]
    taken_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("opening >= 0", name="opening"),
        CheckConstraint("counted >= 0", name="counted"),
        CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="closed_after_opened"),
        Index(
            "ux_shift_open",
            "person_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_shift_lot_opened", "lot_id", "opened_at"),
    )


class CashEntry(Base):
    """Why a payment was taken in cash, by whom, in which shift."""

    __tablename__ = "cash_entry"

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    shift_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shift.id"), index=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class CashReturn(Base):
    """A refund of a cash payment that was paid from the till of a shift, by whom and when. It need
    not be the till the payment went into."""

    __tablename__ = "cash_return"

    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    shift_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shift.id"), index=True)
    by: Mapped[str]
    at: Mapped[datetime]
