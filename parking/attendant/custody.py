"""What a driver showed at the exit: the code of the stay, the lot's card, or papers that an attendant
compared with the vehicle."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import LOST, shown_card
from parking.house import House
from parking.languages import mark
from parking.sessions.exits import Proof
from parking.sessions.holders import card_of
from parking.sessions.lost_cards import fee_charged, lost_card_fee
from parking.sessions.models import ParkingSession
from payments.errors import Complaint, Conflict
from qr.links import InvalidLink, read_session_path

#: What a link that was scanned may prove; that papers were checked is said by hand.
SCANNED = (Proof.CARD, Proof.SESSION_CODE)


class WrongCard(Conflict):
    """The card that was shown is not the one this vehicle was given."""


@dataclass(frozen=True, slots=True)
class Custody:
    """The card a stay was given, if any, and what was shown on the way to its check screen: `proof`
    with the text that proves it. `fee` is what losing the card costs here, `charged` what stands
    charged for it; both in minor units."""

    card: Card | None
    proof: Proof | None
    shown: str
    fee: int
    charged: int

    @property
    def must_show_card(self) -> bool:
        """The vehicle was given a card that is not reported lost."""
        return self.card is not None and self.card.state != LOST


def custody_of(house: House, tx: Session, session: ParkingSession) -> Custody:
    """What the check screen says of custody; a proof that is none counts for nothing here."""
    card = card_of(tx, session)
    proof = None
    with suppress(Complaint):
        proof = proof_of(house, tx, session, {name: request.args.get(name, "") for name in SCANNED})
    if proof is Proof.CARD and (card is None or card.state == LOST):
        proof = None
    return Custody(
        card=card,
        proof=proof,
        shown=request.args.get(proof, "") if proof else "",
        fee=lost_card_fee(house.tariffs, session),
        charged=fee_charged(tx, session),
    )


def proof_of(
    house: House, tx: Session, session: ParkingSession, given: Mapping[str, str]
) -> Proof | None:
    """What `given` proves, each under the name of its proof; None when nothing was shown.

    Raises `WrongCard`, and what `shown_card` raises for what is no card of this lot.
    """
    if given.get(Proof.PAPERS) == "yes":
        return Proof.PAPERS
    if card := given.get(Proof.CARD, "").strip():
        _check_card(house, tx, session, card)
        return Proof.CARD
    if code := given.get(Proof.SESSION_CODE, ""):
        with suppress(InvalidLink):
            if read_session_path(house.keys, f"/s/{code}") == session.token:
                return Proof.SESSION_CODE
    return None


def _check_card(house: House, tx: Session, session: ParkingSession, text: str) -> None:
    card = shown_card(tx, house.keys, session.lot, text)
    given = card_of(tx, session)
    if given is not None and card.id != given.id:
        raise WrongCard(
            mark("Card %(card)s is not the one that %(plate)s was given: that is %(right)s."),
            card=card.label,
            plate=session.plate,
            right=given.label,
        )


def card_given_to(tx: Session, session_id: uuid.UUID) -> uuid.UUID:
    """The card of a stay. Raises `Conflict` when it was given none."""
    session = tx.get_one(ParkingSession, session_id)
    if session.card_id is None:
        raise Conflict(mark("%(plate)s was given no card."), plate=session.plate)
    return session.card_id
