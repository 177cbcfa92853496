"""Guessing is slowed down, per user name and per address; what counts is in the database, so that
every process counts alike, and still does after a restart.

An attempt is counted before its password is looked at and forgotten when it was right: guesses sent
at the same moment count too.

A PIN is one of a million, so its limits are tighter: five wrong ones for a person in a quarter of an
hour, whatever the phone, and ten on a phone in all, whoever they were for. Those do not grow old: the
phone takes no PIN until somebody who knows a password signs in on it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from parking.errors import NotAllowed, TooMany
from parking.people.models import SignInAttempt

WINDOW = timedelta(minutes=15)
PER_USERNAME = 8
#: A whole office or a mobile network can stand behind one address.
PER_ADDRESS = 40
PER_PIN = 5
PER_PHONE = 10

#: What stands before a phone's id where an address would stand, and before a user name whose PIN is
#: guessed at: a locked PIN leaves the password usable.
_PHONE, _PIN = "phone:", "pin:"


class PhoneLocked(NotAllowed):
    """Too many wrong PINs were typed on this phone; a password unlocks it."""


def count(tx: Session, username: str, address: str, now: datetime) -> None:
    """Count one attempt. Raises `TooMany` with the seconds to wait when there were enough already."""
    kept = SignInAttempt.address.startswith(_PHONE, autoescape=True)
    tx.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - WINDOW, ~kept))
    limits = (
        (SignInAttempt.username == username, PER_USERNAME),
        (SignInAttempt.address == address, PER_ADDRESS),
    )
    for whose, limit in limits:
        _check(tx, whose, limit, now)
    tx.add(SignInAttempt(username=username, address=address, at=now))


def _check(tx: Session, whose: ColumnElement[bool], limit: int, now: datetime) -> None:
    attempts, oldest = tx.execute(
        select(func.count(), func.min(SignInAttempt.at)).where(
            whose, SignInAttempt.at > now - WINDOW
        )
    ).one()
    if attempts < limit:
        return
    wait = int((oldest + WINDOW - now).total_seconds()) + 1
    raise TooMany(
        "Too many attempts. Please wait %(minutes)s minutes and try again.",
        wait,
        minutes=-(-wait // 60),
    )


def forget(tx: Session, username: str, address: str) -> None:
    """The password was right: what this person mistyped before from here no longer counts."""
    tx.execute(
        delete(SignInAttempt).where(
            SignInAttempt.username == username, SignInAttempt.address == address
        )
    )


def place_of(phone_id: uuid.UUID) -> str:
    """What counts as the address of a PIN typed on this phone."""
    return f"{_PHONE}{phone_id}"


def count_pin(tx: Session, username: str, phone_id: uuid.UUID, now: datetime) -> None:
    """Count one PIN; the caller holds the phone's row. Raises `PhoneLocked`, or `TooMany` with the
    seconds to wait when this person's PIN was guessed at too often."""
    if locked(tx, phone_id):
        raise PhoneLocked(
            "Too many wrong PINs were typed on this phone. Sign in with your password to unlock it."
        )
    _check(tx, SignInAttempt.username == f"{_PIN}{username}", PER_PIN, now)
    attempt = SignInAttempt(username=f"{_PIN}{username}", address=place_of(phone_id), at=now)
    tx.add(attempt)


def locked(tx: Session, phone_id: uuid.UUID) -> bool:
    """Whether this phone takes no PIN before somebody signs in with a password."""
    return place_of(phone_id) in locked_places(tx)


def locked_places(tx: Session) -> set[str]:
    """`place_of` every phone that is locked."""
    typed = (
        select(SignInAttempt.address)
        .where(SignInAttempt.address.startswith(_PHONE, autoescape=True))
        .group_by(SignInAttempt.address)
        .having(func.count() >= PER_PHONE)
    )
    return set(tx.scalars(typed))


def forget_pin(tx: Session, username: str, phone_id: uuid.UUID) -> None:
    """The PIN was right: what this person mistyped before on this phone no longer counts. What was
    typed for others does: nobody gains guesses at a colleague's PIN by typing their own."""
    forget(tx, f"{_PIN}{username}", place_of(phone_id))
