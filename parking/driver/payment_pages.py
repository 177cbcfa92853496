"""Paying: the offer is made, the driver leaves for the payment company, and the page waits.

The amount on the button is sent along and only compared: a driver who looked at an older price sees
the new one first, and nobody is charged what a form says.
"""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from parking.driver import pace
from parking.driver.links import find, local_link, public_link
from parking.driver.session_view import collecting_account, is_open, mark_of, payments_of
from parking.house import House
from parking.languages import mark
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import Journey, offer, pay
from parking.web.leaving import to_provider
from payments.errors import Conflict
from payments.models import Payment
from payments.polling import poll_payment


def add(pages: Blueprint, house: House) -> None:
    """Put paying, and waiting for the payment, into `pages`."""

    @pages.post("/s/<link>/pay")
    def start_payment(link: str) -> ResponseReturnValue:
        return _pay(house, link)

    @pages.get("/s/<link>/state")
    def payment_state(link: str) -> ResponseReturnValue:
        return _state(house, link)


def _pay(house: House, link: str) -> Response:
    with house.databases.read() as tx:
        session = find(house, tx, link)
    try:
        agreed = _agreed(house, session)
    except Conflict:
        return _back(house, session)  # nothing is due any more: the page says so
    if not agreed:
        return _back(house, session, "?changed=yes")
    payment = _started(house, session)
    if not is_open(payment) or payment.checkout_url is None:
        return _back(house, session, "?from=pay")
    return to_provider(payment.checkout_url)


def _agreed(house: House, session: ParkingSession) -> bool:
    """Whether the offer that holds now is what the driver saw. Raises `Conflict`, `TooMany`."""
    now = house.clock()
    with house.databases.write.begin() as tx:
        pace.count(tx, "pay", request.remote_addr or "", now)
    with house.databases.write.begin() as tx:
        quote = offer(tx, house.tariffs, session.id, now)
    return request.form.get("amount") == str(quote.amount)


def _started(house: House, session: ParkingSession) -> Payment:
    with house.databases.read() as tx:
        account = collecting_account(house, tx, session)
    if account is None:
        raise Conflict(mark("This lot takes no online payments yet. Please pay the attendant."))
    journey = Journey(house.config.public_url, f"{public_link(house, session)}?from=pay")
    databases, gateways = house.databases, house.gateways
    return pay(
        databases.write, gateways, house.tariffs, session.id, account, journey, house.clock()
    )


def _back(house: House, session: ParkingSession, news: str = "") -> Response:
    return redirect(url_for("driver.session", link=local_link(house, session)) + news, 303)


def _state(house: House, link: str) -> ResponseReturnValue:
    """204 while the page that asks is up to date with `seen`, else the new mark.

    A driver who came back before any notice makes us ask the payment company, once; after that the
    timetable of `payments.polling` asks.
    """
    with house.databases.read() as tx:
        session = find(house, tx, link)
        payment = next(iter(payments_of(tx, session)), None)
    if payment is not None and _unasked(payment):
        poll_payment(house.databases.write, house.gateways, payment.id, house.clock())
        with house.databases.read() as tx:
            payment = tx.get_one(Payment, payment.id)
    found = mark_of(session, payment)
    return ("", 204) if found == request.args.get("seen") else {"state": found}


def _unasked(payment: Payment) -> bool:
    return request.args.get("from") == "pay" and is_open(payment) and payment.polls == 0
