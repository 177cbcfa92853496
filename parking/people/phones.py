"""Phones that may be used at a kerb with a PIN: enrolled by a link that works once, revoked at once.

The link only shows a page; what enrols is the form on it. Chat applications and mail gateways open
links to preview them, and must not use them up.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from parking.lots.models import Operator
from parking.lots.service import operator_by_code
from parking.people import throttle, tokens
from parking.people.models import Phone, SignIn, SignInAttempt
from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage

#: Browsers forget a cookie after 400 days at the latest (RFC 6265bis §5.5); each use begins anew.
COOKIE_LASTS = timedelta(days=400)
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Which phone of which operator (its code) is wanted, and how long its link is good."""

    operator: str
    name: str
    lasts: timedelta


def link_of(public_url: str, token: str) -> str:
    """The address to open on the phone."""
    return f"{public_url}/phone/{token}"


def enrol(tx: Session, wish: Enrolment, actor: str, now: datetime) -> tuple[Phone, str]:
    """A phone that waits to be opened by its link, and the token in that link, which is kept nowhere.

    Raises `NotFound` for an unknown operator, `WrongUsage` for an empty or endless name, `Conflict`
    when a phone of that operator has the name already.
    """
    operator, name = operator_by_code(tx, wish.operator), " ".join(wish.name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WrongUsage(
            "A phone needs a name of at most %(longest)s characters.", longest=LONGEST_NAME
        )
    if any(phone.name.casefold() == name.casefold() for phone in _living(tx, operator)):
        raise Conflict("%(name)s is the name of another phone; revoke that one first.", name=name)
    token = tokens.fresh()
    phone = Phone(
        name=name,
        operator_id=operator.id,
        link_digest=tokens.digest(token),
        link_until=now + wish.lasts,
        made_by=actor,
        made_at=now,
    )
    tx.add(phone)
    tx.flush()
    _note(tx, actor, "phone.enrol", phone, now)
    return phone, token


def _living(tx: Session, operator: Operator) -> Sequence[Phone]:
    return tx.scalars(
        select(Phone).where(Phone.operator_id == operator.id, Phone.revoked_at.is_(None))
    ).all()


def _note(tx: Session, actor: str, act: str, phone: Phone, now: datetime) -> None:
    audit.append(tx, actor, act, subject_of(phone), {"name": phone.name}, now)


def subject_of(phone: Phone) -> str:
    """The phone's name in the audit trail."""
    return f"phone:{phone.id}"


def at_link(tx: Session, token: str, now: datetime) -> Phone:
    """The phone that this link would enrol, under its row lock. Looking changes nothing.

    Raises `NotFound` for a link of nobody, `Conflict` for one that was used, revoked or is too old.
    """
    phone = _alone_with(tx, Phone.link_digest == tokens.digest(token))
    if phone is None:
        raise NotFound("This link is not known. Please open it exactly as you received it.")
    if phone.revoked_at is not None:
        raise Conflict("This link was withdrawn. Please ask the administrator for a new one.")
    if phone.enrolled_at is not None:
        raise Conflict(
            "This link was used already and works only once. If that was not you, tell the"
            " administrator at once; otherwise ask for a new link."
        )
    if now >= phone.link_until:
        raise Conflict("This link is too old. Please ask the administrator for a new one.")
    return phone


def _alone_with(tx: Session, which: ColumnElement[bool]) -> Phone | None:
    return tx.scalar(select(Phone).where(which).with_for_update())


def take(tx: Session, token: str, now: datetime) -> tuple[Phone, str]:
    """Use the link up: the phone it enrols, and the token for that phone's cookie. Of two who press at
    the same moment one gets the phone, the other is told that the link was used. Raises as `at_link`.
    """
    phone, cookie = at_link(tx, token, now), tokens.fresh()
    phone.token_digest, phone.enrolled_at, phone.seen_at = tokens.digest(cookie), now, now
    _note(tx, subject_of(phone), "phone.open", phone, now)
    return phone, cookie


def phone_of(tx: Session, cookie: str | None) -> Phone | None:
    """The enrolled phone behind this cookie, under its row lock; None when there is none or it was
    revoked. Who counts wrong PINs, or signs somebody in, is alone with the phone."""
    if not cookie:
        return None
    mine = Phone.token_digest == tokens.digest(cookie)
    return _alone_with(tx, and_(mine, Phone.revoked_at.is_(None)))


def revoke(tx: Session, phone_id: uuid.UUID, actor: str, now: datetime) -> Phone:
    """Take a phone out of use: its link, its cookie and every sign-in on it end with this
    transaction. Doing it again changes nothing. Raises `NotFound`."""
    phone = _alone_with(tx, Phone.id == phone_id)
    if phone is None:
        raise NotFound("There is no such phone.")
    if phone.revoked_at is None:
        phone.revoked_by, phone.revoked_at = actor, now
        tx.execute(
            update(SignIn)
            .where(SignIn.phone_id == phone.id, SignIn.ended_at.is_(None))
            .values(ended_at=now)
        )
        unlock(tx, phone)
        _note(tx, actor, "phone.revoke", phone, now)
    return phone


def unlock(tx: Session, phone: Phone) -> None:
    """Forget the wrong PINs that were typed on this phone."""
    tx.execute(delete(SignInAttempt).where(SignInAttempt.address == throttle.place_of(phone.id)))


def phones(tx: Session, operator: str = "") -> Sequence[tuple[Phone, Operator]]:
    """Every phone with its operator (only those of the operator with this code), revoked ones last,
    the newest first."""
    query = select(Phone, Operator).join(Operator, Operator.id == Phone.operator_id)
    if operator:
        query = query.where(Operator.code == operator)
    in_use_first = Phone.revoked_at.is_not(None)
    rows = tx.execute(query.order_by(in_use_first, Operator.legal_name, Phone.made_at.desc()))
    return [(phone, owner) for phone, owner in rows]


def phone_named(tx: Session, operator: str, name: str) -> Phone:
    """The phone of this operator that goes by `name` and is not revoked. Raises `NotFound`."""
    wanted = " ".join(name.split()).casefold()
    for phone in _living(tx, operator_by_code(tx, operator)):
        if phone.name.casefold() == wanted:
            return phone
    raise NotFound(
        "%(operator)s has no phone %(name)s in use; see parking phone list.",
        operator=operator,
        name=name,
    )
