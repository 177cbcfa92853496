"""PINs for attendants at a kerb: six digits, typed on an enrolled phone and worth nothing elsewhere.

Six, because four are guessed by their birthday and eight are written on the phone. A PIN is hashed
like a password; a million guesses at a stolen hash take hours, not years, and that is accepted: the
PIN opens nothing without the cookie of an enrolled phone, of which only a digest is stored. Who may
not come in (of another operator, disabled, without a PIN, not an attendant) gets the same answer
after the same time as a wrong PIN.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.errors import NotAllowed
from parking.people import phones, sign_ins, throttle
from parking.people.badge import Badge
from parking.people.models import Person, Phone
from parking.people.passwords import hash_password, matches
from parking.people.service import person as person_named
from parking.people.service import prove
from payments import audit
from payments.errors import Conflict, WrongUsage

DIGITS = 6
ATTENDANT = "attendant"

_PIN = re.compile(r"[0-9]{6}")


class WrongPin(NotAllowed):
    """Wrong, or nobody's on this phone: the answer does not say which."""


class NotEnrolled(NotAllowed):
    """This browser is no enrolled phone, or not one any more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody filled in to choose a PIN: the present password proves that it is they."""

    password: str
    pin: str
    again: str
    address: str


def check_pin(pin: str) -> None:
    """Raises `WrongUsage` for anything but six digits, and for what is tried first: fewer than three
    different digits, runs up or down (123456, 890123), halves that repeat (123123), pairs (112233)."""
    if not _PIN.fullmatch(pin):
        raise WrongUsage("A PIN has %(digits)s digits.", digits=DIGITS)
    if _weak(pin):
        raise WrongUsage("This PIN is too easy to guess. Please choose another one.")


def _weak(pin: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    run = steps in ({1}, {9})
    pairs = pin[0::2] == pin[1::2]
    return run or pairs or len(set(pin)) < 3 or pin[:3] == pin[3:]


def generate_pin() -> str:
    """A random PIN that is not weak."""
    while _weak(pin := f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"):
        pass
    return pin


def attendants(tx: Session, phone: Phone) -> list[Person]:
    """Who may sign in on `phone`: the attendants of its operator, by name."""
    query = select(Person).where(
        Person.role == ATTENDANT,
        Person.operator_id == phone.operator_id,
        Person.disabled_at.is_(None),
    )
    return list(tx.scalars(query.order_by(Person.name, Person.username)))


def sign_in(
    db: sessionmaker[Session], phone_cookie: str | None, username: str, pin: str, now: datetime
) -> tuple[str, Badge]:
    """A fresh token for the cookie, and who came in: for a shift at most, and for as long as the
    phone is not revoked.

    Raises `NotEnrolled` on any other browser, `WrongPin`, `TooMany` after too many wrong PINs of this
    person, and `PhoneLocked` after too many on this phone.
    """
    name = username.strip().casefold()[: sign_ins.LONGEST_NAME]
    with db.begin() as tx:
        phone = _enrolled(tx, phone_cookie)
        throttle.count_pin(tx, name, phone.id, now)
        person = next((found for found in attendants(tx, phone) if found.username == name), None)
    if not matches(person.pin_hash if person else None, pin) or person is None:
        with db.begin() as tx:
            _note_lock(tx, phone, now)
        raise WrongPin("This PIN is not right.")
    with db.begin() as tx:
        phone = _enrolled(tx, phone_cookie)
        throttle.forget_pin(tx, name, phone.id)
        return sign_ins.begin(tx, person, phone, {"by": "pin"}, now)


def _enrolled(tx: Session, phone_cookie: str | None) -> Phone:
    phone = phones.phone_of(tx, phone_cookie)
    if phone is None:
        raise NotEnrolled("This phone is not enrolled here. Please sign in with your password.")
    return phone


def _note_lock(tx: Session, phone: Phone, now: datetime) -> None:
    if throttle.locked(tx, phone.id):
        subject = phones.subject_of(phone)
        audit.append(tx, subject, "phone.lock", subject, {"name": phone.name}, now)


def choose(
    db: sessionmaker[Session], badge: Badge, phone_cookie: str | None, choice: Choice, now: datetime
) -> tuple[str, Badge]:
    """An attendant chooses a PIN on an enrolled phone of their operator; all their sign-ins end, and a
    fresh one begins here.

    Raises `WrongUsage` for an impossible choice or a wrong password, `TooMany`, `NotEnrolled`.
    """
    if choice.pin != choice.again:
        raise WrongUsage("The two PINs differ. Please type the same one twice.")
    check_pin(choice.pin)
    with db.begin() as tx:
        _own_phone(tx, badge, phone_cookie)
    prove(db, badge, choice.password, choice.address, now)
    hashed = hash_password(choice.pin)
    with db.begin() as tx:
        phone = _own_phone(tx, badge, phone_cookie)
        person = tx.get_one(Person, badge.person_id)
        person.pin_hash = hashed
        sign_ins.end_all(tx, person.id, now)
        audit.append(tx, badge.actor, "person.choose_pin", badge.actor, {"phone": phone.name}, now)
        return sign_ins.begin(tx, person, phone, {"by": "password"}, now)


def _own_phone(tx: Session, badge: Badge, phone_cookie: str | None) -> Phone:
    phone = _enrolled(tx, phone_cookie)
    if phone.operator_id != badge.operator_id:
        raise NotEnrolled("This phone belongs to another operator; your PIN would not count here.")
    return phone


def reset_pin(tx: Session, username: str, now: datetime, actor: str) -> str:
    """A new generated PIN, which is kept nowhere; every sign-in of the person ends.

    Raises `NotFound`, and `Conflict` for whoever is no attendant: they work at desks.
    """
    who = person_named(tx, username)
    if who.role != ATTENDANT:
        raise Conflict(
            "%(username)s is no attendant: PINs are for phones at a kerb.", username=username
        )
    pin = generate_pin()
    who.pin_hash = hash_password(pin)
    sign_ins.end_all(tx, who.id, now)
    audit.append(tx, actor, "person.reset_pin", f"person:{who.username}", {}, now)
    return pin
