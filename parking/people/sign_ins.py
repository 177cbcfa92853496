"""Signing in and out. What counts is the row here, not the cookie: signing out ends it for good.

Hashing takes 30 ms on purpose, so no transaction is open while it runs.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from parking.errors import NotAllowed
from parking.lots.models import Operator
from parking.people import phones, throttle, tokens
from parking.people.badge import Badge
from parking.people.models import Person, PersonLot, Phone, SignIn
from parking.people.passwords import matches
from payments import audit

#: A shift at most, whatever happens in between.
LONGEST = timedelta(hours=12)
#: Without a request for this long, somebody else may be holding the phone (ASVS 5.0 V7.3).
IDLE = {
    "attendant": timedelta(hours=12),
    "finance": timedelta(minutes=30),
    "admin": timedelta(minutes=30),
    "inspector": timedelta(hours=2),
}
#: `seen_at` is not rewritten more often: a page view should not cost a write.
SEEN_EVERY = timedelta(minutes=1)
#: No user name is longer, so what is cut off here fits nobody, and no attempt fills the database.
LONGEST_NAME = 64


class WrongPassword(NotAllowed):
    """Unknown user, wrong password or disabled: the answer does not say which."""


def sign_in(
    db: sessionmaker[Session],
    username: str,
    password: str,
    address: str,
    now: datetime,
    phone_cookie: str | None = None,
) -> tuple[str, Badge]:
    """A fresh token for the cookie, and who came in. On an enrolled phone (`phone_cookie`) the sign-in
    ends with the phone, and a password of its operator's people lets it take PINs again.

    Raises `WrongPassword`, or `TooMany` after too many attempts by name or by address.
    """
    name = username.strip().casefold()[:LONGEST_NAME]
    with db.begin() as tx:
        throttle.count(tx, name, address, now)
        person = tx.scalar(select(Person).where(Person.username == name))
    if person is not None and person.disabled_at is not None:
        person = None
    if not matches(person.password_hash if person else None, password) or person is None:
        raise WrongPassword("User name or password is not right.")
    with db.begin() as tx:
        throttle.forget(tx, name, address)
        phone = phones.phone_of(tx, phone_cookie)
        if phone is not None and person.operator_id in (None, phone.operator_id):
            phones.unlock(tx, phone)
        return begin(tx, person, phone, {"address": address}, now)


def begin(
    tx: Session, person: Person, phone: Phone | None, how: dict[str, object], now: datetime
) -> tuple[str, Badge]:
    """Let `person` in on `phone`, whose row the caller holds: the token for the cookie and the badge.
    `how` is what the audit trail says of it."""
    token, who = tokens.fresh(), f"person:{person.username}"
    entry = SignIn(
        token_digest=tokens.digest(token), person_id=person.id, started_at=now, seen_at=now
    )
    if phone is not None:
        entry.phone_id, phone.seen_at = phone.id, now
        how = how | {"phone": phone.name}
    tx.add(entry)
    audit.append(tx, who, "person.sign_in", who, how, now)
    return token, badge_of(tx, person)


def sign_out(tx: Session, token: str, now: datetime) -> None:
    """End the sign-in behind `token`; an unknown or ended one is left as it is."""
    username = tx.scalar(
        select(Person.username)
        .join(SignIn, SignIn.person_id == Person.id)
        .where(SignIn.token_digest == tokens.digest(token), SignIn.ended_at.is_(None))
    )
    if username is None:
        return
    tx.execute(
        update(SignIn).where(SignIn.token_digest == tokens.digest(token)).values(ended_at=now)
    )
    audit.append(tx, f"person:{username}", "person.sign_out", f"person:{username}", {}, now)


def end_all(tx: Session, person_id: uuid.UUID, now: datetime) -> None:
    """Sign a person out everywhere: after a new password, and when disabled."""
    tx.execute(
        update(SignIn)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
    )


def find(tx: Session, token: str, now: datetime) -> tuple[Badge, bool] | None:
    """Who is behind `token` at `now`, and whether `seen` is due; None when it no longer counts."""
    row = tx.execute(
        select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token_digest == tokens.digest(token))
    ).one_or_none()
    if row is None:
        return None
    entry, person = row
    ended = entry.ended_at is not None or person.disabled_at is not None
    if ended or now - entry.started_at >= LONGEST or now - entry.seen_at >= IDLE[person.role]:
        return None
    return badge_of(tx, person), now - entry.seen_at >= SEEN_EVERY


def seen(tx: Session, token: str, now: datetime) -> None:
    """Remember that `token`, and the phone it lives on, was used at `now`."""
    here = SignIn.token_digest == tokens.digest(token)
    tx.execute(update(SignIn).where(here).values(seen_at=now))
    phone = select(SignIn.phone_id).where(here).scalar_subquery()
    tx.execute(update(Phone).where(Phone.id == phone).values(seen_at=now))


def badge_of(tx: Session, person: Person) -> Badge:
    """Who somebody is, as pages and services ask it."""
    lots = tx.scalars(select(PersonLot.lot_id).where(PersonLot.person_id == person.id))
    operator = tx.get(Operator, person.operator_id) if person.operator_id else None
    return Badge(
        person_id=person.id,
        username=person.username,
        name=person.name,
        role=person.role,
        operator_id=person.operator_id,
        operator=operator.code if operator else None,
        lots=frozenset(lots),
    )
