"""Monthly passes at the counter: find one, sell one, renew it, write another plate on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.attendant.history import history_of
from parking.attendant.own import own_lot, own_lots, own_session
from parking.house import House
from parking.languages import explain, mark
from parking.passes.cancelling import cancel
from parking.passes.finding import at_lots
from parking.passes.models import Pass
from parking.passes.paying import owed, product_of, seller_of
from parking.passes.plates import change_plate
from parking.passes.sales import MOST_MONTHS, renew
from parking.passes.service import is_settled, lock_pass, pass_by_id, still_due
from parking.passes.standing import HOLDERS, HOURS, PassStanding, stand_of
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions.on_pass import inside_on
from parking.sessions.plates import read_plate
from parking.sessions.taking_up import take_up
from parking.shifts.cash import REASONS, sell_for_cash
from parking.shifts.models import Shift
from parking.shifts.service import current_shift
from parking.web.arrival_form import vehicle_name
from parking.web.language import reader_language
from parking.web.pass_counter import Counter, serve
from parking.web.pass_form import PassForm, read_bearer
from parking.web.pass_links import local_pass_link
from payments.db import business_day
from payments.errors import Complaint, Conflict, NotFound, WrongUsage

#: What an attendant does to a pass: (house, transaction, pass, who, when).
Act = Callable[[House, Session, Pass, Badge, datetime], Pass]


def add(pages: Blueprint, house: House) -> None:
    """Put the passes into `pages`."""

    @pages.get("/passes")
    def passes() -> ResponseReturnValue:
        return _list(house)

    @pages.route("/passes/new/<number>", methods=["GET", "POST"])
    def sell_pass(number: str) -> ResponseReturnValue:
        return _sell(house, number)

    @pages.get("/passes/<uuid:pass_id>")
    def pass_page(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _page(house, pass_id)

    @pages.post("/passes/<uuid:pass_id>/renew")
    def renew_pass(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _do(house, pass_id, _renew)

    @pages.post("/passes/<uuid:pass_id>/plate")
    def change_pass_plate(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _do(house, pass_id, _change_plate)

    @pages.post("/passes/<uuid:pass_id>/cancel")
    def cancel_pass(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _do(house, pass_id, _cancel)

    @pages.post("/passes/<uuid:pass_id>/cash")
    def sell_pass_for_cash(pass_id: uuid.UUID) -> ResponseReturnValue:
        return _do(house, pass_id, _take_cash)

    @pages.post("/sessions/<uuid:session_id>/pass")
    def take_up_pass(session_id: uuid.UUID) -> ResponseReturnValue:
        badge = the_badge()
        with house.databases.write.begin() as tx:
            session = own_session(tx, badge, session_id)
            take_up(tx, session.id, badge.actor, house.clock())
        return redirect(url_for("attendant.check", session_id=session_id), 303)


def _list(house: House) -> str:
    badge, wanted = the_badge(), request.args.get("q", "").strip()[:20]
    with house.databases.read() as tx:
        lots = own_lots(tx, badge)
        found = at_lots(tx, badge.lots, wanted, business_day(house.clock()))
    return render_template(
        "attendant/passes.html", lots=lots, found=found, wanted=wanted, hours=HOURS,
        name=vehicle_name,
    )  # fmt: skip


def _sell(house: House, number: str) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        lot, lots = own_lot(tx, badge, number), own_lots(tx, badge)
    page, then = "attendant/sell_pass.html", "attendant.pass_page"
    return serve(house, Counter(lot, lots, badge.actor, page, then))


def _own(tx: Session, badge: Badge, pass_id: uuid.UUID, now: datetime) -> PassStanding:
    """A pass that holds at a lot of one's own. Raises `NotFound`, also for any other."""
    stand = stand_of(tx, pass_by_id(tx, pass_id), business_day(now))
    if not any(lot.id in badge.lots for lot in stand.lots):
        raise NotFound("There is no such pass.")
    return stand


def _page(
    house: House, pass_id: uuid.UUID, refusal: Complaint | None = None
) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        stand = _own(tx, badge, pass_id, now)
        held = stand.held
        page = render_template(
            "attendant/pass.html", stand=stand, held=held, given=request.form,
            inside=inside_on(tx, held), history=history_of(tx, held.reference),
            vehicle=vehicle_name(held.vehicle_class), hours=HOURS[held.hours],
            holder=HOLDERS[held.holder], link=local_pass_link(house, held), most=MOST_MONTHS,
            till=_open_till(tx, badge), reasons=REASONS, checked=_checked(held),
            news=request.args.get("news", ""),
            problem=explain(refusal, reader_language()) if refusal else "",
        )  # fmt: skip
    return page, refusal.http_status if refusal else 200


def _checked(held: Pass) -> tuple[str, bool] | None:
    """The plate that stands before the attendant, as typed, and whether the pass is for it."""
    typed = request.args.get("plate", "").strip()[:40]
    if not typed or held.plate_key is None:
        return None
    try:
        read = read_plate(typed, held.vehicle_class)
    except WrongUsage:
        return typed, False
    return read.display, read.key == held.plate_key


def _do(house: House, pass_id: uuid.UUID, act: Act) -> ResponseReturnValue:
    """Carry out `act` on a pass of an own lot; what it refuses is explained on its page."""
    badge, now = the_badge(), house.clock()
    try:
        with house.databases.write.begin() as tx:
            done = act(house, tx, _own(tx, badge, pass_id, now).held, badge, now)
    except (Conflict, WrongUsage) as error:
        return _page(house, pass_id, error)
    return redirect(url_for("attendant.pass_page", pass_id=done.id), 303)


def _renew(house: House, tx: Session, held: Pass, badge: Badge, now: datetime) -> Pass:
    months = PassForm.sent().read_months()
    return renew(tx, house.tariffs, held.id, months, badge.actor, now)


def _cancel(house: House, tx: Session, held: Pass, badge: Badge, now: datetime) -> Pass:
    if is_settled(tx, held):
        raise Conflict(mark("A paid pass is cancelled by the finance office."))
    reason = request.form.get("reason", "")
    return cancel(tx, house.tariffs, held.id, reason, badge.actor, now)


def _open_till(tx: Session, badge: Badge) -> Shift | None:
    """The shift whose till may still be filled."""
    shift = current_shift(tx, badge.person_id)
    return shift if shift is not None and shift.counted is None else None


def _take_cash(_house: House, tx: Session, held: Pass, badge: Badge, now: datetime) -> Pass:
    """Into the till of one's own shift, at whichever of one's lots that is."""
    locked, till = lock_pass(tx, held.id), _open_till(tx, badge)
    lot = seller_of(tx, locked)
    sell_for_cash(
        tx, till.lot_id if till else lot.id, badge, request.form.get("reason", ""), now,
        reference=locked.reference, amount=owed(tx, locked, now) if still_due(tx, locked) else 0,
        cost_centre=lot.number, product=product_of(locked),
        description=f"{lot.number} PASS {locked.number}",
    )  # fmt: skip
    return locked


def _change_plate(_house: House, tx: Session, held: Pass, badge: Badge, now: datetime) -> Pass:
    bearer = read_bearer(request.form.get("plate", ""), held.vehicle_class)
    reason = request.form.get("reason", "")
    return change_plate(tx, held.id, bearer, reason, badge.actor, now)
