"""A lot's cards as a list: where each one is. Only a few are stored as lost or blocked; whether a card
is out, and whether the last vehicle that had it showed it at the exit, is read off the stays."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import READY
from parking.sessions.exits import Proof
from parking.sessions.models import ParkingSession

#: A card that was not shown at an exit longer ago is no longer looked for.
LOOKING_BACK = timedelta(days=31)


class Whereabouts(StrEnum):
    """Where a card is, as far as anybody knows."""

    READY = "ready"
    OUT = "out"
    NOT_RETURNED = "not_returned"
    LOST = "lost"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Listed:
    """A card, where it is, and the stay that holds it or had it last without showing it."""

    card: Card
    where: Whereabouts
    stay: ParkingSession | None


def listed_cards(tx: Session, lot_id: uuid.UUID, now: datetime) -> Sequence[Listed]:
    """Every card of a lot by number, in three queries however many there are."""
    cards = tx.scalars(select(Card).where(Card.lot_id == lot_id).order_by(Card.number)).all()
    out, missing = _out(tx, lot_id), _not_shown(tx, lot_id, now)
    return [_listed(card, out.get(card.id), missing.get(card.id)) for card in cards]


def count_by_place(cards: Collection[Listed]) -> dict[str, int]:
    """How many cards there are at each place that has any."""
    return {
        place.value: count
        for place in Whereabouts
        if (count := sum(row.where is place for row in cards))
    }


def _listed(card: Card, holder: ParkingSession | None, last: ParkingSession | None) -> Listed:
    if card.state != READY:
        return Listed(card, Whereabouts(card.state), holder)
    if holder is not None:
        return Listed(card, Whereabouts.OUT, holder)
    if last is not None:
        return Listed(card, Whereabouts.NOT_RETURNED, last)
    return Listed(card, Whereabouts.READY, None)


def _out(tx: Session, lot_id: uuid.UUID) -> Mapping[uuid.UUID | None, ParkingSession]:
    holding = select(ParkingSession).where(
        ParkingSession.lot_id == lot_id,
        ParkingSession.card_id.is_not(None),
        ParkingSession.exit_at.is_(None),
    )
    return {stay.card_id: stay for stay in tx.scalars(holding)}


def _not_shown(
    tx: Session, lot_id: uuid.UUID, now: datetime
) -> Mapping[uuid.UUID | None, ParkingSession]:
    """The last finished stay of each card, where that ended without the card."""
    place = sql.row_number().over(
        partition_by=ParkingSession.card_id, order_by=ParkingSession.exit_at.desc()
    )
    finished = (
        select(ParkingSession.id, place.label("place"))
        .where(
            ParkingSession.lot_id == lot_id,
            ParkingSession.card_id.is_not(None),
            ParkingSession.exit_at >= now - LOOKING_BACK,
        )
        .subquery()
    )
    last = (
        select(ParkingSession)
        .join(finished, finished.c.id == ParkingSession.id)
        .where(
            finished.c.place == 1, sql.coalesce(ParkingSession.exit_proof, "") != Proof.CARD.value
        )
    )
    return {stay.card_id: stay for stay in tx.scalars(last)}
