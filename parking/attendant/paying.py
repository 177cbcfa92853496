"""What paying at the attendant's phone has in common: for several vehicles, and for a driver."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from parking.house import House
from parking.journey import Journey
from parking.sessions.models import ParkingSession
from parking.web.leaving import to_provider
from payments import state
from payments.models import Payment
from qr.links import session_link


def journey(house: House, session: ParkingSession) -> Journey:
    """Back to the session's link, which shows this attendant the check screen."""
    public_url = house.config.public_url
    link = session_link(house.keys, public_url, session.token)
    return Journey(public_url, f"{link}?from=pay", request.remote_addr or "")


def onward(house: House, payment: Payment, session: ParkingSession) -> Response | None:
    """Where paying goes on: the code of the bank transfer, or the payment company. None when nobody
    answered, or it was refused."""
    if payment.state not in state.OPEN:
        return None
    if payment.transfer:
        link = session_link(house.keys, "", session.token).removeprefix("/s/")
        return redirect(url_for("driver.transfer", link=link, code=payment.code), 303)
    return to_provider(payment.checkout_url) if payment.checkout_url else None
