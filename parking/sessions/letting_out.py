"""Letting a vehicle out: what is due decides whether it takes a second, explicit word."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.due import standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments import audit
from payments.errors import Conflict


class Unpaid(Conflict):
    """Something is still due: driving out needs a second, explicit word."""


def let_out(
    tx: Session,
    tariffs: TariffBook,
    session_id: uuid.UUID,
    leaving: Leaving,
    now: datetime,
    *,
    unpaid: bool,
) -> None:
    """Record the exit under the session's lock, so that what is due is what was due when the vehicle
    left; nothing happens to one that is out already. With `unpaid` what is due is noted with the name
    of whoever let it go; without, raises `Unpaid`."""
    session = lock_session(tx, session_id)
    if session.exit_at is not None:
        return
    due = standing(tx, tariffs, session, leaving.at).due
    if due and not unpaid:
        raise Unpaid(
            mark("%(plate)s has not paid everything. It still counts as inside."),
            plate=session.plate,
        )
    record_exit(tx, session_id, leaving, now)
    if due:
        detail: dict[str, object] = {"plate": session.plate, "due": due}
        audit.append(tx, leaving.actor, "session.exit_unpaid", session.reference, detail, now)
