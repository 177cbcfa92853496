"""Refunds: done at once, once per key, and never more than was received. The fee is not returned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.errors import Conflict, NotFound
from payments.sandbox.body import read_amount, read_name
from payments.sandbox.booking import book
from payments.sandbox.config import SandboxConfig
from payments.sandbox.models import Kind, Motion, Order
from payments.sandbox.orders import arrived, find, motion_view, motions
from payments.sandbox.signing import write_instant


def create(
    tx: Session, config: SandboxConfig, merchant: str, fields: Mapping[str, object], now: datetime
) -> Motion:
    """The refund of that key, made now or earlier. Raises `Conflict` when the key stands for another
    refund or when more would be returned than was received, `NotFound` for an unknown order."""
    key, amount = read_name(fields, "key"), read_amount(fields, "amount")
    order = find(tx, merchant, read_name(fields, "order"))
    known = _look_up(tx, merchant, key)
    if known is None:
        _check_enough(tx, order, amount, now)
        return book(tx, config, order, (Kind.REFUND, key), amount, now, now)
    if (known.order_id, known.amount) != (order.id, amount):
        raise Conflict("Refund %(key)s exists for another order or amount.", key=key)
    return known


def _check_enough(tx: Session, order: Order, amount: int, now: datetime) -> None:
    receipts = arrived(motions(tx, order, Kind.PAYMENT), now)
    received = sum(motion.amount for motion in receipts)
    returned = sum(motion.amount for motion in motions(tx, order, Kind.REFUND))
    if returned + amount > received:
        raise Conflict(
            "Order %(code)s has %(left)s left to refund, not %(amount)s.",
            code=order.code, left=received - returned, amount=amount,
        )  # fmt: skip


def _look_up(tx: Session, merchant: str, key: str) -> Motion | None:
    return tx.scalar(select(Motion).where(Motion.merchant == merchant, Motion.refund_key == key))


def find_refund(tx: Session, merchant: str, key: str) -> Motion:
    """The refund of that key. Raises `NotFound`."""
    refund = _look_up(tx, merchant, key)
    if refund is None:
        raise NotFound("There is no refund %(key)s.", key=key)
    return refund


def view(tx: Session, refund: Motion) -> dict[str, Any]:
    """The refund as merchants see it."""
    return {
        "refund_key": refund.refund_key,
        "order": refund.order_code,
        "provider_ref": tx.get_one(Order, refund.order_id).reference,
        "status": "paid",
        "event_at": write_instant(refund.event_at),
        "movements": [motion_view(refund)],
    }
