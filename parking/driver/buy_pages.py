"""Buying a pass at a lot without anybody's help: at everybody's price, for one lot."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.driver.lot_pages import LONGEST_NUMBER, in_use
from parking.driver.paying import slow_down
from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import lot_by_number
from parking.passes.sales import AHEAD, MOST_MONTHS
from parking.sessions.service import DRIVER
from parking.tariffs.model import REGULAR
from parking.web.pass_form import PassForm, pass_choices, sell_by
from parking.web.pass_links import local_pass_link
from payments.db import business_day
from payments.errors import Conflict, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the sale into `pages`."""

    @pages.route(f"/lot/<string(maxlength={LONGEST_NUMBER}):number>/pass", methods=["GET", "POST"])
    def buy_pass(number: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            lot = in_use(lot_by_number(tx, number))
        if request.method != "POST":
            return _page(house, lot, PassForm())
        return _buy(house, lot)


def _page(house: House, lot: Lot, form: PassForm) -> str:
    today = business_day(house.clock())
    return render_template(
        "driver/buy_pass.html",
        lot=lot,
        form=form,
        choices=pass_choices(house.tariffs, [lot], today, everybody=False),
        today=today,
        latest=today + AHEAD,
        most=MOST_MONTHS,
    )


def _buy(house: House, lot: Lot) -> ResponseReturnValue:
    form = PassForm.sent()
    slow_down(house, "buy")
    try:
        kind = form.read_kind()
        if kind.holder != REGULAR:
            raise WrongUsage(mark("This price is for pupils and staff; please ask the attendant."))
        held = sell_by(house, form, [lot], form.read_bearer(), DRIVER)
    except (WrongUsage, Conflict) as error:
        return _page(house, lot, form.refused(error)), error.http_status
    return redirect(url_for("driver.pass_page", link=local_pass_link(house, held)), 303)
