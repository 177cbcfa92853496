"""The check screen of one parking session: what stands to its account, and what an attendant may do."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from parking.attendant import cash_corner
from parking.attendant.custody import card_given_to, custody_of, proof_of
from parking.attendant.feeds import late_feeds
from parking.attendant.history import history
from parking.attendant.own import own_session
from parking.attendant.pass_part import pass_part
from parking.attendant.stay_parts import stay_parts
from parking.house import House
from parking.languages import explain, mark
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions import exits, service
from parking.sessions.claims import open_claim
from parking.sessions.due import standing
from parking.sessions.exits import Leaving
from parking.sessions.letting_out import Unpaid, let_out
from parking.sessions.lost_cards import report_lost
from parking.sessions.reasons import REASONS
from parking.sessions.states import show
from parking.sessions.transfers import open_transfer
from parking.web.actors import names_of
from parking.web.arrival_form import vehicle_name
from parking.web.language import reader_language
from payments.db import CITY_ZONE
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.sharing import attempts
from qr.links import session_link

#: What an attendant does to a session: (transaction, session, who, when).
Act = Callable[[Session, uuid.UUID, Badge, datetime], object]


def add(pages: Blueprint, house: House) -> None:
    """Put the check screen into `pages`."""

    @pages.get("/sessions/<uuid:session_id>")
    def check(session_id: uuid.UUID) -> ResponseReturnValue:
        return _page(house, session_id)

    @pages.post("/sessions/<uuid:session_id>/exit")
    def record_exit(session_id: uuid.UUID) -> ResponseReturnValue:
        def lose(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            if request.form.get("lost") == "yes":
                card_id = card_given_to(tx, own)
                report_lost(tx, house.tariffs, card_id, badge.actor, now)

        def leave(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            _let_out(house, tx, own, badge, now)

        return carry_out(house, session_id, lose, leave, then=url_for("attendant.vehicles"))

    @pages.post("/sessions/<uuid:session_id>/undo-exit")
    def undo_exit(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _undo)

    @pages.post("/sessions/<uuid:session_id>/plate")
    def correct_plate(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _correct)

    @pages.post("/sessions/<uuid:session_id>/entry")
    def confirm_entry(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _confirm)

    _add_money(pages, house)


def _add_money(pages: Blueprint, house: House) -> None:
    """What is taken and given back by hand."""

    @pages.post("/sessions/<uuid:session_id>/cash")
    def take_cash(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            cash_corner.take(house, tx, own, badge, now)

        return carry_out(house, session_id, act)

    @pages.post("/sessions/<uuid:session_id>/cash-back")
    def give_cash_back(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _give_back)

    @pages.post("/sessions/<uuid:session_id>/refund-in-cash")
    def refund_in_cash(session_id: uuid.UUID) -> ResponseReturnValue:
        return carry_out(house, session_id, _refund)


def _page(
    house: House, session_id: uuid.UUID, problem: str = "", status: int = 200, ask: bool = False
) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        session = own_session(tx, badge, session_id)
        shown = show(standing(tx, house.tariffs, session, now), now)
        trail = history(tx, session)
        cash = cash_corner.corner(house, tx, badge, session, now)
        on_pass = pass_part(tx, session, now)
        payments = attempts(tx, session.reference)
        claim, late = open_claim(tx, session.id), late_feeds(house, tx, [session.lot], now)
        names = names_of(tx, [claim.claimed_by, claim.released_by or ""] if claim else [])
        custody = custody_of(house, tx, session)
        stay = stay_parts(house, tx, badge, session, now)
    link = session_link(house.keys, "", session.token).removeprefix("/s/")
    page = render_template(
        "attendant/check.html",
        stay=stay, reasons=REASONS, now_local=local_input(now),
        on_pass=on_pass, session=session, lot=session.lot, shown=shown, link=link, now=now, history=trail,
        payments=payments, transfer=open_transfer(payments, now), vehicle=vehicle_name(session.vehicle_class),
        lines=[(line.say(reader_language()), line.amount) for line in shown.standing.lines],
        entry_local=local_input(session.entry_at),
        undo=shown.left and session.exit_at is not None and now - session.exit_at <= exits.UNDO_WINDOW,
        cash=cash, claim=claim, names=names, late=late,
        problem=problem, ask=ask, news=request.args.get("news", ""), given=request.form,
        custody=custody, proofs=exits.PROOFS,
    )  # fmt: skip
    return page, status


def carry_out(
    house: House, session_id: uuid.UUID, *acts: Act, then: str = ""
) -> ResponseReturnValue:
    """Carry out `acts` on an own session, each for good before the next; what one refuses is explained
    on the check screen."""
    badge, now = the_badge(), house.clock()
    try:
        for act in acts:
            with house.databases.write.begin() as tx:
                act(tx, own_session(tx, badge, session_id).id, badge, now)
    except Unpaid:
        return _page(house, session_id, status=Unpaid.http_status, ask=True)
    except (Conflict, NotFound, WrongUsage) as error:
        return _page(house, session_id, _words(error), error.http_status)
    return _seen(session_id, then)


def _words(error: Complaint) -> str:
    return explain(error, reader_language())


def _seen(session_id: uuid.UUID, then: str) -> Response:
    return redirect(then or url_for("attendant.check", session_id=session_id), 303)


def _let_out(house: House, tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    """Under the session's lock, so that what is due is what was due when the vehicle left."""
    session = service.lock_session(tx, own)
    if session.exit_at is not None:
        return
    proof = proof_of(house, tx, session, request.form)
    unpaid = request.form.get("unpaid") == "yes"
    let_out(tx, house.tariffs, own, Leaving(badge.actor, now, proof), now, unpaid=unpaid)


def _undo(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    exits.undo_exit(tx, own, badge.actor, now)


def _correct(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    plate, reason = request.form.get("plate", ""), request.form.get("reason", "")
    service.correct_plate(tx, own, plate, reason, badge.actor, now)


def _confirm(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    wish = request.form.get("entry_at")
    entry_at = None if wish is None else local_time(wish)
    service.confirm_entry(tx, own, entry_at, badge.actor, now)


def _give_back(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    cash_corner.back(tx, badge, now)


def _refund(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    cash_corner.refund(tx, badge, now)


def local_input(instant: datetime) -> str:
    """An instant as a date-and-time field of a form shows it: local, to the minute."""
    return instant.astimezone(CITY_ZONE).strftime("%Y-%m-%dT%H:%M")


def local_time(text: str) -> datetime:
    """What such a field sends. Raises `WrongUsage`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _not_a_time(text) from error
    if found.tzinfo is not None or len(text) <= len("2026-11-20"):  # a day alone is not midnight
        raise _not_a_time(text)
    return found.replace(tzinfo=CITY_ZONE)


def _not_a_time(text: str) -> WrongUsage:
    return WrongUsage(
        mark("“%(text)s” is not a date and time such as 20/11/2026 08:00."), text=text[:40]
    )
