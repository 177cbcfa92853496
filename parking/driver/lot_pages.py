"""Where a driver begins: the sign's link, or the lot number typed when the sign is damaged."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.driver import pace
from parking.driver.links import Doubtful, local_link
from parking.house import House
from parking.languages import explain, mark
from parking.lots.models import Lot, Sign
from parking.lots.offers import ways_there
from parking.lots.service import lot_by_number, lots, sign_version
from parking.sessions.service import DRIVER, Arrival, Entered, enter
from parking.web.arrival_form import ArrivalForm, ClassOffer, as_typed, class_offers, filled_in
from parking.web.language import reader_language
from parking.web.pass_form import pass_choices
from payments.db import business_day
from payments.errors import NotFound, WrongUsage
from qr.links import InvalidLink, read_sign_path

FORGED = mark("This code is not one of our signs, or it was cut off.")
RETIRED = mark("This sign was replaced and is no longer valid.")
CLOSED = mark("This parking lot is closed.")
#: Nobody types more; what is longer is cut off before it is repeated on a page.
LONGEST_NUMBER = 20


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about lots into `pages`."""

    @pages.get("/")
    def home() -> ResponseReturnValue:
        return _home(house, request.args.get("lot", "").strip()[:LONGEST_NUMBER])

    @pages.route("/l/<path:sign>", methods=["GET", "POST"])
    def sign(sign: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            scanned, found = _of_sign(house, tx, f"/l/{sign}")
        return _lot(house, found, scanned)

    @pages.route(f"/lot/<string(maxlength={LONGEST_NUMBER}):number>", methods=["GET", "POST"])
    def lot(number: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            found = in_use(lot_by_number(tx, number))
        return _lot(house, found)


def _home(house: House, number: str) -> ResponseReturnValue:
    problem = ""
    with house.databases.read() as tx:
        if number:
            try:
                found = lot_by_number(tx, number)
                return redirect(url_for("driver.lot", number=found.number), 303)
            except NotFound as error:
                problem = explain(error, reader_language())
        page = render_template("driver/home.html", number=number, problem=problem, lots=lots(tx))
    return page, 404 if problem else 200


def _of_sign(house: House, tx: Session, path: str) -> tuple[Sign, Lot]:
    """A genuine sign and the lot it stands at. Raises `Doubtful`."""
    try:
        claim = read_sign_path(house.keys, path)
        lot = lot_by_number(tx, claim.lot_number)
        sign = sign_version(tx, lot, claim.version)
    except (InvalidLink, NotFound) as error:
        raise Doubtful(FORGED) from error
    if sign.retired_at is not None:
        raise Doubtful(RETIRED)
    return sign, in_use(lot)


def in_use(lot: Lot) -> Lot:
    """`lot`, unless it is closed. Raises `Doubtful`."""
    if lot.closed_at is not None:
        raise Doubtful(CLOSED)
    return lot


def _lot(house: House, lot: Lot, scanned: Sign | None = None) -> ResponseReturnValue:
    if request.method != "POST":
        return _page(house, lot, ArrivalForm())
    asked = as_typed()
    try:
        form = filled_in()
        if form.readings:
            return _page(house, lot, form), 409
        entered = _enter(house, lot, form, scanned)
    except WrongUsage as error:
        return _page(house, lot, asked.refused(error)), error.http_status
    joined = "yes" if entered.joined else None
    link = local_link(house, entered.session)
    return redirect(url_for("driver.session", link=link, joined=joined), 303)


def _page(house: House, lot: Lot, form: ArrivalForm) -> str:
    today = business_day(house.clock())
    offers = class_offers(house.tariffs, lot, today)
    with house.databases.read() as tx:
        labels = dict.fromkeys(way.label for way in ways_there(tx, house.gateways, lot))
    return render_template(
        "driver/lot.html",
        lot=lot,
        form=form,
        offers=offers,
        common=in_common(offers),
        ways=list(labels),
        passes=bool(pass_choices(house.tariffs, [lot], today, everybody=False)),
    )


def in_common(offers: Sequence[ClassOffer]) -> list[str]:
    """The sentences that every one of several tariffs says: to be said once."""
    first, *others = (offer.tariff for offer in offers) if len(offers) > 1 else ((), ())
    return [sentence for sentence in first if all(sentence in other for other in others)]


def _enter(house: House, lot: Lot, form: ArrivalForm, scanned: Sign | None) -> Entered:
    now = house.clock()
    with house.databases.write.begin() as tx:
        pace.count(tx, "start", request.remote_addr or "", now)
    sign_id = scanned.id if scanned else None
    arrival = Arrival(lot, form.plate, form.vehicle, now, DRIVER, declared=True, sign_id=sign_id)
    with house.databases.write.begin() as tx:
        return enter(tx, house.tariffs, arrival, now)
