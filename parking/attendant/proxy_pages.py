"""The attendant pays for a driver, with their own phone or bank: said first, named, and counted."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.attendant.own import own_session
from parking.attendant.paying import journey, transfer_page
from parking.house import House
from parking.lots.offers import NotOffered, chosen_way, ways_at
from parking.people.guard import the_badge
from parking.sessions.proxies import pay_for_driver, proxy_counts
from parking.sessions.quotes import Choice
from parking.sessions.together import Together, together_now
from parking.web.leaving import onward
from payments.db import business_day
from payments.errors import Conflict


def add(pages: Blueprint, house: House) -> None:
    """Put paying for a driver, and the own count, into `pages`."""

    @pages.get("/sessions/<uuid:session_id>/pay-for-driver")
    def proxy(session_id: uuid.UUID) -> ResponseReturnValue:
        return _page(house, session_id)

    @pages.post("/sessions/<uuid:session_id>/pay-for-driver")
    def pay_as_proxy(session_id: uuid.UUID) -> ResponseReturnValue:
        return _pay(house, session_id)


def _page(house: House, session_id: uuid.UUID, status: int = 200) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    today = business_day(now)
    with house.databases.read() as tx:
        session = own_session(tx, badge, session_id)
        found = together_now(tx, house.tariffs, [session], now)
        ways = ways_at(tx, house.gateways, session.lot, found.amount, found.currency, now)
        counts = [
            proxy_counts(tx, since, today, by=badge.actor)
            for since in (today, today.replace(day=1))
        ]
    page = render_template(
        "attendant/proxy.html",
        session=session,
        found=found,
        ways=ways if found.amount else (),
        counts=counts,
        changed=status != 200,
    )
    return page, status


def _pay(house: House, session_id: uuid.UUID) -> ResponseReturnValue:
    """What the form says is only compared; the attendant has said that they pay themselves."""
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        session = own_session(tx, badge, session_id)
        found: Together = together_now(tx, house.tariffs, [session], now)
        ways = ways_at(tx, house.gateways, session.lot, found.amount, found.currency, now)
    if request.form.get("amount") != str(found.amount) or not found.amount:
        return _page(house, session_id, 409)
    try:
        way = chosen_way(ways, request.form.get("way", ""))
        choice = Choice(way.account, journey(house, session), way.method, badge.actor)
        payment = pay_for_driver(
            house.databases.write, house.gateways, house.tariffs, session.id, choice, now
        )
    except (NotOffered, Conflict):
        return _page(house, session_id, 409)
    check = redirect(url_for("attendant.check", session_id=session.id), 303)
    return onward(payment, transfer_page(house, payment, session)) or check
