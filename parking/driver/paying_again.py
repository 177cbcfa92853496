"""Before a driver pays again: the money of the first time may be on its way.

A transfer that somebody vouches for, or whose code stands open beside the way chosen now, is doubt
enough for one question. The second tap is the driver's own decision, and what was paid twice goes
back (`parking.sessions.paid_twice`).
"""

from __future__ import annotations

from flask import render_template

from parking.house import House
from parking.lots.offers import Way
from parking.sessions.claims import open_claim
from parking.sessions.models import ParkingSession, Quote, intent_of
from parking.sessions.transfers import open_transfer
from payments.sharing import attempts


def question(
    house: House, session: ParkingSession, quote: Quote, way: Way, link: str
) -> str | None:
    """The page that asks whether `session` is paid already; None when nothing speaks for it. Going
    on with the transfer that is open is no second payment."""
    own = intent_of([quote], way.account.slug, way.method)
    with house.databases.read() as tx:
        claim = open_claim(tx, session.id)
        others = [p for p in attempts(tx, session.reference) if p.intent != own and not p.received]
        transfer = open_transfer(others, house.clock())
    if claim is None and transfer is None:
        return None
    return render_template(
        "driver/pay_again.html",
        session=session,
        quote=quote,
        way=way,
        claim=claim,
        transfer=transfer,
        link=link,
    )
