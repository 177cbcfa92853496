"""Where vehicles stand, who runs the place, and the signs drivers scan there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments.db import Base, new_id


class Operator(Base):
    """The company that runs lots and receives the money in its own account. `code` is the label
    `payments` knows it by; `unverified` marks a name or tax code that is ours, not a source's."""

    __tablename__ = "operator"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    legal_name: Mapped[str]
    tax_code: Mapped[str]
    unverified: Mapped[bool]


class Lot(Base):
    """A parking facility or street stretch. `number` is printed on its sign and stands in its links;
    `latitude` and `longitude` are decimal degrees as text, shown and never computed with. `closes` is
    the local time (``22:00``) at which nobody is there any more; None for a lot that never closes."""

    __tablename__ = "lot"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    street: Mapped[str]
    ward: Mapped[str]
    former_district: Mapped[str]
    latitude: Mapped[str]
    longitude: Mapped[str]
    source: Mapped[str]
    unverified: Mapped[bool]
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), index=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closes: Mapped[str | None]

    operator: Mapped[Operator] = relationship(lazy="joined", innerjoin=True)
    tariffs: Mapped[list[LotTariff]] = relationship(order_by="LotTariff.vehicle_class")


#: Classes whose price is usually flat, so that it can be paid on the way in as well as out.
TWO_WHEELERS = ("motorbike", "bicycle")


def usual_collection(context: Any) -> str:
    """When a class pays where nobody chose: two-wheelers whenever they like, others at the exit."""
    vehicle_class = context.get_current_parameters()["vehicle_class"]
    return "either" if vehicle_class in TWO_WHEELERS else "exit"


class LotTariff(Base):
    """Which tariff a vehicle class pays at a lot, and when it is collected: ``entry``, ``exit`` or
    ``either``; a class without a row may not park there."""

    __tablename__ = "lot_tariff"

    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    vehicle_class: Mapped[str] = mapped_column(primary_key=True)
    tariff_code: Mapped[str]
    collect: Mapped[str] = mapped_column(default=usual_collection)

    __table_args__ = (CheckConstraint("collect IN ('entry', 'exit', 'either')", name="collect"),)


class LotAccount(Base):
    """A merchant account a lot offers to drivers; the lowest `position` is offered first. A lot
    without a row offers every account of its operator, oldest first."""

    __tablename__ = "lot_account"

    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("merchant_account.id"), primary_key=True
    )
    position: Mapped[int]


class Sign(Base):
    """A printed plate. A retired sign still opens, on a page that warns and asks to report it."""

    __tablename__ = "sign"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    version: Mapped[int]
    issued_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("lot_id", "version"),)
