"""Paying, for a parking session as for a pass: the driver leaves for the payment company, and the
page waits.

The amount on the button and the way to pay are sent along and only compared: a driver who looked at
an older price sees the new one first, nobody is charged what a form says, and money goes only where
the lot offers it to go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from parking.driver import pace
from parking.driver.owed import Places, is_open, mark_of
from parking.house import House
from parking.journey import Journey
from parking.lots.models import Lot
from parking.lots.offers import NotOffered, Way, chosen_way, ways_at
from parking.web.leaving import onward
from payments.models import Payment
from payments.polling import poll_payment


@dataclass(frozen=True, slots=True)
class Bill:
    """What is asked for now, in minor units of `currency`, how a payment of it is begun, and
    the page that asks first whether it is not paid already, where there is doubt."""

    places: Places
    lot: Lot
    amount: int
    currency: str
    begin: Callable[[Way, Journey], Payment]
    ask: Callable[[Way], str | None] = lambda _way: None


def slow_down(house: House, act: str) -> None:
    """Count one `act` of this address. Raises `TooMany`."""
    with house.databases.write.begin() as tx:
        pace.count(tx, act, request.remote_addr or "", house.clock())


def press(house: House, bill: Bill, home: str) -> Response:
    """The button was pressed: on to the payment company or the page of the transfer, or back with
    news. `home` is the whole address of the page that asks. Raises `NotOffered` where nothing is."""
    if request.form.get("amount") != str(bill.amount):
        return back(bill.places, changed="yes")
    with house.databases.read() as tx:
        ways = ways_at(tx, house.gateways, bill.lot, bill.amount, bill.currency, house.clock())
    try:
        way = chosen_way(ways, request.form.get("way", ""))
    except NotOffered:
        if not ways:
            raise
        return back(bill.places, gone="yes")  # the page says so, beside what can be chosen
    decided = request.form.get("again", "")
    if not decided and (page := bill.ask(way)):
        return Response(page, 200, content_type="text/html; charset=utf-8")
    journey = Journey(house.config.public_url, f"{home}?from=pay", request.remote_addr or "")
    payment = bill.begin(way, journey)
    transfer_page = bill.places.at("transfer", code=payment.code, again=decided or None)
    return onward(payment, transfer_page) or back(bill.places, **{"from": "pay"})


def back(places: Places, **news: str) -> Response:
    """To the page that asks, with news."""
    return redirect(places.at("home", **news), 303)


def tell_state(
    house: House, read: Callable[[], Sequence[Payment]], tail: str
) -> ResponseReturnValue:
    """204 while the page that asks is up to date with `seen`, else the new mark.

    A driver who came back before any notice makes us ask the payment companies, each once; after
    that the timetable of `payments.polling` asks.
    """
    payments = read()
    if unasked := [payment.id for payment in payments if _unasked(payment)]:
        for payment_id in unasked:
            poll_payment(house.databases.write, house.gateways, payment_id, house.clock())
        payments = read()
    found = mark_of(payments, tail)
    return ("", 204) if found == request.args.get("seen") else {"state": found}


def _unasked(payment: Payment) -> bool:
    return request.args.get("from") == "pay" and is_open(payment) and payment.polls == 0
