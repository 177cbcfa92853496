"""Money back to a driver: of the excess, or of the charge itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.sessions.models import Adjustment, ParkingSession
from payments import refund_tasks
from payments.accounts import Gateways
from payments.models import Refund
from payments.payback import RefundTask
from payments.refund_tasks import Approval, needs_another, propose
from payments.refunds import RefundRequest, send


def refund(
    db: sessionmaker[Session],
    gateways: Gateways,
    request: RefundRequest,
    limit: int,
    now: datetime,
) -> RefundTask:
    """Ask for money to go back. At or below `limit` (minor units) the asker approves it in the same
    act, the money is set aside and the provider asked; above it the task waits for somebody else.

    Raises `Conflict` when less is left, `WrongUsage` without a reason.
    """
    with db.begin() as tx:
        task = propose(tx, request, now)
        if task.state == "open" and not needs_another(tx, task, limit):
            _set_aside(tx, task.id, Approval(request.actor, limit, now))
    if task.refund_id is not None:
        send(db, gateways, task.refund_id, now)
    return task


def approve(
    db: sessionmaker[Session], gateways: Gateways, task_id: uuid.UUID, approval: Approval
) -> Refund:
    """Approve a task that waits, set the money aside, ask the provider, note the outcome.

    Raises what `payments.refund_tasks.approve` raises.
    """
    with db.begin() as tx:
        asked = _set_aside(tx, task_id, approval)
    return send(db, gateways, asked.id, approval.now)


def _set_aside(tx: Session, task_id: uuid.UUID, approval: Approval) -> Refund:
    """Refunding a *charge* lowers the session's price by an adjustment in the same transaction, so
    the driver owes nothing again; refunding an *excess* changes no price."""
    asked = refund_tasks.approve(tx, task_id, approval)
    if asked.purpose == "charge":
        _lower_charge(tx, asked, approval.now)
    return asked


def _lower_charge(tx: Session, asked: Refund, now: datetime) -> None:
    known = tx.scalar(select(Adjustment.id).where(Adjustment.refund_id == asked.id))
    reference = asked.reference or asked.payment.reference
    session = tx.scalar(select(ParkingSession).where(ParkingSession.reference == reference))
    if known is None and session is not None:
        tx.add(
            Adjustment(
                session_id=session.id,
                amount=-asked.amount,
                reason=asked.reason,
                refund_id=asked.id,
                by=asked.asked_by,
                at=now,
            )
        )
