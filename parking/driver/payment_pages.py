"""Paying for a parking session: the offer is made, and the rest is as for everything that is paid."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from flask.typing import ResponseReturnValue

from parking.driver.links import find, local_link, public_link
from parking.driver.owed import of_session
from parking.driver.paying import Bill, back, press, slow_down, tell_state
from parking.driver.paying_again import question
from parking.driver.session_view import tail_of
from parking.house import House
from parking.journey import Journey
from parking.lots.offers import Way
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import offer, pay
from payments.errors import Conflict
from payments.models import Payment
from payments.sharing import attempts


def add(pages: Blueprint, house: House) -> None:
    """Put paying, and waiting for the payment, into `pages`."""

    @pages.post("/s/<link>/pay")
    def start_payment(link: str) -> ResponseReturnValue:
        return _pay(house, link)

    @pages.get("/s/<link>/state")
    def payment_state(link: str) -> ResponseReturnValue:
        return _state(house, link)


def _pay(house: House, link: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        session = find(house, tx, link)
    slow_down(house, "pay")
    places = of_session(local_link(house, session))
    try:
        quote = _offered(house, session)
    except Conflict:
        return back(places)  # nothing is due any more: the page says so

    def begin(way: Way, journey: Journey) -> Payment:
        db, now = house.databases.write, house.clock()
        books = (house.gateways, house.tariffs)
        return pay(db, *books, session.id, way.account, journey, now, method=way.method)

    def ask(way: Way) -> str | None:
        return question(house, session, quote, way, link)

    bill = Bill(places, session.lot, quote.amount, quote.currency, begin, ask)
    return press(house, bill, public_link(house, session))


def _offered(house: House, session: ParkingSession) -> Quote:
    """The offer that holds now. Raises `Conflict`."""
    with house.databases.write.begin() as tx:
        return offer(tx, house.tariffs, session.id, house.clock())


def _state(house: House, link: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        session = find(house, tx, link)

    def read() -> Sequence[Payment]:
        with house.databases.read() as tx:
            return attempts(tx, session.reference)

    return tell_state(house, read, tail_of(session))
