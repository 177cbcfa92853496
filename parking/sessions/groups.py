"""One payment for several vehicles: a parent pays for three bikes.

All of them stand at one lot, so that the money has one operator, one account and one row in the
figures: the label is the vehicle class where they are all alike, else ``parking:mixed``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import Choice, offer, request_for
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments.accounts import Gateways
from payments.checkout import start
from payments.errors import Conflict, WrongUsage
from payments.models import Payment

FEWEST, MOST = 2, 20


def check_together(stays: Sequence[ParkingSession]) -> None:
    """Raises `WrongUsage` for too few or too many vehicles to be paid for at once, `Conflict` for
    one of another lot than the first, or one that has left."""
    if not FEWEST <= len(stays) <= MOST:
        raise WrongUsage(
            mark("One payment is for %(fewest)s to %(most)s vehicles; these are %(count)s."),
            fewest=FEWEST,
            most=MOST,
            count=len(stays),
        )
    for stay in stays:
        if stay.lot_id != stays[0].lot_id:
            raise Conflict(
                mark("%(plate)s is parked at another lot; it has to be paid for by itself."),
                plate=stay.plate,
            )
        if stay.exit_at is not None:
            raise Conflict(mark("%(plate)s has left already."), plate=stay.plate)


def offers(
    tx: Session, tariffs: TariffBook, sessions: Collection[uuid.UUID], now: datetime
) -> list[Quote]:
    """The offers that hold now, one of each stay, in the order of arrival.

    Everybody locks in this order, so two groups that share vehicles wait for each other and never
    both. Raises what `check_together` does, and `Conflict` naming a vehicle that nothing is due for.
    """
    stays = [lock_session(tx, session_id) for session_id in sorted(set(sessions))]
    check_together(stays)
    return [offer(tx, tariffs, stay.id, now) for stay in stays]


def pay(
    db: sessionmaker[Session],
    gateways: Gateways,
    tariffs: TariffBook,
    sessions: Collection[uuid.UUID],
    choice: Choice,
    now: datetime,
) -> Payment:
    """Take up the offers that hold now with one payment; the same click twice is the same payment.

    It goes on as `parking.sessions.quotes.pay` does. Raises what `offers` raises.
    """
    with db.begin() as tx:
        quotes = offers(tx, tariffs, sessions, now)
        stays = [tx.get_one(ParkingSession, quote.session_id) for quote in quotes]
    return start(db, gateways, request_for(quotes, stays, choice), now)
