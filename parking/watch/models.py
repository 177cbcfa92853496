"""What somebody saw with their own eyes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Headcount(Base):
    """Vehicles of one class that an inspector counted at a lot, and how many were open in our books
    at that moment. Never changed: a second look is a second row."""

    __tablename__ = "headcount"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    vehicle_class: Mapped[str]
    counted: Mapped[int]
    open_then: Mapped[int]
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("counted >= 0", name="counted"),
        Index("ix_headcount_lot_at", "lot_id", "at"),
    )
