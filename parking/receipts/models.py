"""Receipts, numbered without gaps per operator and year; what became of their amounts later; and how
an operator is taxed."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of this room whose rows may never change.
APPEND_ONLY = ("receipt_change",)

#: How an operator pays VAT: by deduction (net and tax stand apart), directly as a percentage of its
#: revenue (no tax is split off), or not at all (a household below the threshold).
METHODS = ("deduction", "direct", "none")
_METHOD = "tax_method IN ('deduction', 'direct', 'none')"


class TaxMethod(Base):
    """How `operator_id` pays VAT from the day `valid_from` on, until its next row. An operator
    without a row pays by deduction."""

    __tablename__ = "tax_method"

    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    tax_method: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint(_METHOD, name="tax_method"),)


class Receipt(Base):
    """What was paid by one payment; `session_id` is its stay, or the first of several; None for a
    pass, which is found by the payment's reference. `number`
    counts from 1 per operator and year of issue; `tax_method` and the VAT split follow what was in
    force at `tax_point`. `token` is the unguessable id in its link."""

    __tablename__ = "receipt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"))
    year: Mapped[int]
    number: Mapped[int]
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), unique=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("parking_session.id"), index=True
    )
    gross: Mapped[int]
    net: Mapped[int]
    vat: Mapped[int]
    vat_basis_points: Mapped[int]
    currency: Mapped[str]
    paid_at: Mapped[datetime]
    tax_point: Mapped[datetime]
    issued_at: Mapped[datetime]
    tax_method: Mapped[str] = mapped_column(default="deduction")

    __table_args__ = (
        UniqueConstraint("operator_id", "year", "number"),
        CheckConstraint("gross = net + vat", name="foots"),
        CheckConstraint(_METHOD, name="tax_method"),
        Index("ix_receipt_tax_point", "operator_id", "tax_point"),
    )


class ReceiptChange(Base):
    """The turnover of a receipt became `gross` more, or less, at `at`: a part of the charge went back,
    or the money was taken back. Append-only; a receipt and its changes are what it is worth today."""

    __tablename__ = "receipt_change"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    receipt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("receipt.id"), index=True)
    gross: Mapped[int]
    net: Mapped[int]
    vat: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("gross = net + vat", name="foots"),
        CheckConstraint("gross <> 0", name="not_zero"),
    )
