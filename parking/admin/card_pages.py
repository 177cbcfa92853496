"""A lot's numbered cards: where each one is, new ones, printing, and what became of one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.cards.service import (
    MOST_AT_ONCE,
    CardAct,
    card_by_number,
    card_number,
    cards_between,
    change_card,
    make_cards,
)
from parking.cards.sheets import number_on, sheets
from parking.house import House
from parking.languages import mark
from parking.lots.service import lot_by_number
from parking.people.guard import the_badge
from parking.sessions.card_list import Whereabouts, count_by_place, listed_cards
from parking.sessions.lost_cards import report_lost
from payments.errors import WrongUsage

#: More rows than anybody scrolls through; a state or a number finds the rest.
LONGEST_LIST = 100

#: What each place is called in front of people.
PLACES = {
    Whereabouts.READY: mark("Ready"),
    Whereabouts.OUT: mark("With a vehicle"),
    Whereabouts.NOT_RETURNED: mark("Not returned"),
    Whereabouts.LOST: mark("Lost"),
    Whereabouts.BLOCKED: mark("Blocked"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cards the list is to show: those at one place, or one by its number."""

    place: str
    number: str


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about cards into `pages`."""

    @pages.get("/lots/<number>/cards")
    def cards(number: str) -> ResponseReturnValue:
        return _list(house, number)

    @pages.post("/lots/<number>/cards")
    def new_cards(number: str) -> ResponseReturnValue:
        return _make(house, number)

    @pages.get("/lots/<number>/cards.pdf")
    def card_sheets(number: str) -> ResponseReturnValue:
        return _sheets(house, number)

    @pages.post(
        "/lots/<number>/cards/<int(max=999999):card>/<any(lost, found, block, unblock):word>"
    )
    def change_of_card(number: str, card: int, word: str) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            found = card_by_number(tx, lot_by_number(tx, number), card)
            _change(house, tx, found.id, CardAct(word), house.clock())
        return redirect(url_for("admin.cards", number=number, q=number_on(found)), 303)


def _list(house: House, number: str) -> ResponseReturnValue:
    asked = Asked(request.args.get("place", ""), request.args.get("q", "").strip()[:20])
    with house.databases.read() as tx:
        lot = lot_by_number(tx, number)
        everything = listed_cards(tx, lot.id, house.clock())
    found = [row for row in everything if asked.place in ("", row.where)]
    if asked.number:
        found = [row for row in found if asked.number.lstrip("#0") in str(row.card.number)]
    return render_template(
        "admin/cards.html",
        lot=lot,
        asked=asked,
        places=PLACES,
        counts=count_by_place(everything),
        total=len(everything),
        rows=found[:LONGEST_LIST],
        hidden=max(0, len(found) - LONGEST_LIST),
        made=(request.args.get("first", ""), request.args.get("last", "")),
        most=MOST_AT_ONCE,
    )


def _make(house: House, number: str) -> ResponseReturnValue:
    with house.databases.write.begin() as tx:
        lot = lot_by_number(tx, number)
        made = make_cards(tx, lot, _count(), the_badge().actor, house.clock())
    first, last = number_on(made[0]), number_on(made[-1])
    return redirect(url_for("admin.cards", number=lot.number, first=first, last=last), 303)


def _count() -> int:
    text = request.form.get("count", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise WrongUsage(mark("“%(text)s” is not a number of cards such as 50."), text=text[:20])
    return int(text)


def _sheets(house: House, number: str) -> Response:
    first, last = (card_number(request.args.get(name, "")) for name in ("first", "last"))
    with house.databases.read() as tx:
        lot = lot_by_number(tx, number)
        cards = cards_between(tx, lot, first, last)
        pdf = sheets(house.keys, house.config.public_url, lot, cards)
    response = Response(pdf, content_type="application/pdf")
    name = f"cards-{lot.number}-{number_on(cards[0])}-{number_on(cards[-1])}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _change(house: House, tx: Session, card_id: uuid.UUID, act: CardAct, now: datetime) -> None:
    actor = the_badge().actor
    if act is CardAct.LOST:
        report_lost(tx, house.tariffs, card_id, actor, now)
    else:
        change_card(tx, card_id, act, actor, now)
