"""Taking in a vehicle whose driver has no phone: by its plate, by a card of the lot, or by both."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.attendant.own import own_lot, own_lots
from parking.cards.service import shown_card
from parking.house import House
from parking.lots.models import Lot
from parking.people.guard import the_badge
from parking.sessions.holders import CardInUse, holder_of
from parking.sessions.models import ParkingSession
from parking.sessions.service import Arrival, enter
from parking.web.arrival_form import ArrivalForm, as_typed, class_offers, filled_in
from payments.db import business_day
from payments.errors import Conflict, NotFound, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the entry form into `pages`."""

    @pages.get("/new")
    def choose_lot() -> ResponseReturnValue:
        with house.databases.read() as tx:
            lots = own_lots(tx, the_badge())
        if len(lots) == 1:
            return redirect(url_for("attendant.take_in", number=lots[0].number), 303)
        return render_template("attendant/choose_lot.html", lots=lots, then="attendant.take_in")

    @pages.route("/new/<number>", methods=["GET", "POST"])
    def take_in(number: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            lot = own_lot(tx, the_badge(), number)
        return _take_in(house, lot) if request.method == "POST" else _page(house, lot)


def _page(
    house: House, lot: Lot, form: ArrivalForm | None = None, holder: ParkingSession | None = None
) -> str:
    """`holder` is the stay that has the card which was to be handed out."""
    offers = class_offers(house.tariffs, lot, business_day(house.clock()))
    shown = form or ArrivalForm(card=request.args.get("card", ""))
    return render_template(
        "attendant/take_in.html", lot=lot, form=shown, offers=offers, holder=holder
    )


def _take_in(house: House, lot: Lot) -> ResponseReturnValue:
    now, actor = house.clock(), the_badge().actor
    try:
        form = filled_in()
        if form.readings:
            return _page(house, lot, form), 409
        with house.databases.write.begin() as tx:
            card = shown_card(tx, house.keys, lot, form.card) if form.card else None
            arrival = Arrival(lot, form.plate, form.vehicle, now, actor, False, card=card)
            entered = enter(tx, house.tariffs, arrival, now)
    except CardInUse as error:
        return _page(house, lot, as_typed().refused(error), _holder(house, lot)), error.http_status
    except (Conflict, NotFound, WrongUsage) as error:
        return _page(house, lot, as_typed().refused(error)), error.http_status
    news = "joined" if entered.joined else "new"
    return redirect(url_for("attendant.check", session_id=entered.session.id, news=news), 303)


def _holder(house: House, lot: Lot) -> ParkingSession | None:
    with house.databases.read() as tx:
        return holder_of(tx, shown_card(tx, house.keys, lot, as_typed().card).id)
