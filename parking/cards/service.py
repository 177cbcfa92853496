"""Making cards, finding them by number or code, and saying what became of them; each act in the trail.

Which vehicle holds a card is not known here: `parking.sessions.holders` tells.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func as sql
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from parking.cards.models import Card, card_label
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import lot_by_number
from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage
from qr.links import InvalidLink, KeyRing, read_card_path

#: Fifty pages, which take some ten seconds to draw: nobody waits longer for a page.
MOST_AT_ONCE = 500
HIGHEST = 999_999

READY, LOST, BLOCKED = "ready", "lost", "blocked"


class CardUnusable(Conflict):
    """The card exists, and must not be handed out or taken as proof as it is."""


class CardOfAnotherLot(Conflict):
    """A card was shown at a lot it does not belong to."""


class CardAct(StrEnum):
    """What may become of a card."""

    LOST = "lost"
    FOUND = "found"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class _Change:
    sources: tuple[str, ...]
    target: str


_CHANGES = {
    CardAct.LOST: _Change((READY, BLOCKED), LOST),
    CardAct.FOUND: _Change((LOST,), READY),
    CardAct.BLOCK: _Change((READY,), BLOCKED),
    CardAct.UNBLOCK: _Change((BLOCKED,), READY),
}
_REFUSALS = {
    READY: mark("Card %(card)s of lot %(lot)s is ready to be handed out."),
    LOST: mark(
        "Card %(card)s of lot %(lot)s was reported lost. Report it found before it is used."
    ),
    BLOCKED: mark("Card %(card)s of lot %(lot)s is blocked. An administrator can unblock it."),
}


def make_cards(tx: Session, lot: Lot, count: int, actor: str, now: datetime) -> Sequence[Card]:
    """`count` new cards, numbered on from the lot's last one; two who make cards at once get
    different numbers. Raises `WrongUsage` for less than one, more than `MOST_AT_ONCE` or numbers
    that would not fit on a card."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise WrongUsage(
            mark("%(count)s cards cannot be made at once; ask for 1 to %(most)s."),
            count=count,
            most=MOST_AT_ONCE,
        )
    tx.execute(select(Lot.id).where(Lot.id == lot.id).with_for_update())
    last = tx.scalar(select(sql.max(Card.number)).where(Card.lot_id == lot.id)) or 0
    if last + count > HIGHEST:
        raise WrongUsage(
            mark("Lot %(lot)s has cards up to %(last)s; a number has at most six digits."),
            lot=lot.number,
            last=card_label(last),
        )
    same = {"lot_id": lot.id, "made_by": actor, "made_at": now}
    tx.execute(insert(Card), [{**same, "number": last + n} for n in range(1, count + 1)])
    cards = cards_between(tx, lot, last + 1, last + count)
    detail: dict[str, object] = {"first": cards[0].label, "last": cards[-1].label}
    audit.append(tx, actor, "card.make", f"lot:{lot.number}", detail, now)
    return cards


def cards_between(tx: Session, lot: Lot, first: int, last: int) -> Sequence[Card]:
    """Existing cards with these numbers, both included. Raises `WrongUsage` for an empty or too long
    stretch, `NotFound` when one of them was never made."""
    if not 1 <= first <= last < first + MOST_AT_ONCE:
        raise WrongUsage(
            mark("Cards %(first)s to %(last)s cannot be printed; ask for 1 to %(most)s of them."),
            first=first,
            last=last,
            most=MOST_AT_ONCE,
        )
    query = select(Card).where(Card.lot_id == lot.id, Card.number.between(first, last))
    found = tx.scalars(query.order_by(Card.number)).all()
    missing = set(range(first, last + 1)) - {card.number for card in found}
    if missing:
        raise _never_made(tx, lot, min(missing))
    return found


def card_by_number(tx: Session, lot: Lot, number: int) -> Card:
    """One card of a lot. Raises `NotFound` naming the cards there are."""
    found = tx.scalar(select(Card).where(Card.lot_id == lot.id, Card.number == number))
    if found is None:
        raise _never_made(tx, lot, number)
    return found


def _never_made(tx: Session, lot: Lot, number: int) -> NotFound:
    last = tx.scalar(select(sql.max(Card.number)).where(Card.lot_id == lot.id))
    if last is None:
        return NotFound(mark("Lot %(lot)s has no cards yet."), lot=lot.number)
    return NotFound(
        mark("Lot %(lot)s has no card %(card)s; its last one is %(last)s."),
        lot=lot.number,
        card=card_label(number),
        last=card_label(last),
    )


def card_of_link(tx: Session, keys: KeyRing, path: str) -> Card:
    """The card behind a link's path (``/c/…``). Raises `InvalidLink` unless genuine, `NotFound`."""
    claim = read_card_path(keys, path)
    return card_by_number(tx, lot_by_number(tx, claim.lot_number), claim.number)


def shown_card(tx: Session, keys: KeyRing, lot: Lot, text: str) -> Card:
    """The card of `lot` that was typed by its number or read from its code.

    Raises `WrongUsage` for what is neither, `NotFound`, `CardOfAnotherLot` naming both lots.
    """
    before, path, rest = text.strip().partition("/c/")
    if not path:
        return card_by_number(tx, lot, card_number(before))
    try:
        card = card_of_link(tx, keys, path + rest)
    except InvalidLink as error:
        raise WrongUsage(mark("This code is not one of our cards, or it was cut off.")) from error
    check_lot(card, lot)
    return card


def card_number(text: str) -> int:
    """A number as people type it: 42, 0042 or #0042. Raises `WrongUsage`."""
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= HIGHEST):
        raise WrongUsage(
            mark("“%(text)s” is not the number of a card such as 0042."), text=text[:20] or "—"
        )
    return int(digits)


def check_lot(card: Card, lot: Lot) -> None:
    """Raises `CardOfAnotherLot` naming both lots."""
    if card.lot_id != lot.id:
        raise CardOfAnotherLot(
            mark("Card %(card)s belongs to lot %(its)s (%(its_name)s), not to %(lot)s (%(name)s)."),
            card=card.label,
            its=card.lot.number,
            its_name=card.lot.name,
            lot=lot.number,
            name=lot.name,
        )


def lock_card(tx: Session, card_id: uuid.UUID) -> Card:
    """The card under its row lock. Whoever needs a card and a stay locks the card first."""
    query = select(Card).where(Card.id == card_id).with_for_update(of=Card)
    return tx.scalars(query.execution_options(populate_existing=True)).one()


def check_ready(card: Card) -> None:
    """Raises `CardUnusable` for a lost or blocked card."""
    if card.state != READY:
        raise _refused(card)


def change_card(tx: Session, card_id: uuid.UUID, act: CardAct, actor: str, now: datetime) -> Card:
    """Do `act` to a card; doing it again changes nothing. Raises `CardUnusable` saying what state
    the card is in when `act` does not fit it."""
    card, change = lock_card(tx, card_id), _CHANGES[act]
    if card.state == change.target:
        return card
    if card.state not in change.sources:
        raise _refused(card)
    before, card.state = card.state, change.target
    card.changed_by, card.changed_at = actor, now
    detail: dict[str, object] = {"before": before, "after": card.state}
    audit.append(tx, actor, f"card.{act}", f"card:{card.lot.number}{card.label}", detail, now)
    return card


def _refused(card: Card) -> CardUnusable:
    return CardUnusable(_REFUSALS[card.state], card=card.label, lot=card.lot.number)
