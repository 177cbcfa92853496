"""The page of one parking session and its QR code. One link serves everybody: an attendant of the
lot who opens it sees the check screen."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.driver.links import find, public_link
from parking.driver.owed import of_session
from parking.driver.refund_way import bank_choices, ways_of
from parking.driver.session_view import receipts_for, view
from parking.house import House
from parking.people.guard import current_badge
from parking.receipts.service import number_text
from parking.sessions.holders import card_of
from parking.sessions.lost_cards import fee_charged
from parking.sessions.models import ParkingSession
from parking.sessions.on_pass import beside
from parking.web.arrival_form import vehicle_name
from parking.web.formats import when
from parking.web.language import reader_language, say
from qr import image

#: What another page of ours told this one to say first, by the name of a query parameter.
NEWS = ("joined", "changed", "gone", "from")


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a session into `pages`."""

    @pages.get("/s/<link>")
    def session(link: str) -> ResponseReturnValue:
        return _session(house, link)

    @pages.get("/s/<link>/qr.<any(png, svg):kind>")
    def session_code(link: str, kind: str) -> ResponseReturnValue:
        return _code(house, link, kind)


def _session(house: House, link: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        found = find(house, tx, link)
    badge = current_badge()
    if badge is not None and badge.role == "attendant" and found.lot_id in badge.lots:
        return redirect(url_for("attendant.check", session_id=found.id, session_code=link), 303)
    return show(house, found, link)


def show(
    house: House, session: ParkingSession, link: str, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The page; `problem` says what was wrong with a form on it."""
    now = house.clock()
    with house.databases.read() as tx:
        seen = view(house, tx, session, now)
        card, lost_fee = card_of(tx, session), fee_charged(tx, session)
        off_pass = beside(tx, session)
    operator = session.lot.operator
    receipts = [
        (r.token, number_text(operator, r)) for r in receipts_for(house, session.reference, now)
    ]
    with house.databases.read() as tx:  # anew: a receipt may have been issued just now
        ways = ways_of(house, tx, [payment.id for payment in seen.payments])
    page = render_template(
        "driver/session.html",
        seen=seen,
        shown=seen.shown,
        session=session,
        card=card,
        lost_fee=lost_fee,
        lot=session.lot,
        vehicle=vehicle_name(session.vehicle_class),
        lines=[(line.say(reader_language()), line.amount) for line in seen.lines],
        receipts=receipts,
        ways=ways,
        token=None,  # the way back is asked for on the receipt
        link=link,
        places=of_session(link),
        off_pass=off_pass,
        payment_codes=[(when(p.created_at), p.code) for p in seen.payments],
        news={name for name in NEWS if name in request.args},
        problem=problem,
        banks=bank_choices() if ways else (),
        given=request.form,
    )
    return page, status


def _code(house: House, link: str, kind: str) -> Response:
    """The session's QR code, to be shown to the attendant or kept."""
    with house.databases.read() as tx:
        session = find(house, tx, link)
    address = public_link(house, session)
    if kind == "png":
        return Response(image.png(address), content_type="image/png")
    label = say("QR code of the parking session of %(plate)s", plate=session.plate)
    return Response(image.svg(address, label=label), content_type="image/svg+xml")
