"""Taking in a vehicle whose driver has no phone."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.attendant.own import own_lot, own_lots
from parking.house import House
from parking.lots.models import Lot
from parking.people.guard import the_badge
from parking.sessions.service import Arrival, enter
from parking.web.arrival_form import ArrivalForm, class_offers, filled_in
from payments.db import business_day
from payments.errors import WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the entry form into `pages`."""

    @pages.get("/new")
    def choose_lot() -> ResponseReturnValue:
        with house.databases.read() as tx:
            lots = own_lots(tx, the_badge())
        if len(lots) == 1:
            return redirect(url_for("attendant.take_in", number=lots[0].number), 303)
        return render_template("attendant/choose_lot.html", lots=lots)

    @pages.route("/new/<number>", methods=["GET", "POST"])
    def take_in(number: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            lot = own_lot(tx, the_badge(), number)
        return _take_in(house, lot) if request.method == "POST" else _page(house, lot)


def _page(house: House, lot: Lot, form: ArrivalForm | None = None) -> str:
    offers = class_offers(house.tariffs, lot, business_day(house.clock()))
    return render_template(
        "attendant/take_in.html", lot=lot, form=form or ArrivalForm(), offers=offers
    )


def _take_in(house: House, lot: Lot) -> ResponseReturnValue:
    asked = ArrivalForm(request.form.get("plate", ""), request.form.get("vehicle", ""))
    now, actor = house.clock(), the_badge().actor
    try:
        form = filled_in()
        if form.readings:
            return _page(house, lot, form), 409
        arrival = Arrival(lot, form.plate, form.vehicle, now, actor, declared=False)
        with house.databases.write.begin() as tx:
            entered = enter(tx, house.tariffs, arrival, now)
    except WrongUsage as error:
        return _page(house, lot, asked.refused(error)), error.http_status
    news = "joined" if entered.joined else "new"
    return redirect(url_for("attendant.check", session_id=entered.session.id, news=news), 303)
