"""How a vehicle leaves: when, by whose word, and by what proof of custody."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.models import ParkingSession, TransferClaim
from parking.sessions.service import flush_alone, lock_session
from payments import audit
from payments.errors import Conflict

#: An exit recorded by mistake can be taken back this long.
UNDO_WINDOW = timedelta(minutes=10)

OBSERVED, UNRECORDED = "observed", "unrecorded"


class Proof(StrEnum):
    """What showed that the vehicle is this person's to take."""

    SESSION_CODE = "session_code"
    CARD = "card"
    PAPERS = "papers"


#: What each proof is called in front of people.
PROOFS = {
    Proof.SESSION_CODE: mark("The driver's QR code"),
    Proof.CARD: mark("The lot's card"),
    Proof.PAPERS: mark("No proof, papers checked"),
}


@dataclass(frozen=True, slots=True)
class Leaving:
    """`at` is when it drove out, which a phone without signal tells later; `proof` where custody was
    asked for."""

    actor: str
    at: datetime
    proof: Proof | None = None


def record_exit(
    tx: Session, session_id: uuid.UUID, leaving: Leaving, now: datetime
) -> ParkingSession:
    """The vehicle left; the price freezes there. Recording it again changes nothing."""
    session = lock_session(tx, session_id)
    if session.exit_at is None:
        session.exit_at, session.exit_by = max(leaving.at, session.entry_at), leaving.actor
        session.exit_recorded_at, session.exit_kind = now, OBSERVED
        session.exit_proof = leaving.proof
        detail: dict[str, object] = {"plate": session.plate, "proof": leaving.proof}
        audit.append(tx, leaving.actor, "session.exit", session.reference, detail, now)
    return session


#: A vehicle that is still here was not let out on its announced transfer either.
_UNRELEASED = (
    update(TransferClaim)
    .where(TransferClaim.session_id == bindparam("stay"), TransferClaim.outcome.is_(None))
    .values(released_by=None, released_at=None)
)


def undo_exit(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> ParkingSession:
    """The vehicle is still here after all. Raises `Conflict` after ten minutes, or when the same
    plate, card or pass has entered again."""
    session = lock_session(tx, session_id)
    if session.exit_at is None:
        return session
    if now - (session.exit_recorded_at or session.exit_at) > UNDO_WINDOW:
        raise Conflict(
            "The exit of %(plate)s was recorded more than ten minutes ago and stays.",
            plate=session.plate,
        )
    before = session.exit_at
    session.exit_at = session.exit_by = session.exit_recorded_at = None
    session.exit_kind = session.exit_proof = None
    flush_alone(tx, session.plate)
    tx.execute(_UNRELEASED, {"stay": session.id})
    audit.append(tx, actor, "session.undo_exit", session.reference, {"exit_at": before}, now)
    return session
