"""People who sign in, and what they may see. Roles are data: `parking.people.roles`."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Person(Base):
    """Somebody with a password. `operator_id` limits finance staff and attendants to one operator;
    NULL (admin, or the city's finance and inspectors) sees all. `pin_hash` is for attendants on an
    enrolled phone; a password is for desks."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    operator_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("operator.id"))
    password_hash: Mapped[str]
    pin_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("role IN ('attendant', 'finance', 'admin', 'inspector')", name="role"),
    )


class PersonLot(Base):
    """A lot that an attendant works at."""

    __tablename__ = "person_lot"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)


class SignIn(Base):
    """A signed-in browser, so that signing out ends it on the server. `token_digest` is the SHA-256
    of the cookie's random token: a stolen database opens no session. `phone_id` is the enrolled phone
    it happened on: revoking that ends it."""

    __tablename__ = "sign_in"

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    phone_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("phone.id"), index=True)


class SignInAttempt(Base):
    """A failed sign-in, counted per user name and per address to slow guessing down."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Phone(Base):
    """A phone that may be used at a kerb with a PIN, until it is revoked. `link_digest` is the SHA-256
    of the one-time link that enrols it, good until `link_until`; `token_digest` that of the cookie it
    got when the link was opened."""

    __tablename__ = "phone"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), index=True)
    link_digest: Mapped[str] = mapped_column(unique=True)
    link_until: Mapped[datetime]
    token_digest: Mapped[str | None] = mapped_column(unique=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    enrolled_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
