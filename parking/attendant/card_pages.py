"""Cards at the lot: give one to a vehicle, report it lost or found, withdraw its fee."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.attendant.check_pages import carry_out
from parking.attendant.custody import card_given_to
from parking.cards.models import Card
from parking.cards.service import READY, CardAct, change_card, shown_card
from parking.cards.sheets import number_on
from parking.house import House
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions import lost_cards
from parking.sessions.models import ParkingSession
from parking.sessions.service import give_card
from payments.errors import NotFound


def add(pages: Blueprint, house: House) -> None:
    """Put what happens to cards into `pages`."""

    @pages.post("/sessions/<uuid:session_id>/card")
    def give(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            lot = tx.get_one(ParkingSession, own).lot
            card = shown_card(tx, house.keys, lot, request.form.get("give", ""))
            give_card(tx, own, card.id, badge.actor, now)

        return carry_out(house, session_id, act)

    @pages.post("/sessions/<uuid:session_id>/card-<any(lost, found):word>")
    def card_word(session_id: uuid.UUID, word: str) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            card_id = card_given_to(tx, own)
            if word == CardAct.LOST:
                lost_cards.report_lost(tx, house.tariffs, card_id, badge.actor, now)
            else:
                change_card(tx, card_id, CardAct.FOUND, badge.actor, now)

        return carry_out(house, session_id, act)

    @pages.post("/sessions/<uuid:session_id>/card-fee")
    def withdraw_fee(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            lost_cards.withdraw_fee(tx, own, request.form.get("why", ""), badge.actor, now)

        return carry_out(house, session_id, act)

    @pages.route("/cards/<uuid:card_id>", methods=["GET", "POST"])
    def card(card_id: uuid.UUID) -> ResponseReturnValue:
        return _found(house, card_id) if request.method == "POST" else _card(house, card_id)


def _card(house: House, card_id: uuid.UUID) -> ResponseReturnValue:
    """A card that cannot be handed out as it is; one that can leads to the entry form."""
    with house.databases.read() as tx:
        card = _own_card(tx, the_badge(), card_id)
    if card.state == READY:
        return redirect(
            url_for("attendant.take_in", number=card.lot.number, card=number_on(card)), 303
        )
    return render_template("attendant/card.html", card=card)


def _found(house: House, card_id: uuid.UUID) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.write.begin() as tx:
        card = _own_card(tx, badge, card_id)
        change_card(tx, card.id, CardAct.FOUND, badge.actor, now)
    return redirect(url_for("attendant.card", card_id=card_id), 303)


def _own_card(tx: Session, badge: Badge, card_id: uuid.UUID) -> Card:
    """A card of a lot this person works at. Raises `NotFound`."""
    card = tx.get(Card, card_id)
    if card is None or card.lot_id not in badge.lots:
        raise NotFound("There is no such card.")
    return card
