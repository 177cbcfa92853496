"""Paying: the offer is made, the driver leaves for the payment company, and the page waits.

The amount on the button and the way to pay are sent along and only compared: a driver who looked at
an older price sees the new one first, nobody is charged what a form says, and money goes only where
the lot offers it to go.
"""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from parking.driver import pace
from parking.driver.links import find, local_link, public_link
from parking.driver.paying_again import question
from parking.driver.session_view import is_open, mark_of
from parking.house import House
from parking.lots.offers import NotOffered, Way, chosen_way, ways_at
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import Journey, offer, pay
from parking.sessions.stays import payments_of
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
        quote = _offered(house, session)
    except Conflict:
        return _back(house, session)  # nothing is due any more: the page says so
    if request.form.get("amount") != str(quote.amount):
        return _back(house, session, "?changed=yes")
    ways = _ways(house, session, quote)
    try:
        way = chosen_way(ways, request.form.get("way", ""))
    except NotOffered:
        if not ways:
            raise
        return _back(house, session, "?gone=yes")  # the page says so, beside what can be chosen
    decided = request.form.get("again", "")
    if not decided and (page := question(house, session, quote, way, link)):
        return Response(page, 200, content_type="text/html; charset=utf-8")
    payment = _started(house, session, way)
    return onward(payment, link, decided) or _back(house, session, "?from=pay")


def _offered(house: House, session: ParkingSession) -> Quote:
    """The offer that holds now. Raises `Conflict`, `TooMany`."""
    now = house.clock()
    with house.databases.write.begin() as tx:
        pace.count(tx, "pay", request.remote_addr or "", now)
    with house.databases.write.begin() as tx:
        return offer(tx, house.tariffs, session.id, now)


def _ways(house: House, session: ParkingSession, quote: Quote) -> list[Way]:
    now = house.clock()
    with house.databases.read() as tx:
        return ways_at(tx, house.gateways, session.lot, quote.amount, quote.currency, now)


def _started(house: House, session: ParkingSession, way: Way) -> Payment:
    home = f"{public_link(house, session)}?from=pay"
    return pay(
        house.databases.write,
        house.gateways,
        house.tariffs,
        session.id,
        way.account,
        Journey(house.config.public_url, home, request.remote_addr or ""),
        house.clock(),
        method=way.method,
    )


def onward(payment: Payment, link: str, again: str = "") -> Response | None:
    """Where the driver goes on to pay: our page of the bank transfer, or the payment company's. None
    when the session page says the rest: nobody answered, or it was refused."""
    if is_open(payment) and payment.transfer:
        where = url_for("driver.transfer", link=link, code=payment.code, again=again or None)
        return redirect(where, 303)
    if not is_open(payment) or payment.checkout_url is None:
        return None
    return to_provider(payment.checkout_url)


def _back(house: House, session: ParkingSession, news: str = "") -> Response:
    return redirect(url_for("driver.session", link=local_link(house, session)) + news, 303)


def _state(house: House, link: str) -> ResponseReturnValue:
    """204 while the page that asks is up to date with `seen`, else the new mark.

    A driver who came back before any notice makes us ask the payment companies, each once; after
    that the timetable of `payments.polling` asks.
    """
    with house.databases.read() as tx:
        session = find(house, tx, link)
        payments = payments_of(tx, session)
    if unasked := [payment.id for payment in payments if _unasked(payment)]:
        for payment_id in unasked:
            poll_payment(house.databases.write, house.gateways, payment_id, house.clock())
        with house.databases.read() as tx:
            payments = payments_of(tx, session)
    found = mark_of(session, payments)
    return ("", 204) if found == request.args.get("seen") else {"state": found}


def _unasked(payment: Payment) -> bool:
    return request.args.get("from") == "pay" and is_open(payment) and payment.polls == 0
