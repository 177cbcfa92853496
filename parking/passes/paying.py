"""Paying for a pass, through any rail that the lot which sold it offers."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func as sql
from sqlalchemy import not_, select
from sqlalchemy.orm import Session, sessionmaker

from parking.journey import Journey
from parking.languages import mark
from parking.lots.models import Lot
from parking.passes.models import Pass
from parking.passes.service import lock_pass, lots_of, still_due
from payments import state
from payments.accounts import Gateways
from payments.checkout import Request, start
from payments.db import business_day
from payments.errors import Conflict
from payments.models import MerchantAccount, Payment
from payments.web import notify_address

#: How long a checkout stays open. The price of a pass does not move, so a new one costs the same.
OPEN_FOR = timedelta(minutes=30)
#: A checkout with less time left than this is not shown again: nobody can pay so fast.
SHORTEST = timedelta(minutes=1)


def product_of(held: Pass) -> str:
    """The accounting label of what is sold: the service, the vehicle class and the hours."""
    return f"pass:{held.vehicle_class}:{held.hours}"


def seller_of(tx: Session, held: Pass) -> Lot:
    """The lot that sold the pass, else the first it holds at: where its money is counted."""
    return tx.get_one(Lot, held.lot_id) if held.lot_id else lots_of(tx, held)[0]


def owed(tx: Session, held: Pass, now: datetime) -> int:
    """What may be paid for a pass now, in minor units. Raises `Conflict` when nothing may be."""
    if held.cancelled_at is not None or held.until < business_day(now):
        raise Conflict(mark("Pass %(number)s is over or was cancelled before."), number=held.number)
    due = still_due(tx, held)
    if due == 0:
        raise Conflict(mark("Pass %(number)s is paid."), number=held.number)
    return due


def pay(
    db: sessionmaker[Session],
    gateways: Gateways,
    pass_id: uuid.UUID,
    account: MerchantAccount,
    journey: Journey,
    now: datetime,
    *,
    method: str = "",
) -> Payment:
    """Begin to collect what is due for a pass through `account`, by the provider's way `method`.

    Two clicks at once end in one payment. Raises `Conflict` when nothing is due, and what
    `payments.checkout.start` raises.
    """
    with db.begin() as tx:
        held = lock_pass(tx, pass_id)
        amount, lot = owed(tx, held, now), seller_of(tx, held)
        intent = _intent(tx, held, amount, account, method, now)
    request = Request(
        account=account,
        reference=held.reference,
        intent=intent,
        amount=amount,
        cost_centre=lot.number,
        product=product_of(held),
        description=f"{lot.number} PASS {held.number}",
        expires_at=now + OPEN_FOR,
        return_url=journey.home,
        notify_url=notify_address(journey.public_url, account.slug),
        method=method,
        payer_ip=journey.payer_ip,
    )
    return start(db, gateways, request, now)


def _intent(
    tx: Session, held: Pass, amount: int, account: MerchantAccount, method: str, now: datetime
) -> str:
    """The name of this attempt: the same while an attempt can still be paid, a new one after it ran
    out. `payments.checkout` keeps at most one open payment for each name."""
    name = f"{held.reference}:{amount}:{account.slug}:{method}"
    usable = Payment.state.in_(state.OPEN) & (Payment.expires_at > now + SHORTEST)
    gone = select(sql.count()).where(
        Payment.reference == held.reference,
        Payment.intent.startswith(f"{name}:", autoescape=True),
        not_(usable),
    )
    return f"{name}:{tx.scalar(gone)}"
