"""What a driver sees of one parking session: the price, what was paid, what is on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.receipts import service as receipts
from parking.receipts.models import Receipt
from parking.sessions.due import standing
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import lines_of, standing_offer
from parking.sessions.states import Shown, show
from parking.tariffs import Line
from payments import state
from payments.accounts import live_accounts
from payments.models import MerchantAccount, Payment


@dataclass(frozen=True, slots=True)
class SessionView:
    """`payment` is the newest attempt, `offer` the price that holds now, `payable` whether the
    operator collects by a payment company at all."""

    shown: Shown
    offer: Quote | None
    payments: Sequence[Payment]
    payable: bool
    now: datetime

    @property
    def session(self) -> ParkingSession:
        return self.shown.standing.session

    @property
    def amount(self) -> int:
        """What a driver who pays now is asked for, in minor units."""
        return self.offer.amount if self.offer else self.shown.standing.due

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
    def payment(self) -> Payment | None:
        return self.payments[0] if self.payments else None

    @property
    def waiting(self) -> bool:
        """A payment may still be confirmed at any moment."""
        return self.payment is not None and is_open(self.payment)

    @property
    def mark(self) -> str:
        return mark_of(self.session, self.payment)


def is_open(payment: Payment) -> bool:
    """The driver was sent to the payment company, and no final word came back."""
    return payment.state in state.OPEN and payment.checkout_url is not None


def mark_of(session: ParkingSession, payment: Payment | None) -> str:
    """Changes when what the page says of money has changed, and gives nothing else away."""
    told = (payment.code, payment.state, payment.received) if payment else ()
    return ":".join(str(part) for part in (*told, "left" if session.exit_at else "here"))


def view(house: House, tx: Session, session: ParkingSession, now: datetime) -> SessionView:
    """Everything about `session` at `now`."""
    return SessionView(
        shown=show(standing(tx, house.tariffs, session, now), now),
        offer=standing_offer(tx, house.tariffs, session, now),
        payments=payments_of(tx, session),
        payable=collecting_account(house, tx, session) is not None,
        now=now,
    )


def payments_of(tx: Session, session: ParkingSession) -> Sequence[Payment]:
    """Every attempt to pay for `session`, newest first."""
    query = select(Payment).where(Payment.reference == session.reference)
    return tx.scalars(query.order_by(Payment.id.desc())).all()


def collecting_account(
    house: House, tx: Session, session: ParkingSession
) -> MerchantAccount | None:
    """The operator's oldest account at a payment company that is installed here."""
    accounts = live_accounts(tx, session.lot.operator.code)
    return next((a for a in accounts if a.provider in house.gateways.registry), None)


def receipts_for(house: House, session: ParkingSession, now: datetime) -> Sequence[Receipt]:
    """The receipts of `session`; those the nightly timetable has not issued yet are issued now."""
    with house.databases.read() as tx:
        paid = [p.id for p in payments_of(tx, session) if p.state == "paid"]
        known = receipts.receipts_of(tx, session.id)
    if len(known) >= len(paid):
        return known
    with house.databases.write.begin() as tx:
        for payment_id in reversed(paid):
            receipts.issue(tx, tx.get_one(Payment, payment_id), now)
    with house.databases.read() as tx:
        return receipts.receipts_of(tx, session.id)
