"""Adding people, giving them new passwords, and taking their access away; each act in the trail."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.lots.models import Lot
from parking.lots.service import operator_by_code
from parking.people import throttle
from parking.people.badge import Badge
from parking.people.models import Person, PersonLot
from parking.people.passwords import check_password, generate_password, hash_password, matches
from parking.people.roles import ROLES
from parking.people.sign_ins import end_all
from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage

#: Actor of acts typed into a terminal.
COMMAND_LINE = "command"
LONGEST_NAME = 80

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`operator` is a code; without one finance staff see every operator. `lots` are printed lot
    numbers: an attendant has at least one, nobody else any, all of one operator."""

    username: str
    role: str
    name: str = ""
    operator: str | None = None
    lots: tuple[str, ...] = ()


def add_person(tx: Session, new: NewPerson, now: datetime, actor: str = COMMAND_LINE) -> str:
    """Add somebody and give back the generated password, which is kept nowhere.

    Raises `WrongUsage` for an impossible name, role or set of lots, `NotFound` for an unknown lot
    or operator, `Conflict` for a user name that is taken.
    """
    username = _check_username(tx, new.username)
    if new.role not in ROLES:
        raise WrongUsage(
            "%(role)s is not a role; it must be one of %(choices)s.",
            role=new.role,
            choices=", ".join(ROLES),
        )
    lots = _lots(tx, new)
    operator_id = _operator_id(tx, new, lots)
    password = generate_password()
    person = Person(
        username=username,
        name=_check_name(new.name) or username,
        role=new.role,
        operator_id=operator_id,
        password_hash=hash_password(password),
        created_at=now,
    )
    tx.add(person)
    tx.flush()
    tx.add_all(PersonLot(person_id=person.id, lot_id=lot.id) for lot in lots)
    detail: dict[str, object] = {"role": new.role, "lots": [lot.number for lot in lots]}
    audit.append(tx, actor, "person.add", f"person:{username}", detail, now)
    return password


def _check_username(tx: Session, wish: str) -> str:
    username = wish.strip().casefold()
    if not _USERNAME.fullmatch(username):
        raise WrongUsage(
            "%(username)s cannot be a user name: use 2 to 32 letters a–z, digits, dots or hyphens.",
            username=wish[:LONGEST_NAME] or "—",
        )
    if tx.scalar(select(Person.id).where(Person.username == username)):
        raise Conflict("The user name %(username)s is taken.", username=username)
    return username


def _check_name(wish: str) -> str:
    name = " ".join(wish.split())
    if len(name) > LONGEST_NAME:
        raise WrongUsage("A name has at most %(longest)s characters.", longest=LONGEST_NAME)
    return name


def _lots(tx: Session, new: NewPerson) -> Sequence[Lot]:
    if (new.role == "attendant") != bool(new.lots):
        raise WrongUsage("An attendant works at one lot or more; nobody else has lots.")
    found = tx.scalars(select(Lot).where(Lot.number.in_(new.lots)).order_by(Lot.number)).all()
    missing = set(new.lots) - {lot.number for lot in found}
    if missing:
        raise NotFound("There is no lot %(lot)s.", lot=min(missing))
    return found


def _operator_id(tx: Session, new: NewPerson, lots: Sequence[Lot]) -> uuid.UUID | None:
    of_lots = {lot.operator_id for lot in lots}
    if new.operator is not None:
        of_lots.add(operator_by_code(tx, new.operator).id)
    if len(of_lots) > 1:
        raise WrongUsage("All lots of an attendant belong to one operator.")
    if of_lots and new.role == "admin":
        raise WrongUsage("An administrator looks after every operator: name none.")
    return of_lots.pop() if of_lots else None


def person(tx: Session, username: str) -> Person:
    """The person with this user name. Raises `NotFound`."""
    found = tx.scalar(select(Person).where(Person.username == username.strip().casefold()))
    if found is None:
        raise NotFound("There is no user %(username)s.", username=username)
    return found


def names_of(tx: Session, actors: Collection[str]) -> dict[str, str]:
    """Actor of the audit trail → the person's name; who is no person is absent."""
    usernames = [actor.removeprefix("person:") for actor in actors]
    rows = tx.execute(select(Person.username, Person.name).where(Person.username.in_(usernames)))
    return {f"person:{row.username}": row.name for row in rows}


def reset_password(tx: Session, username: str, now: datetime, actor: str = COMMAND_LINE) -> str:
    """A new generated password; every sign-in of the person ends, and their PIN: who had the former
    password could have chosen it. Raises `NotFound`."""
    password = generate_password()
    who = person(tx, username)
    who.pin_hash = None
    _set_password(tx, who, password, now)
    audit.append(tx, actor, "person.reset_password", f"person:{who.username}", {}, now)
    return password


def choose_password(
    db: sessionmaker[Session], badge: Badge, old: str, new: str, address: str, now: datetime
) -> None:
    """Somebody chooses their own password; all their sign-ins end, this one too.

    Raises `WrongUsage` when `old` is not right or `new` too easy to guess, and `TooMany`: somebody
    who found an open browser guesses no faster here than on the sign-in page.
    """
    check_password(new, badge.username)
    prove(db, badge, old, address, now)
    with db.begin() as tx:
        _set_password(tx, tx.get_one(Person, badge.person_id), new, now)
        audit.append(tx, badge.actor, "person.choose_password", badge.actor, {}, now)


def prove(
    db: sessionmaker[Session], badge: Badge, password: str, address: str, now: datetime
) -> None:
    """Somebody who is signed in shows that it is really they. Raises `WrongUsage`, `TooMany`."""
    with db.begin() as tx:
        throttle.count(tx, badge.username, address, now)
        stored = tx.get_one(Person, badge.person_id).password_hash
    if not matches(stored, password):
        raise WrongUsage("Your present password is not right.")
    with db.begin() as tx:
        throttle.forget(tx, badge.username, address)


def _set_password(tx: Session, who: Person, password: str, now: datetime) -> None:
    who.password_hash = hash_password(password)
    end_all(tx, who.id, now)


def disable(tx: Session, username: str, now: datetime, actor: str) -> None:
    """Take somebody's access away at once; doing it again changes nothing.

    Raises `NotFound`, and `Conflict` for oneself: a house without its administrator is locked.
    """
    who = person(tx, username)
    if actor == f"person:{who.username}":
        raise Conflict("You cannot take your own access away.")
    if who.disabled_at is None:
        who.disabled_at = now
        end_all(tx, who.id, now)
        audit.append(tx, actor, "person.disable", f"person:{who.username}", {}, now)


def enable(tx: Session, username: str, now: datetime, actor: str) -> None:
    """Give access back; the old password counts again. Raises `NotFound`."""
    who = person(tx, username)
    if who.disabled_at is not None:
        who.disabled_at = None
        audit.append(tx, actor, "person.enable", f"person:{who.username}", {}, now)
