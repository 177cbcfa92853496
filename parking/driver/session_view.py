"""What a driver sees of one parking session: the price, what was paid, what is on its way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.house import House
from parking.lots.offers import Way, label_of, ways_at
from parking.lots.rules import Collect, collected
from parking.receipts import service as receipts
from parking.receipts.models import Receipt
from parking.sessions.claims import open_claim
from parking.sessions.due import HORIZON, Standing, standing, would_hold_until
from parking.sessions.models import ParkingSession, Quote, TransferClaim
from parking.sessions.quotes import lines_of, standing_offer
from parking.sessions.states import Shown, show
from parking.sessions.stays import payments_of
from parking.tariffs import Line
from payments import state
from payments.checkout import is_announced
from payments.db import business_day
from payments.models import Payment
from payments.sharing import references_of


@dataclass(frozen=True, slots=True)
class SessionView:
    """`payment` is the newest attempt, `offer` the price that holds now, `ways` how that can be paid
    now, `labels` what people call the way each attempt was begun by, `counts` for how many vehicles
    it is. `claim` while somebody vouches for a transfer that the bank has not told of."""

    shown: Shown
    offer: Quote | None
    payments: Sequence[Payment]
    ways: Sequence[Way]
    labels: Sequence[str]
    claim: TransferClaim | None
    collect: Collect
    counts: Mapping[uuid.UUID, int]
    now: datetime

    @property
    def session(self) -> ParkingSession:
        return self.shown.standing.session

    @property
    def amount(self) -> int:
        """What a driver who pays now is asked for, in minor units."""
        return amount_of(self.offer, self.shown.standing)

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
    def holds_until(self) -> datetime | None:
        """When more falls due although the driver pays now; None when nothing more ever does."""
        until = would_hold_until(self.shown.standing, self.amount, self.now)
        return None if until >= self.now + HORIZON else until

    def is_today(self, moment: datetime) -> bool:
        """Whether `moment` is on the local day of the question."""
        return business_day(moment) == business_day(self.now)

    @property
    def payment(self) -> Payment | None:
        return self.payments[0] if self.payments else None

    @property
    def waiting(self) -> bool:
        """A payment may still be confirmed at any moment."""
        return bool(self.unfinished) or self.claim is not None

    @property
    def transfer(self) -> Payment | None:
        """The newest bank transfer nothing came of yet, whether its code still holds or not."""
        return next((p for p in self.payments if p.transfer and not p.received), None)

    @property
    def awaited(self) -> bool:
        """The newest attempt is one of those, and nothing of its money came yet."""
        newest = self.payment
        return newest is not None and is_open(newest) and newest.received == 0

    @property
    def unfinished(self) -> list[tuple[Payment, str]]:
        """The attempts that may still be paid, newest first, with what their way is called."""
        attempts = zip(self.payments, self.labels, strict=True)
        return [(payment, label) for payment, label in attempts if is_open(payment)]

    @property
    def mark(self) -> str:
        return mark_of(self.session, self.payments)


def is_open(payment: Payment) -> bool:
    """The driver was sent to pay, and no final word came back."""
    return payment.state in state.OPEN and is_announced(payment)


def mark_of(session: ParkingSession, payments: Sequence[Payment]) -> str:
    """Changes when what the page says of money has changed, whichever attempt of `payments` (newest
    first) brought it, and gives nothing else away."""
    newest = payments[0] if payments else None
    received = sum(payment.received for payment in payments)
    told = (newest.code, newest.state, received) if newest else ()
    return ":".join(str(part) for part in (*told, "left" if session.exit_at else "here"))


def view(house: House, tx: Session, session: ParkingSession, now: datetime) -> SessionView:
    """Everything about `session` at `now`."""
    current = standing(tx, house.tariffs, session, now)
    offer = standing_offer(tx, house.tariffs, session, now)
    payments = payments_of(tx, session)
    amount, currency = amount_of(offer, current), current.price.currency
    return SessionView(
        shown=show(current, now),
        offer=offer,
        payments=payments,
        ways=ways_at(tx, house.gateways, session.lot, amount, currency, now),
        collect=collected(tx, session.lot, session.vehicle_class),
        labels=[label_of(house.gateways, payment) for payment in payments],
        claim=open_claim(tx, session.id),
        counts={key: len(names) for key, names in references_of(tx, payments).items()},
        now=now,
    )


def amount_of(offer: Quote | None, current: Standing) -> int:
    """What a driver who pays now is asked for, in minor units."""
    return offer.amount if offer else current.due


def receipts_for(house: House, session: ParkingSession, now: datetime) -> Sequence[Receipt]:
    """The receipts of `session`; those the nightly timetable has not issued yet are issued now."""
    with house.databases.read() as tx:
        paid = [p.id for p in payments_of(tx, session) if p.state == "paid"]
        known = receipts.receipts_of(tx, session.reference)
    if len(known) >= len(paid):
        return known
    with house.databases.write.begin() as tx:
        for payment_id in reversed(paid):
            receipts.issue(tx, tx.get_one(Payment, payment_id), now)
    with house.databases.read() as tx:
        return receipts.receipts_of(tx, session.reference)
