"""Passes and the lots they hold at. Whether one is paid is derived, like every amount due."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Pass(Base):
    """The right to park from `since` to `until`, both days included, for one vehicle at a time.

    It names a plate or a card. `hours` is ``day`` or ``full`` as in the tariff, `holder` the price
    group (``regular``, ``school``, ``employee``), `reference` what payments for it are for, `token`
    the unguessable id in its link. `lot_id` is the lot that sold it, where its money is counted;
    `previous_id` is the pass that this one renews.
    """

    __tablename__ = "pass"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), index=True)
    lot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("lot.id"))
    vehicle_class: Mapped[str]
    plate_key: Mapped[str | None] = mapped_column(index=True)
    plate: Mapped[str | None]
    card_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("card.id"), index=True)
    hours: Mapped[str]
    holder: Mapped[str]
    price: Mapped[int]
    currency: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    sold_by: Mapped[str]
    sold_at: Mapped[datetime]
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pass.id"))
    cancelled_by: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(plate_key IS NULL) <> (card_id IS NULL)", name="one_bearer"),
        CheckConstraint("hours IN ('day', 'full')", name="hours"),
        CheckConstraint("holder IN ('regular', 'school', 'employee')", name="holder"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("until >= since", name="until_after_since"),
        Index("ux_pass_previous_id", "previous_id", unique=True),
    )


class PassLot(Base):
    """A lot at which a pass holds."""

    __tablename__ = "pass_lot"

    pass_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pass.id"), primary_key=True)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
