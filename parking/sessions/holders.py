"""Which vehicle a card is out with. A card is out as long as the stay that holds it is open."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.languages import mark
from parking.sessions.models import ParkingSession
from payments.db import CITY_ZONE
from payments.errors import Conflict


class CardInUse(Conflict):
    """The card is out with another vehicle."""


def holder_of(tx: Session, card_id: uuid.UUID) -> ParkingSession | None:
    """The open stay that holds this card."""
    return tx.scalar(
        select(ParkingSession).where(
            ParkingSession.card_id == card_id, ParkingSession.exit_at.is_(None)
        )
    )


def card_of(tx: Session, stay: ParkingSession) -> Card | None:
    """The card a stay was given, whatever became of it."""
    return tx.get(Card, stay.card_id) if stay.card_id else None


def check_in_nobodys_hand(tx: Session, card: Card, plate_key: str = "") -> None:
    """Raises `CardInUse` naming the vehicle and since when, unless it is the one called `plate_key`.

    Says so for good only while the caller holds the card's lock.
    """
    holder = holder_of(tx, card.id)
    if holder is not None and holder.plate_key != plate_key:
        raise CardInUse(
            mark("Card %(card)s is with vehicle %(plate)s since %(since)s."),
            card=card.label,
            plate=holder.plate,
            since=f"{holder.entry_at.astimezone(CITY_ZONE):%H:%M %d/%m/%Y}",
        )
