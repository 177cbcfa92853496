"""Orders: announced by a merchant, looked up by both, paid on the hosted page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.errors import Conflict, NotFound, WrongUsage
from payments.sandbox.body import (
    read_amount,
    read_name,
    read_text,
    read_time,
    read_web_address,
)
from payments.sandbox.models import Kind, Motion, Order
from payments.sandbox.signing import write_instant

CURRENCY = "VND"


def create(tx: Session, merchant: str, fields: Mapping[str, object], now: datetime) -> Order:
    """The order of that code, made now or earlier. Raises `Conflict` when it exists with another
    amount, `WrongUsage` for a malformed field."""
    code, amount = read_name(fields, "order"), read_amount(fields, "amount")
    if fields.get("currency") != CURRENCY:
        raise WrongUsage(
            "The sandbox collects VND only, not %(currency)s.", currency=fields.get("currency")
        )
    known = _look_up(tx, merchant, code)
    if known is None:
        return _insert(tx, merchant, code, amount, fields, now)
    if known.amount != amount:
        raise Conflict(
            "Order %(code)s exists with amount %(known)s, not %(amount)s.",
            code=code, known=known.amount, amount=amount,
        )  # fmt: skip
    return known


def _insert(
    tx: Session, merchant: str, code: str, amount: int, fields: Mapping[str, object], now: datetime
) -> Order:
    order = Order(
        merchant=merchant,
        code=code,
        token=secrets.token_urlsafe(24),
        amount=amount,
        currency=CURRENCY,
        description=read_text(fields, "description", 200),
        return_url=read_web_address(fields, "return_url"),
        created_at=now,
        expires_at=read_time(fields, "expires_at"),
        declined_at=None,
    )
    tx.add(order)
    tx.flush()
    return order


def _look_up(tx: Session, merchant: str, code: str) -> Order | None:
    return tx.scalar(
        select(Order).where(Order.merchant == merchant, Order.code == code).with_for_update()
    )


def find(tx: Session, merchant: str, code: str) -> Order:
    """The order, locked against other writers. Raises `NotFound`."""
    order = _look_up(tx, merchant, code)
    if order is None:
        raise NotFound("There is no order %(code)s.", code=code)
    return order


def by_token(tx: Session, token: str) -> Order:
    """The order whose page is `token`, locked against other writers. Raises `NotFound`."""
    order = tx.scalar(select(Order).where(Order.token == token).with_for_update())
    if order is None:
        raise NotFound("There is no such payment page.")
    return order


def motions(tx: Session, order: Order, kind: Kind) -> list[Motion]:
    """All receipts or refunds of `order`, oldest first, those still on their way included."""
    query = select(Motion).where(Motion.order_id == order.id, Motion.kind == kind)
    return list(tx.scalars(query.order_by(Motion.event_at, Motion.id)))


def arrived(known: Sequence[Motion], now: datetime) -> list[Motion]:
    """What has happened by `now`: money that was paid late is not known before it is there."""
    return [motion for motion in known if motion.event_at <= now]


def status(order: Order, receipts: Sequence[Motion], now: datetime) -> tuple[str, datetime]:
    """What the sandbox says of `order` at `now`, and since when."""
    if receipts:
        return "paid", receipts[-1].event_at
    if order.declined_at is not None:
        return "cancelled", order.declined_at
    if now >= order.expires_at:
        return "expired", order.expires_at
    return "pending", order.created_at


def motion_view(motion: Motion) -> dict[str, Any]:
    """One motion of money as merchants see it."""
    return {
        "kind": "receipt" if motion.kind == Kind.PAYMENT else "refund",
        "rail_ref": motion.rail_ref,
        "amount": motion.amount,
        "currency": CURRENCY,
        "event_at": write_instant(motion.event_at),
    }


def view(order: Order, receipts: Sequence[Motion], base_url: str, now: datetime) -> dict[str, Any]:
    """The whole order as the status API tells it at `now`. Nothing in it changes unless the order
    does, so that two equal answers are equal byte for byte."""
    here = arrived(receipts, now)
    state, since = status(order, here, now)
    return {
        "order": order.code,
        "refund_key": None,
        "provider_ref": order.reference,
        "amount": order.amount,
        "currency": order.currency,
        "pay_url": f"{base_url.rstrip('/')}/pay/{order.token}",
        "status": state,
        "event_at": write_instant(since),
        "movements": [motion_view(motion) for motion in here],
    }
