"""What somebody saw with their own eyes."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, Json, new_id


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


class LotDay(Base):
    """How often each kind of thing (`parking.watch.tally.Kind`) happened at a lot on a business day,
    by whomever, as counted at `counted_at`; what did not happen is left out. Derived: the job may
    count any day again, and whoever needs persons counts the rows themselves."""

    __tablename__ = "lot_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    counted_at: Mapped[datetime]


class StayMark(Base):
    """How many stays ended at this lot on this day has to be counted again. Triggers of
    `parking_session` write it for whatever changes that number, whoever changes it; it is a row of its
    own each time, so that nobody who lets a vehicle out waits for another."""

    __tablename__ = "stay_mark"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    day: Mapped[date]
    lot_id: Mapped[uuid.UUID]

    __table_args__ = (Index("ix_stay_mark_day", "day", "lot_id"),)
