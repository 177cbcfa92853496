"""What paying at the attendant's phone has in common: for several vehicles, and for a driver."""

from __future__ import annotations

from flask import request, url_for

from parking.house import House
from parking.journey import Journey
from parking.sessions.models import ParkingSession
from payments.models import Payment
from qr.links import session_link


def journey(house: House, session: ParkingSession) -> Journey:
    """Back to the session's link, which shows this attendant the check screen."""
    public_url = house.config.public_url
    link = session_link(house.keys, public_url, session.token)
    return Journey(public_url, f"{link}?from=pay", request.remote_addr or "")


def transfer_page(house: House, payment: Payment, session: ParkingSession) -> str:
    """The page of the bank transfer, where paying goes on by one."""
    link = session_link(house.keys, "", session.token).removeprefix("/s/")
    return url_for("driver.transfer", link=link, code=payment.code)
