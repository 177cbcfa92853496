"""Parking sessions and quotes. The amount due is derived, never stored."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking.lots.models import Lot
from payments.db import Base, new_id

_QUOTE = "quote:"


class ParkingSession(Base):
    """One stay of one vehicle. `token` is the unguessable id in its link, `reference` what payments
    for it are for. The session keeps the tariff version that prices it. `declared` is True while
    only the driver vouches for the entry time; `sign_id` is the sign that was scanned, None when the
    lot was found without one. At most one open session per lot and plate: the
    partial unique index says so."""

    __tablename__ = "parking_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    plate_key: Mapped[str]
    plate: Mapped[str]
    plate_kind: Mapped[str]
    needs_review: Mapped[bool]
    vehicle_class: Mapped[str]
    tariff_code: Mapped[str]
    tariff_version: Mapped[int]
    entry_at: Mapped[datetime]
    declared: Mapped[bool]
    sign_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sign.id"))
    opened_by: Mapped[str]
    created_at: Mapped[datetime]
    exit_at: Mapped[datetime | None]
    exit_by: Mapped[str | None]

    lot: Mapped[Lot] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("exit_at IS NULL OR exit_at >= entry_at", name="exit_after_entry"),
        Index(
            "ux_parking_session_open",
            "lot_id",
            "plate_key",
            unique=True,
            sqlite_where=text("exit_at IS NULL"),
            postgresql_where=text("exit_at IS NULL"),
        ),
        Index("ix_parking_session_lot_entry", "lot_id", "entry_at"),
        Index("ix_parking_session_plate_key", "plate_key"),
    )


class Quote(Base):
    """A price at an instant, with its explanation. `price` is the whole stay until `priced_at`,
    `amount` what was due of it; the offer holds until `expires_at`. `lines` are the engine's lines:
    template, parts, amount. Payments that collect it carry `intent` as theirs (`quote_of` is the
    way back)."""

    __tablename__ = "quote"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parking_session.id"), index=True)
    priced_at: Mapped[datetime]
    price: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    tariff_code: Mapped[str]
    tariff_version: Mapped[int]
    lines: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    def intent(self, account: str, method: str) -> str:
        """The name under which at most one open payment collects this quote by this way to pay: who
        chooses another account or method begins another payment."""
        return f"{_QUOTE}{self.id}:{account}:{method}"


def quote_of(intent: str) -> uuid.UUID | None:
    """The quote that a payment of this intent collects; None when it collects something else."""
    if not intent.startswith(_QUOTE):
        return None
    return uuid.UUID(intent.removeprefix(_QUOTE).partition(":")[0])


class Adjustment(Base):
    """A change of a session's charge, signed, in minor units: a refunded charge lowers it."""

    __tablename__ = "adjustment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parking_session.id"), index=True)
    amount: Mapped[int]
    reason: Mapped[str]
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount <> 0", name="not_zero"),)
