"""The page that asks whether a stay is not paid already (`parking.sessions.doubts`)."""

from __future__ import annotations

from flask import render_template

from parking.house import House
from parking.lots.offers import Way
from parking.sessions.doubts import doubt_of
from parking.sessions.models import ParkingSession, Quote, intent_of


def question(
    house: House, session: ParkingSession, quote: Quote, way: Way, link: str
) -> str | None:
    """The page for `session`; None when nothing speaks for a payment on its way."""
    own = intent_of([quote], way.account.slug, way.method)
    with house.databases.read() as tx:
        doubt = doubt_of(tx, session, own, house.clock())
    if doubt is None:
        return None
    return render_template(
        "driver/pay_again.html", session=session, quote=quote, way=way, doubt=doubt, link=link
    )
