"""Money back to a driver: of the excess, or of the charge itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.sessions.models import Adjustment, ParkingSession
from payments.accounts import Gateways
from payments.errors import WrongUsage
from payments.models import Payment, Refund
from payments.refunds import RefundRequest, ask, send


def refund(
    db: sessionmaker[Session], gateways: Gateways, request: RefundRequest, now: datetime
) -> Refund:
    """Set the money aside, ask the provider, note the outcome.

    Refunding a *charge* lowers the session's price by an adjustment in the same transaction, so the
    driver owes nothing again; refunding an *excess* changes no price. Raises `Conflict` when less
    is left, `WrongUsage` without a reason.
    """
    if len(request.reason.strip()) < 3:
        raise WrongUsage("Please say in a few words why the money goes back.")
    with db.begin() as tx:
        asked = ask(tx, request, now)
        if request.purpose == "charge":
            _lower_charge(tx, asked, request, now)
    return send(db, gateways, asked.id, now)


def _lower_charge(tx: Session, asked: Refund, request: RefundRequest, now: datetime) -> None:
    known = tx.scalar(select(Adjustment.id).where(Adjustment.refund_id == asked.id))
    payment = tx.get_one(Payment, request.payment_id)
    session = tx.scalar(select(ParkingSession).where(ParkingSession.reference == payment.reference))
    if known is None and session is not None:
        tx.add(
            Adjustment(
                session_id=session.id,
                amount=-request.amount,
                reason=request.reason,
                refund_id=asked.id,
                by=request.actor,
                at=now,
            )
        )
