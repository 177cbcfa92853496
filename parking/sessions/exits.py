"""How a vehicle leaves: when, by whose word, and by what proof of custody."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from parking.cards.service import LOST, check_ready, lock_card
from parking.languages import mark
from parking.sessions.holders import card_of, check_in_nobodys_hand
from parking.sessions.models import OBSERVED, ParkingSession, TransferClaim
from parking.sessions.service import flush_alone, lock_session
from payments import audit
from payments.errors import Conflict

#: An exit recorded by mistake can be taken back this long.
UNDO_WINDOW = timedelta(minutes=10)


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


class CardNotShown(Conflict):
    """The vehicle was given a card, and nobody says what became of it."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """`at` is when it drove out, which a phone without signal tells later; `proof` where custody was
    asked for: with a card it always is."""

    actor: str
    at: datetime
    proof: Proof | None = None


def record_exit(
    tx: Session, session_id: uuid.UUID, leaving: Leaving, now: datetime
) -> ParkingSession:
    """The vehicle left; the price freezes there, and a card that was shown is back. Recording it again
    changes nothing. Raises `CardNotShown` when the card is out and neither it nor papers were seen,
    `CardUnusable` when the card that was shown is reported lost."""
    session = lock_session(tx, session_id)
    if session.exit_at is None:
        _check_custody(tx, session, leaving.proof)
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


def _check_custody(tx: Session, session: ParkingSession, proof: Proof | None) -> None:
    card = card_of(tx, session)
    if proof is Proof.CARD:
        if card is None:
            raise Conflict(mark("%(plate)s was given no card."), plate=session.plate)
        if card.state == LOST:
            check_ready(card)
    elif card is not None and card.state != LOST and proof is not Proof.PAPERS:
        raise CardNotShown(
            mark(
                "%(plate)s was given card %(card)s. Take the card back, or check the papers and say so."
            ),
            plate=session.plate,
            card=card.label,
        )


def undo_exit(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> ParkingSession:
    """The vehicle is still here after all. Raises `Conflict` after ten minutes, or when the same
    plate or pass has entered again, `CardInUse` when its card has."""
    known = tx.get(ParkingSession, session_id)
    card = lock_card(tx, known.card_id) if known and known.card_id else None
    session = lock_session(tx, session_id)
    if session.exit_at is None:
        return session
    if card is not None:
        check_in_nobodys_hand(tx, card)
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
