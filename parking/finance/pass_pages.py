"""Monthly passes at the desk: every one there is, one in full, sold by an administrator, cancelled."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import explain
from parking.lots.service import lot_by_number, lots
from parking.passes.cancelling import cancel
from parking.passes.finding import of_operator
from parking.passes.service import pass_by_id
from parking.passes.standing import HOLDERS, HOURS, PassStanding, stand_of
from parking.people.guard import the_badge
from parking.sessions.on_pass import inside_on
from parking.web.actors import names_of
from parking.web.arrival_form import vehicle_name
from parking.web.language import reader_language
from parking.web.pass_counter import Counter, serve
from parking.web.pass_links import local_pass_link
from payments.db import business_day
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.models import Payment


def add(pages: Blueprint, house: House) -> None:
    """Put the passes into `pages`."""

    @pages.get("/passes")
    def passes() -> ResponseReturnValue:
        return _list(house)

    @pages.get("/passes/<uuid:pass_id>")
    def pass_page(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _page(house, pass_id)

    @pages.post("/passes/<uuid:pass_id>/cancel")
    def cancel_pass(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _cancel(house, pass_id)

    @pages.route("/passes/new/<number>", methods=["GET", "POST"])
    def sell_pass(number: str) -> ResponseReturnValue:
        return _sell(house, number)


def _list(house: House) -> str:
    badge, wanted = the_badge(), request.args.get("q", "").strip()[:20]
    with house.databases.read() as tx:
        found = of_operator(tx, badge.operator_id, wanted, business_day(house.clock()))
        sellers = lots(tx) if badge.role == "admin" else ()
    return render_template(
        "finance/passes.html", found=found, wanted=wanted, hours=HOURS, holders=HOLDERS,
        sellers=sellers, name=vehicle_name,
    )  # fmt: skip


def _own(tx: Session, pass_id: uuid.UUID, house: House) -> PassStanding:
    """Raises `NotFound`, also for another operator's."""
    held, operator_id = pass_by_id(tx, pass_id), the_badge().operator_id
    if operator_id not in (None, held.operator_id):
        raise NotFound("There is no such pass.")
    return stand_of(tx, held, business_day(house.clock()))


def _page(
    house: House, pass_id: uuid.UUID, refusal: Complaint | None = None
) -> ResponseReturnValue:
    with house.databases.read() as tx:
        stand = _own(tx, pass_id, house)
        held = stand.held
        query = select(Payment).where(Payment.reference == held.reference)
        page = render_template(
            "finance/pass.html", stand=stand, held=held, given=request.form,
            payments=tx.scalars(query.order_by(Payment.id.desc())).all(),
            inside=inside_on(tx, held), names=names_of(tx, [held.sold_by, held.cancelled_by or ""]),
            vehicle=vehicle_name(held.vehicle_class), hours=HOURS[held.hours],
            holder=HOLDERS[held.holder], link=local_pass_link(house, held),
            problem=explain(refusal, reader_language()) if refusal else "",
        )  # fmt: skip
    return page, refusal.http_status if refusal else 200


def _cancel(house: House, pass_id: uuid.UUID) -> ResponseReturnValue:
    reason, actor = request.form.get("reason", ""), the_badge().actor
    try:
        with house.databases.write.begin() as tx:
            held = _own(tx, pass_id, house).held
            cancel(tx, house.tariffs, held.id, reason, actor, house.clock())
    except (Conflict, WrongUsage) as error:
        return _page(house, pass_id, error)
    return redirect(url_for("finance.pass_page", pass_id=pass_id), 303)


def _sell(house: House, number: str) -> ResponseReturnValue:
    """By an administrator, at any lot, for any lots of its operator."""
    badge = the_badge()
    with house.databases.read() as tx:
        lot, all_lots = lot_by_number(tx, number), lots(tx)
    if badge.operator_id not in (None, lot.operator_id):
        raise NotFound("There is no lot %(lot)s.", lot=number)
    page, then = "finance/sell_pass.html", "finance.pass_page"
    return serve(house, Counter(lot, all_lots, badge.actor, page, then))
