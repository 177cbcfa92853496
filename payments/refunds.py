"""Money back: ask, call the provider, note the outcome. Never more than was paid.

The limit is checked under the payment's row lock, so twenty concurrent requests end within it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import audit, ledger
from payments.accounts import Gateways
from payments.belonging import belongs_to
from payments.checkout import order_of
from payments.db import next_number
from payments.errors import Conflict
from payments.models import Movement, Payment, Refund
from payments.payback import RefundTask
from payments.provider import (
    MovementKind,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Status,
)
from payments.provider import Notice as Told
from payments.service import lock_payment, record, resettle
from payments.sharing import left_of, refold_parts

Known = TypeVar("Known", Refund, RefundTask)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """How much to give back of which payment, why, and who asks. `key` makes a repeat harmless;
    `reference` says for what, where the payment settles several (`payments.sharing`)."""

    payment_id: uuid.UUID
    amount: int
    purpose: str
    reason: str
    actor: str
    key: str
    reference: str | None = None


def ask(tx: Session, request: RefundRequest, now: datetime) -> Refund:
    """Set the money aside. Raises `Conflict` when less than `amount` is left of the payment or of
    its part, or when `key` already stands for another refund; `WrongUsage` for a payment of several
    parts when none of them is named."""
    payment = lock_payment(tx, request.payment_id)
    known = tx.scalar(select(Refund).where(Refund.key == request.key))
    if known:
        return repeated(known, request)
    check_left(payment, request.amount, left_of(tx, payment, request.reference))
    refund = Refund(
        payment=payment,
        key=request.key,
        number=next_number(tx, Refund.number),
        amount=request.amount,
        purpose=request.purpose,
        reference=request.reference,
        reason=request.reason,
        asked_by=request.actor,
        asked_at=now,
        next_poll_at=now + timedelta(seconds=30),
    )
    tx.add(refund)
    tx.flush()
    refold_parts(tx, payment.id)
    ledger.post_refund(tx, refund, "refund_asked", now)
    resettle(tx, payment, now)
    detail: dict[str, object] = {
        "amount": request.amount,
        "purpose": request.purpose,
        "reason": request.reason,
    }
    audit.append(tx, request.actor, "refund.ask", payment.code, detail, now)
    return refund


def repeated(known: Known, request: RefundRequest) -> Known:
    """What stands for the key of `request` already. Raises `Conflict` when it is something else."""
    before = (known.payment_id, known.amount, known.purpose, known.reference)
    asked = (request.payment_id, request.amount, request.purpose, request.reference)
    if before != asked:
        raise Conflict("The key %(key)s already stands for another refund.", key=request.key)
    return known


def check_left(payment: Payment, amount: int, left: int) -> None:
    """Raises `Conflict` when `amount` is nothing, or more than is `left` of `payment`."""
    if not 0 < amount <= left:
        raise Conflict(
            "%(amount)s cannot be refunded: %(left)s is left of payment %(code)s.",
            amount=amount,
            left=left,
            code=payment.code,
        )


def refund_order(tx: Session, refund: Refund) -> RefundOrder:
    """The refund as its provider knows it; the money goes back from the largest receipt."""
    receipt = (
        select(Movement.rail_ref)
        .where(belongs_to([refund.payment_id]), Movement.kind == MovementKind.RECEIPT)
        .order_by(Movement.amount.desc(), Movement.event_at, Movement.id)
        .limit(1)
    )
    return RefundOrder(
        key=refund.key,
        number=refund.number or 0,
        amount=refund.amount,
        asked_at=refund.asked_at,
        asked_by=refund.asked_by,
        reason=refund.reason,
        payment=order_of(refund.payment),
        receipt_ref=tx.scalar(receipt),
    )


def send(
    db: sessionmaker[Session], gateways: Gateways, refund_id: uuid.UUID, now: datetime
) -> Refund:
    """Ask the provider for a refund that was set aside; an answer that never came is left to polls.

    A rail that cannot send money back is not asked, now or later: the refund waits for the driver's
    claim (`payments.claims`) and for the bank to tell that the money left.
    """
    with db() as tx:
        refund = tx.get_one(Refund, refund_id)
        order = refund_order(tx, refund)
    if not gateways.sends_back(refund.payment.account):
        return _ask_nobody(db, refund)
    told = _answer(gateways, refund, order, now)
    with db.begin() as tx:
        if told is not None:
            record(tx, refund.payment.account, told, now, source="answer")
        return tx.get_one(Refund, refund_id)


def _ask_nobody(db: sessionmaker[Session], refund: Refund) -> Refund:
    with db.begin() as tx:
        lock_payment(tx, refund.payment_id)  # first, as everybody does who writes a refund
        row = tx.get_one(Refund, refund.id)
        row.next_poll_at = None
        return row


def _answer(gateways: Gateways, refund: Refund, order: RefundOrder, now: datetime) -> Told | None:
    provider = gateways.provider(refund.payment.account)
    try:
        return provider.refund(order)
    except ProviderUnavailable:
        return None
    except ProviderRefused:
        code = refund.payment.code
        return Told(f"ours:{refund.key}:failed", code, Status.FAILED, now, refund_key=refund.key)
