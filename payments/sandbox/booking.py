"""Writing down that money moved: a receipt or a refund, its fee, and the notice that tells of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from payments.db import business_day
from payments.sandbox.config import SandboxConfig
from payments.sandbox.models import Kind, Motion, Order
from payments.sandbox.notices import announce_motion
from payments.sandbox.refs import short_ref


def fee_of(amount: int, basis_points: int) -> int:
    """The fee on `amount` dong, rounded half up to whole dong."""
    return (amount * basis_points + 5_000) // 10_000


def book(
    tx: Session,
    config: SandboxConfig,
    order: Order,
    motion: tuple[Kind, str],
    amount: int,
    moment: datetime,
    now: datetime,
) -> Motion:
    """Book `amount` dong of `order`, locked by the caller. `motion` is the kind and what tells it
    from the order's others of that kind: a receipt's number, a refund's key. Refunds cost no fee."""
    kind, name = motion
    refund = kind is Kind.REFUND
    booked = Motion(
        merchant=order.merchant,
        order_id=order.id,
        order_code=order.code,
        kind=kind,
        ref=short_ref(order.merchant, order.code, kind, name),
        refund_key=name if refund else None,
        amount=amount,
        fee=0 if refund else fee_of(amount, config.fee_basis_points),
        event_at=moment,
        day=business_day(moment),
        settled_on=None,
    )
    tx.add(booked)
    tx.flush()
    announce_motion(tx, config, order, booked, now)
    return booked
