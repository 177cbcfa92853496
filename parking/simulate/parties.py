"""Several vehicles that come together: whoever pays does it once, for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from parking.journey import Journey
from parking.sessions import groups
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import Choice
from parking.sessions.together import together_now
from parking.simulate.diary import PaidTogether
from parking.simulate.mix import Visit
from parking.simulate.street import Street
from payments.models import Payment
from qr.links import session_link


def join(street: Street, visit: Visit, session: ParkingSession) -> None:
    """This vehicle is one of its party."""
    street.parties.setdefault(visit.party, []).append(session)


def checkout(street: Street, party: Sequence[ParkingSession]) -> Payment | None:
    """The first of the party adds the others by their codes and is sent to the provider's page; None
    when fewer than two have something to pay."""
    house = street.house
    with street.db() as tx:
        found = together_now(tx, house.tariffs, party, street.now)
    if not found.payable:
        return None
    first = party[0]
    public_url = house.config.public_url
    home = session_link(house.keys, public_url, first.token)
    choice = Choice(street.accounts[first.lot.operator.code], Journey(public_url, home))
    due = [row.session for row in found.due]
    payment = groups.pay(
        street.db, house.gateways, house.tariffs, [one.id for one in due], choice, street.now
    )
    plates = sorted(one.plate for one in due)
    street.diary.groups.append(PaidTogether(first.lot.number, plates, payment.code, payment.amount))
    return payment
