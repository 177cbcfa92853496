"""What an attendant knows better: when a vehicle left whose exit nobody had recorded, or that it did
not leave at all. The price follows by itself.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.sessions.models import OBSERVED, UNRECORDED, ParkingSession
from parking.sessions.service import flush_alone, lock_session
from payments import audit
from payments.errors import Conflict, WrongUsage

#: So long after the service ended a stay somebody of the lot may say what really happened.
CORRECTION_WINDOW = timedelta(days=1)


def correctable(session: ParkingSession, now: datetime) -> bool:
    """Whether the real exit of `session` may still be recorded."""
    recorded = session.exit_recorded_at
    return (
        session.exit_kind == UNRECORDED
        and recorded is not None
        and now - recorded <= CORRECTION_WINDOW
    )


def record_real_exit(
    tx: Session, session_id: uuid.UUID, exit_at: datetime, actor: str, now: datetime
) -> ParkingSession:
    """The vehicle was seen leaving at `exit_at`, which may make more due, or less.

    Raises `Conflict` unless its exit was not recorded and that is no longer than a day ago, or when
    the same plate came in again before `exit_at`; `WrongUsage` for a time before the entry or to come.
    """
    session = _correctable(tx, session_id, now)
    if not session.entry_at <= exit_at <= now:
        raise WrongUsage("The exit is after the entry and not later than now.")
    if _came_again(tx, session, exit_at):
        raise Conflict("%(plate)s had come in again before that time.", plate=session.plate)
    before = session.exit_at
    session.exit_at, session.exit_by, session.exit_kind = exit_at, actor, OBSERVED
    session.exit_recorded_at = now
    detail: dict[str, object] = {"before": before, "after": exit_at}
    audit.append(tx, actor, "session.real_exit", session.reference, detail, now)
    return session


def still_here(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> ParkingSession:
    """The vehicle never left: its stay goes on, and the attendant's word is its new sign of life.

    Raises `Conflict` as `record_real_exit` does, and when plate, card or pass stand in a newer stay.
    """
    session = _correctable(tx, session_id, now)
    before = session.exit_at
    session.exit_at = session.exit_by = session.exit_recorded_at = session.exit_kind = None
    flush_alone(tx, session.plate)
    audit.append(tx, actor, "session.still_here", session.reference, {"exit_at": before}, now)
    return session


def _correctable(tx: Session, session_id: uuid.UUID, now: datetime) -> ParkingSession:
    session = lock_session(tx, session_id)
    if not correctable(session, now):
        raise Conflict(
            "The exit of %(plate)s is recorded, or was missing for more than a day; it stays.",
            plate=session.plate,
        )
    return session


def _came_again(tx: Session, session: ParkingSession, exit_at: datetime) -> bool:
    later = select(ParkingSession.id).where(
        ParkingSession.lot_id == session.lot_id,
        ParkingSession.plate_key == session.plate_key,
        ParkingSession.id != session.id,
        ParkingSession.entry_at >= session.entry_at,
        ParkingSession.entry_at < exit_at,
    )
    return tx.scalar(later.limit(1)) is not None
