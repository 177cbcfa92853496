"""Guessing is slowed down, per user name and per address; what counts is in the database, so that
every process counts alike.

An attempt is counted before its password is looked at and forgotten when it was right: guesses sent
at the same moment count too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from parking.errors import TooMany
from parking.people.models import SignInAttempt

WINDOW = timedelta(minutes=15)
PER_USERNAME = 8
#: A whole office or a mobile network can stand behind one address.
PER_ADDRESS = 40


def count(tx: Session, username: str, address: str, now: datetime) -> None:
    """Count one attempt. Raises `TooMany` with the seconds to wait when there were enough already."""
    tx.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - WINDOW))
    limits = (
        (SignInAttempt.username == username, PER_USERNAME),
        (SignInAttempt.address == address, PER_ADDRESS),
    )
    for whose, limit in limits:
        _check(tx, whose, limit, now)
    tx.add(SignInAttempt(username=username, address=address, at=now))


def _check(tx: Session, whose: ColumnElement[bool], limit: int, now: datetime) -> None:
    attempts, oldest = tx.execute(
        select(func.count(), func.min(SignInAttempt.at)).where(whose)
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
