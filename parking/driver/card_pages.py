"""Where a card's code leads: the driver who holds it to the price, an attendant of its lot to the exit
or, while it is in nobody's hand, to the entry form."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import LOST, card_of_link
from parking.cards.sheets import number_on
from parking.driver.links import Doubtful, local_link
from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.people.guard import current_badge
from parking.sessions.holders import holder_of
from parking.sessions.models import ParkingSession
from payments.errors import NotFound
from qr.links import InvalidLink

FORGED = mark("This code is not one of our cards, or it was cut off.")


class DoubtfulCard(Doubtful):
    """A card that is none of ours: nobody has to replace a sign for it."""

    advice = mark("Please pay nothing through it and show the card to the attendant.")


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a card into `pages`."""

    @pages.get("/c/<path:link>")
    def card(link: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            found, holder = _find(house, tx, f"/c/{link}")
            badge = current_badge()
            works_at = _lots_of(tx, badge) if badge is not None else []
        if badge is not None and found.lot_id in badge.lots:
            return redirect(_place_of_work(found, holder), 303)
        return _page(house, found, holder, works_at)


def _find(house: House, tx: Session, path: str) -> tuple[Card, ParkingSession | None]:
    """A genuine card and the open stay that holds it. Raises `DoubtfulCard`."""
    try:
        card = card_of_link(tx, house.keys, path)
    except (InvalidLink, NotFound) as error:
        raise DoubtfulCard(FORGED) from error
    return card, holder_of(tx, card.id)


def _lots_of(tx: Session, badge: Badge) -> list[str]:
    numbers = select(Lot.number).where(Lot.id.in_(badge.lots)).order_by(Lot.number)
    return list(tx.scalars(numbers))


def _place_of_work(card: Card, holder: ParkingSession | None) -> str:
    """The attendant's page for a card of their own lot."""
    if holder is not None:
        return url_for("attendant.check", session_id=holder.id, card=number_on(card))
    return url_for("attendant.card", card_id=card.id)


def _page(
    house: House, card: Card, holder: ParkingSession | None, works_at: list[str]
) -> ResponseReturnValue:
    """A card that was reported lost opens nobody's stay: whoever found it is not who parked."""
    link = local_link(house, holder) if holder is not None and card.state != LOST else ""
    if link and not works_at:
        return redirect(url_for("driver.session", link=link), 303)
    return render_template("driver/card.html", card=card, link=link, works_at=works_at)
