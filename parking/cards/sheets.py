"""What is printed on a lot's cards, Vietnamese first, English second."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from parking.cards.models import Card
from parking.languages import bilingual, mark, translate
from parking.lots.models import Lot
from qr import card as printed
from qr.links import KeyRing, card_link


def link_of(keys: KeyRing, public_url: str, card: Card) -> str:
    """The address a card's code leads to."""
    return card_link(keys, public_url, card.lot.number, card.number)


def sheets(keys: KeyRing, public_url: str, lot: Lot, cards: Sequence[Card]) -> bytes:
    """The cards of one lot as a PDF for the printer, ten to an A4 page."""
    first, last = number_on(cards[0]), number_on(cards[-1])
    title = f"{lot.number} · {first}–{last}"
    texts = [_printed(keys, public_url, lot, card) for card in cards]
    return printed.sheets_pdf(texts, title, lot.operator.legal_name)


def number_on(card: Card) -> str:
    """The number as it stands on the card: ``0042``."""
    return card.label.removeprefix("#")


def _printed(keys: KeyRing, public_url: str, lot: Lot, card: Card) -> printed.Card:
    return printed.Card(
        link=link_of(keys, public_url, card),
        heading=bilingual(mark("Parking card")),
        number=number_on(card),
        lot=translate(mark("Lot %(lot)s"), lot=lot.number),
        lot_name=lot.name,
        address_label=bilingual(mark("Opens only at")),
        address=urlsplit(public_url).netloc,
        give_back=bilingual(mark("Return this card when you leave")),
    )
