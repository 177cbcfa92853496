"""A blind count: the page shows what was open in the books only after the count was saved, so that
nobody counts towards a number they have seen."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import explain
from parking.lots.models import Lot
from parking.people.guard import the_badge
from parking.sessions.states import VEHICLES
from parking.watch import service
from parking.web.language import reader_language
from payments.errors import WrongUsage


def blueprint(house: House) -> Blueprint:
    """Everything under ``/inspector``."""
    pages = Blueprint("inspector", __name__, url_prefix="/inspector")

    @pages.get("/")
    def lots() -> ResponseReturnValue:
        with house.databases.read() as tx:
            found = service.watched_lots(tx, the_badge().operator_id)
        return render_template("inspector/lots.html", lots=_matching(found), q=_wish())

    @pages.route("/lots/<number>", methods=["GET", "POST"])
    def count(number: str) -> ResponseReturnValue:
        return _save(house, number) if request.method == "POST" else _form(house, number)

    @pages.get("/lots/<number>/counts/<uuid:row_id>")
    def counted(number: str, row_id: uuid.UUID) -> ResponseReturnValue:
        badge = the_badge()
        with house.databases.read() as tx:
            lot = _lot(tx, number)
            look = service.look_of(tx, lot, row_id, badge.actor)
        return render_template("inspector/counted.html", lot=lot, look=look, vehicles=VEHICLES)

    return pages


def _wish() -> str:
    return request.args.get("q", "").strip()


def _matching(lots: list[Lot]) -> list[Lot]:
    """The lots whose number, name or street holds what was searched for."""
    wish = _wish().casefold()
    return [lot for lot in lots if wish in f"{lot.number} {lot.name} {lot.street}".casefold()]


def _lot(tx: Session, number: str) -> Lot:
    return service.watched_lot(tx, the_badge().operator_id, number)


def _form(house: House, number: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    with house.databases.read() as tx:
        lot = _lot(tx, number)
    classes = sorted((row.vehicle_class for row in lot.tariffs), key=_usual_order)
    page = render_template(
        "inspector/count.html",
        lot=lot,
        classes=classes,
        vehicles=VEHICLES,
        given=request.form,
        problem=problem,
    )
    return page, status


def _usual_order(vehicle: str) -> tuple[bool, str]:
    """Two-wheelers are counted first: they are most of what stands there."""
    return vehicle not in ("motorbike", "bicycle"), vehicle


def _save(house: House, number: str) -> ResponseReturnValue:
    badge, form = the_badge(), request.form
    try:
        with house.databases.write.begin() as tx:
            lot = _lot(tx, number)
            counts = service.read_counts(lot, form)
            look = service.record(tx, lot, counts, form.get("note", ""), badge.actor, house.clock())
    except WrongUsage as error:
        return _form(house, number, explain(error, reader_language()), error.http_status)
    row_id = look.rows[0].id
    return redirect(url_for("inspector.counted", number=number, row_id=row_id), 303)
