"""Cash on the check screen: what an attendant may take or give back, and the two acts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import request
from sqlalchemy.orm import Session

from parking.house import House
from parking.people.badge import Badge
from parking.sessions.exits import UNDO_WINDOW
from parking.sessions.models import ParkingSession
from parking.shifts import cash, service
from parking.shifts.cash import REASONS
from parking.shifts.paying_back import pay_back, waiting_at
from parking.shifts.service import Taken
from payments.models import Refund


@dataclass(frozen=True, slots=True)
class Corner:
    """`ready`: this person's till is open at this lot and not counted. `amount` is what to ask for,
    `taken` what this person took here and can still give back, `to_return` the approved refunds that
    are to be paid in cash."""

    ready: bool
    amount: int
    reasons: Mapping[str, str]
    taken: Sequence[Taken]
    to_return: Sequence[Refund]


def corner(
    house: House, tx: Session, badge: Badge, session: ParkingSession, now: datetime
) -> Corner:
    """What the check screen of `session` offers `badge`."""
    shift = service.current_shift(tx, badge.person_id)
    ready = shift is not None and shift.counted is None and shift.lot_id == session.lot_id
    return Corner(
        ready,
        cash.asked_for(tx, house.tariffs, session, now),
        REASONS,
        [
            row
            for row in (service.taken_in(tx, shift.id) if shift and ready else ())
            if row.payment.reference == session.reference
            and row.kept
            and not row.payment.refunded
            and now - row.entry.at <= UNDO_WINDOW
        ],
        waiting_at(tx, session.lot.number, session.reference),
    )


def take(house: House, tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
    """Take what is due for an own session, by the reason and the amount of the form."""
    reason, shown = request.form.get("reason", ""), request.form.get("shown", type=int)
    cash.take_cash(tx, house.tariffs, own, badge, reason, now, shown=shown)


def back(tx: Session, badge: Badge, now: datetime) -> None:
    """Give back the payment of the form."""
    payment = request.form.get("payment", type=uuid.UUID)
    cash.give_back(tx, payment or uuid.UUID(int=0), badge, now)


def refund(tx: Session, badge: Badge, now: datetime) -> None:
    """Pay the refund of the form from one's till."""
    refund_id = request.form.get("refund", type=uuid.UUID)
    pay_back(tx, refund_id or uuid.UUID(int=0), badge, now)
