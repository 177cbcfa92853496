"""A stay that goes over to its vehicle's pass by an attendant's word."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.models import ParkingSession
from parking.sessions.on_pass import Why, beside
from parking.sessions.service import flush_alone, lock_session
from payments import audit
from payments.errors import Conflict


def take_up(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> ParkingSession:
    """Put a stay on the vehicle's pass that was paid, or became free, after it had begun. What was
    paid for the stay before is then too much, and goes back like any other excess.

    Raises `Conflict` when there is no such pass, or another vehicle stands on it.
    """
    session = lock_session(tx, session_id)
    found = beside(tx, session)
    if found is None or found.why is not Why.LATER:
        raise Conflict(
            mark("%(plate)s has no paid pass for this stay that is free."), plate=session.plate
        )
    session.pass_id = found.held.id
    flush_alone(tx, session.plate)
    detail: dict[str, object] = {"pass": found.held.number}
    audit.append(tx, actor, "session.take_up_pass", session.reference, detail, now)
    return session
