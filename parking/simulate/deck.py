"""The cards of the lots, as they lie at the kerb or are out with a vehicle."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import READY, make_cards
from parking.lots.models import Lot
from parking.sessions.models import ParkingSession

#: So many cards are printed when a lot has none left.
PRINTED = 20


class Deck:
    """Which cards may be handed out: at first those that lie at the lots, then those that came back."""

    def __init__(self) -> None:
        self._free: dict[uuid.UUID, list[Card]] = {}
        self._out: dict[uuid.UUID, Card] = {}

    def deal(self, tx: Session, lot: Lot, actor: str, now: datetime) -> Card:
        """A card of `lot`; new ones are printed when none is left."""
        if lot.id not in self._free:
            self._free[lot.id] = list(_lying_at(tx, lot))
        hand = self._free[lot.id]
        if not hand:
            hand.extend(reversed(make_cards(tx, lot, PRINTED, actor, now)))
        card = hand.pop()
        self._out[card.id] = card
        return card

    def lose(self, card_id: uuid.UUID) -> None:
        """It will not come back."""
        del self._out[card_id]

    def take_back(self, card_id: uuid.UUID) -> bool:
        """Whether the card of a vehicle that leaves is there to be handed out again."""
        card = self._out.pop(card_id, None)
        if card is None:
            return False
        self._free[card.lot_id].append(card)
        return True


def _lying_at(tx: Session, lot: Lot) -> Sequence[Card]:
    held = exists().where(ParkingSession.card_id == Card.id, ParkingSession.exit_at.is_(None))
    query = select(Card).where(Card.lot_id == lot.id, Card.state == READY, ~held)
    return tx.scalars(query.order_by(Card.number.desc())).all()
