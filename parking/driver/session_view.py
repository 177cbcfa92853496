"""What a driver sees of one parking session: the price, what was paid, what is on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.driver.owed import Owed
from parking.house import House
from parking.lots.offers import label_of, ways_at
from parking.lots.rules import Collect, collected
from parking.receipts import service as receipts
from parking.receipts.models import Receipt
from parking.sessions.claims import open_claim
from parking.sessions.due import HORIZON, standing, would_hold_until
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import lines_of, standing_offer
from parking.sessions.states import Shown, show
from parking.tariffs import Line
from payments.db import business_day
from payments.models import Payment
from payments.sharing import attempts, references_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView(Owed):
    """`offer` is the price that holds now."""

    shown: Shown
    offer: Quote | None
    collect: Collect

    @property
    def session(self) -> ParkingSession:
        return self.shown.standing.session

    @property
    def price(self) -> int:
        """The whole stay, in minor units; `lines` explain it."""
        return self.offer.price if self.offer else self.shown.standing.price.amount

    @property
    def lines(self) -> Sequence[Line]:
        return lines_of(self.offer) if self.offer else self.shown.standing.lines

    @property
    def priced_at(self) -> datetime:
        """The moment until which `price` counts."""
        return self.offer.priced_at if self.offer else self.shown.standing.priced_at

    @property
    def more_due_at(self) -> datetime | None:
        """When more falls due although the driver pays now; None when nothing more ever does."""
        until = would_hold_until(self.shown.standing, self.amount, self.now)
        return None if until >= self.now + HORIZON else until

    def is_today(self, moment: datetime) -> bool:
        """Whether `moment` is on the local day of the question."""
        return business_day(moment) == business_day(self.now)

    @property
    def announceable(self) -> bool:
        return True


def tail_of(session: ParkingSession) -> str:
    """What changes on the page besides money."""
    return "left" if session.exit_at else "here"


def view(house: House, tx: Session, session: ParkingSession, now: datetime) -> SessionView:
    """Everything about `session` at `now`."""
    current = standing(tx, house.tariffs, session, now)
    offer = standing_offer(tx, house.tariffs, session, now)
    payments = attempts(tx, session.reference)
    named = references_of(tx, payments)
    amount = offer.amount if offer else current.due
    return SessionView(
        lot=session.lot,
        plate=session.plate,
        due=current.due,
        offered=offer.amount if offer else None,
        holds_until=offer.expires_at if offer else None,
        minutes=current.version.quote_minutes,
        begun=current.paid > 0,
        ways=ways_at(tx, house.gateways, session.lot, amount, current.price.currency, now),
        payments=payments,
        labels=[label_of(house.gateways, payment) for payment in payments],
        claim=open_claim(tx, session.id),
        counts={key: len(references) for key, references in named.items()},
        collect=collected(tx, session.lot, session.vehicle_class),
        now=now,
        tail=tail_of(session),
        shown=show(current, now),
        offer=offer,
    )


def receipts_for(house: House, reference: str, now: datetime) -> Sequence[Receipt]:
    """The receipts of a session or a pass; those the timetable has not issued yet are issued now."""
    with house.databases.read() as tx:
        paid = [p.id for p in attempts(tx, reference) if p.state == "paid"]
        known = receipts.receipts_of(tx, reference)
    if len(known) >= len(paid):
        return known
    with house.databases.write.begin() as tx:
        for payment_id in reversed(paid):
            receipts.issue(tx, tx.get_one(Payment, payment_id), now)
    with house.databases.read() as tx:
        return receipts.receipts_of(tx, reference)
