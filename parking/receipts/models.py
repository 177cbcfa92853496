"""Receipts: numbered without gaps per operator and year."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Receipt(Base):
    """What was paid by one payment; `session_id` is its stay, or the first of several; None for a
    pass, which is found by the payment's reference. `number`
    counts from 1 per operator and year of issue; the VAT split follows the rate in force at
    `tax_point`. `token` is the unguessable id in its link."""

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

    __table_args__ = (
        UniqueConstraint("operator_id", "year", "number"),
        CheckConstraint("gross = net + vat", name="foots"),
    )
