"""Parking sessions and quotes. The amount due is derived, never stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking.lots.models import Lot
from payments.db import Base, new_id

_QUOTE = "quote:"
#: How we know that a vehicle left: somebody saw it, or the tariff's rule ended a stay nobody saw end.
OBSERVED, UNRECORDED = "observed", "unrecorded"


def _one_open(name: str, *columns: str) -> Index:
    """A unique index over the sessions that are still open."""
    still_open = text("exit_at IS NULL")
    return Index(name, *columns, unique=True, sqlite_where=still_open, postgresql_where=still_open)


class ParkingSession(Base):
    """One stay of one vehicle. `token` is the unguessable id in its link, `reference` what payments
    for it are for. The session keeps the tariff version that prices it. `declared` is True while
    only the driver vouches for the entry time; `sign_id` is the sign that was scanned, None when the
    lot was found without one. At most one open session per lot and plate, per card and per pass: the
    partial unique indexes say so.

    Whoever has only a card is called by it (`parking.cards.models.card_label`), `plate_kind` is then
    ``card``. `exit_at` is when the vehicle left, `exit_recorded_at` when we were told, `exit_proof`
    by what custody was shown (`parking.sessions.exits.Proof`); `exit_kind` is ``observed``, or
    ``unrecorded`` when nobody saw it leave and the tariff's rule ended the stay.
    """

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
    exit_recorded_at: Mapped[datetime | None]
    exit_kind: Mapped[str | None]
    exit_proof: Mapped[str | None]
    card_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("card.id"))
    pass_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pass.id"))

    lot: Mapped[Lot] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("exit_at IS NULL OR exit_at >= entry_at", name="exit_after_entry"),
        _one_open("ux_parking_session_open", "lot_id", "plate_key"),
        _one_open("ux_parking_session_card", "card_id"),
        _one_open("ux_parking_session_pass", "pass_id"),
        Index("ix_parking_session_lot_exit", "lot_id", "exit_at"),
        Index("ix_parking_session_lot_entry", "lot_id", "entry_at"),
        Index("ix_parking_session_plate_key", "plate_key"),
    )


class Quote(Base):
    """A price at an instant, with its explanation. `price` is the whole stay until `priced_at`,
    `amount` what was due of it; the offer holds until `expires_at`. `lines` are the engine's lines:
    template, parts, amount. Payments that collect it, alone or with others, carry `intent_of` them as
    their intent (`quotes_of` is the way back)."""

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


def intent_of(quotes: Iterable[Quote], account: str, method: str, payer: str = "") -> str:
    """The name under which at most one open payment collects these quotes by this way to pay: who
    chooses another account or method begins another payment, and so does a `payer` who pays for the
    driver."""
    named = ",".join(str(quote.id) for quote in quotes)
    return ":".join((f"{_QUOTE}{named}", account, method, *filter(None, [payer])))


def quotes_of(intent: str) -> tuple[uuid.UUID, ...]:
    """The quotes that a payment of this intent collects; none when it collects something else."""
    if not intent.startswith(_QUOTE):
        return ()
    named = intent.removeprefix(_QUOTE).partition(":")[0]
    return tuple(uuid.UUID(name) for name in named.split(","))


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


class Exemption(Base):
    """Why a stay costs nothing, by a listed reason (`parking.sessions.exemptions`), never by a price.
    At most one that stands per session."""

    __tablename__ = "exemption"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parking_session.id"))
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ux_exemption_standing",
            "session_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_exemption_at", "at"),
    )


class TransferClaim(Base):
    """Somebody says that money is on its way while the bank is slow. `amount` is what was due then,
    `bank_reference` what the payer's bank printed, if they know. `released_*` when an attendant let
    the vehicle out on it. `outcome`: NULL while open, then ``paid``, ``unpaid`` or ``withdrawn``."""

    __tablename__ = "transfer_claim"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parking_session.id"))
    amount: Mapped[int]
    bank_reference: Mapped[str | None]
    claimed_by: Mapped[str]
    claimed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("outcome IN ('paid', 'unpaid', 'withdrawn')", name="outcome"),
        Index(
            "ux_transfer_claim_open",
            "session_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        Index("ix_transfer_claim_claimed_at", "claimed_at"),
    )


class ProxyPayment(Base):
    """An attendant paid for the driver, with their own phone or bank: named, and counted."""

    __tablename__ = "proxy_payment"

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    by: Mapped[str]
    at: Mapped[datetime]


class FieldAct(Base):
    """An act at the lot as the phone queued it: `id` is the phone's own, so that a queue replayed
    twice does everything once. `happened_at` is the phone's time as we believe it, `position` its
    place in that phone's queue; `outcome`: done, refused or conflict, with the reason in `detail`."""

    __tablename__ = "field_act"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("parking_session.id"))
    kind: Mapped[str]
    position: Mapped[int]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[dict[str, Any]]

    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused', 'conflict')", name="outcome"),
        Index("ix_field_act_lot_received", "lot_id", "received_at"),
    )
