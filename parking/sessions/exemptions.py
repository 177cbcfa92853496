"""Exemptions: a stay that costs nothing by a listed reason, never by a price. All of it audited."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from parking.lots.models import Lot, Operator
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.reasons import REASONS
from parking.sessions.service import lock_session
from payments import audit
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.service import paid


def exempt(tx: Session, session_id: uuid.UUID, reason: str, actor: str, now: datetime) -> Exemption:
    """From entry to exit this stay costs nothing; saying so twice changes nothing.

    Raises `WrongUsage` for a reason that is not listed, `Conflict` when the vehicle has left, when
    another reason stands, and when something was paid: that goes back as a refund.
    """
    if reason not in REASONS:
        raise WrongUsage(
            "“%(reason)s” is no listed reason; choose one of: %(known)s.",
            reason=reason[:40],
            known=", ".join(REASONS),
        )
    session = _within_the_stay(tx, session_id)
    if (known := standing_exemption(tx, session_id)) is not None:
        return _same(known, reason, session)
    if paid(tx, session.reference):
        raise Conflict(
            "%(plate)s has paid already; ask finance to pay it back.", plate=session.plate
        )
    found = Exemption(session_id=session_id, reason=reason, by=actor, at=now)
    tx.add(found)
    tx.flush()
    audit.append(tx, actor, "session.exempt", session.reference, {"reason": reason}, now)
    return found


def withdraw(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> Exemption:
    """The stay costs what it costs after all. Raises `Conflict` when the vehicle has left, and when
    no exemption stands."""
    session = _within_the_stay(tx, session_id)
    found = standing_exemption(tx, session_id)
    if found is None:
        raise Conflict("%(plate)s is not exempt from payment.", plate=session.plate)
    found.withdrawn_by, found.withdrawn_at = actor, now
    detail: dict[str, object] = {"reason": found.reason}
    audit.append(tx, actor, "session.withdraw_exemption", session.reference, detail, now)
    return found


def standing_exemption(tx: Session, session_id: uuid.UUID) -> Exemption | None:
    """The exemption of this stay that was not withdrawn."""
    return tx.scalar(
        select(Exemption).where(
            Exemption.session_id == session_id, Exemption.withdrawn_at.is_(None)
        )
    )


def _within_the_stay(tx: Session, session_id: uuid.UUID) -> ParkingSession:
    session = lock_session(tx, session_id)
    if session.exit_at is not None:
        raise Conflict("%(plate)s has left; what it owes stays as it is.", plate=session.plate)
    return session


def _same(known: Exemption, reason: str, session: ParkingSession) -> Exemption:
    if known.reason != reason:
        raise Conflict(
            "%(plate)s is exempt for another reason; withdraw that first.", plate=session.plate
        )
    return known


@dataclass(frozen=True, slots=True)
class Given:
    """An exemption that stands, with its place, day and person."""

    day: date
    lot: str
    by: str
    reason: str
    plate: str
    session_id: uuid.UUID


def given(
    tx: Session,
    since: datetime,
    until: datetime,
    *,
    operator: str | None = None,
    by: str | None = None,
) -> Sequence[Given]:
    """The exemptions given from `since` to before `until` that were not withdrawn, newest first: of
    one operator (by its code) or all, by one person or everybody."""
    query = _standing(since, until)
    if operator is not None:
        query = query.where(Operator.code == operator)
    if by is not None:
        query = query.where(Exemption.by == by)
    return [
        Given(business_day(at), lot, by_, reason, plate, session_id)
        for at, lot, by_, reason, plate, session_id in tx.execute(query)
    ]


def _standing(since: datetime, until: datetime) -> Select[datetime, str, str, str, str, uuid.UUID]:
    return (
        select(
            Exemption.at,
            Lot.number,
            Exemption.by,
            Exemption.reason,
            ParkingSession.plate,
            ParkingSession.id,
        )
        .join(ParkingSession, ParkingSession.id == Exemption.session_id)
        .join(Lot, Lot.id == ParkingSession.lot_id)
        .join(Operator, Operator.id == Lot.operator_id)
        .where(Exemption.at >= since, Exemption.at < until, Exemption.withdrawn_at.is_(None))
        .order_by(Exemption.at.desc(), Exemption.id.desc())
    )
