"""What an attendant may do to a stay besides letting it out: exempt it, say when it really left, fetch
it from the wrong lot."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.attendant.check_pages import carry_out, local_time
from parking.attendant.list_pages import show_list
from parking.attendant.own import own_lot
from parking.house import House
from parking.languages import explain, mark
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions.exemptions import exempt, withdraw
from parking.sessions.models import ParkingSession
from parking.sessions.moves import Move, begin_at_right_lot, move
from parking.sessions.plates import read_plate
from parking.sessions.real_exits import record_real_exit, still_here
from parking.web.language import reader_language
from payments.errors import Conflict, NotFound, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put these acts into `pages`."""

    @pages.post("/sessions/<uuid:session_id>/exempt")
    def exempt_stay(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _exempt)

    @pages.post("/sessions/<uuid:session_id>/withdraw-exemption")
    def withdraw_exemption(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _withdraw)

    @pages.post("/sessions/<uuid:session_id>/real-exit")
    def real_exit(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _real_exit)

    @pages.post("/sessions/<uuid:session_id>/still-here")
    def never_left(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _never_left)

    @pages.post("/elsewhere/<uuid:session_id>/<any(move, begin):act>")
    def fetch(session_id: uuid.UUID, act: str) -> ResponseReturnValue:
        try:
            found, news = _fetch(house, session_id, act)
        except (Conflict, WrongUsage) as error:
            plate, lot = request.form.get("plate", ""), request.form.get("lot", "")
            problem = explain(error, reader_language())
            return show_list(house, lot, plate, problem=problem, status=error.http_status)
        return redirect(url_for("attendant.check", session_id=found, news=news), 303)

    @pages.post("/sessions/<uuid:session_id>/move")
    def move_stay(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            lot = own_lot(tx, badge, request.form.get("to_lot", ""))
            asked = Move(lot, badge.actor, request.form.get("why_moved", ""))
            move(tx, house.tariffs, own, asked, now)

        then = url_for("attendant.check", session_id=session_id, news="moved")
        return carry_out(house, session_id, act, then=then)


def _exempt(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    exempt(tx, own, request.form.get("exemption", ""), badge.actor, now)


def _withdraw(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    withdraw(tx, own, badge.actor, now)


def _real_exit(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    exit_at = local_time(request.form.get("exit_at", ""))
    record_real_exit(tx, own, exit_at, badge.actor, now)


def _never_left(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    still_here(tx, own, badge.actor, now)


def _fetch(house: House, wrong_id: uuid.UUID, act: str) -> tuple[uuid.UUID, str]:
    """Move the stay to an own lot, or begin it there; the stay and what the check screen says of it."""
    badge, now = the_badge(), house.clock()
    with house.databases.write.begin() as tx:
        wrong = _named(tx, wrong_id, request.form.get("plate", ""))
        lot = own_lot(tx, badge, request.form.get("lot", ""))
        asked = Move(lot, badge.actor, request.form.get("reason", ""))
        if act == "move":
            return move(tx, house.tariffs, wrong.id, asked, now).id, "moved"
        begun = begin_at_right_lot(tx, house.tariffs, wrong.id, asked, now)
        return begun.session.id, "asked" if begun.asked_back else "new"


def _named(tx: Session, session_id: uuid.UUID, plate: str) -> ParkingSession:
    """A stay of any lot, for whoever knows its whole plate. Raises `NotFound`."""
    found = tx.get(ParkingSession, session_id)
    if found is None or read_plate(plate, found.vehicle_class).key != found.plate_key:
        raise NotFound(mark("There is no such parking session."))
    return found
