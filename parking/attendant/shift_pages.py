"""The shift on an attendant's phone: the float at the beginning, the count at the end, the handover.

What is expected in the till is shown after the count was written down, never before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.attendant import cash_corner
from parking.attendant.own import own_lot, own_lots
from parking.attendant.shift_view import handovers, own_shift, working
from parking.house import House
from parking.languages import explain, mark
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.shifts import handover, service
from parking.shifts.cash import REASONS
from parking.shifts.closing import Closing, close_shift
from parking.web.amounts import typed_amount
from parking.web.language import reader_language
from payments.errors import Conflict, WrongUsage
from payments.money import InvalidMoney

#: What an attendant does to a shift: (transaction, who, when).
Act = Callable[[Session, Badge, datetime], object]


def add(pages: Blueprint, house: House) -> None:
    """Put the shift into `pages`."""

    @pages.get("/shift")
    def shift() -> ResponseReturnValue:
        return _page(house)

    @pages.post("/shift")
    def open_shift() -> ResponseReturnValue:
        def act(tx: Session, badge: Badge, now: datetime) -> None:
            lot = own_lot(tx, badge, request.form.get("lot", ""))
            service.open_shift(tx, house.gateways, lot, badge, _amount("float"), now)

        return _do(house, act)

    @pages.post("/shift/count")
    def count_till() -> ResponseReturnValue:
        def act(tx: Session, badge: Badge, now: datetime) -> None:
            service.count(tx, badge, _amount("counted"), now)

        return _do(house, act)

    @pages.post("/shift/refund")
    def refund_from_till() -> ResponseReturnValue:
        return _do(house, cash_corner.refund)

    @pages.post("/shift/close")
    def close_till() -> ResponseReturnValue:
        return _close(house)

    _add_handover(pages, house)


def _add_handover(pages: Blueprint, house: House) -> None:
    """Taking a till over, and what was written down of one that is closed."""

    @pages.post("/shift/<uuid:shift_id>/take-over")
    def take_over(shift_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, badge: Badge, now: datetime) -> None:
            handover.take_over(tx, house.gateways, shift_id, badge, _amount("float"), now)

        return _do(house, act)

    @pages.get("/shift/<uuid:shift_id>")
    def closed_shift(shift_id: uuid.UUID) -> ResponseReturnValue:
        with house.databases.read() as tx:
            view = own_shift(tx, the_badge(), shift_id)
        return render_template("attendant/closed_shift.html", view=view, reasons=REASONS)


def _amount(name: str) -> int:
    """The amount typed into a field. Raises `WrongUsage`."""
    amount = typed_amount(request.form.get(name, ""))
    if amount is None:
        raise WrongUsage(mark("Please type the amount you counted; 0 is an amount as well."))
    return amount


def _page(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        current = service.current_shift(tx, badge.person_id)
        common = {"problem": problem, "given": request.form, "now": now, "reasons": REASONS}
        if current is not None:
            view = working(house, tx, current, now)
            return render_template("attendant/shift.html", view=view, **common), status
        lots, waiting = own_lots(tx, badge), handovers(tx, badge, now)
        mine = handover.closed_lately(tx, badge, now)
        page = render_template(
            "attendant/open_shift.html", lots=lots, waiting=waiting, mine=mine, **common
        )
    return page, status


def _do(house: House, act: Act) -> ResponseReturnValue:
    """Carry `act` out; what it refuses is explained on the page of the shift."""
    badge, now = the_badge(), house.clock()
    try:
        with house.databases.write.begin() as tx:
            act(tx, badge, now)
    except (Conflict, WrongUsage, InvalidMoney) as error:
        return _page(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("attendant.shift"), 303)


def _close(house: House) -> ResponseReturnValue:
    badge, now, db = the_badge(), house.clock(), house.databases.write
    try:
        closing = Closing(request.form.get("note", ""), _amount("left"))
        closed = close_shift(db, house.gateways, house.tariffs, badge, closing, now)
    except (Conflict, WrongUsage) as error:
        return _page(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("attendant.closed_shift", shift_id=closed.id), 303)
