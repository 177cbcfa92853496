"""Close orders that ran out at the providers that let us, so that nobody pays an old price there.

Many rails keep an order open longer than our quote holds: Stripe at least half an hour. Money that
was paid meanwhile is what the provider then tells, and it counts.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import literal, select
from sqlalchemy.orm import Session, sessionmaker

from payments.accounts import Gateways
from payments.checkout import order_of
from payments.models import MerchantAccount, Notice, Payment
from payments.polling import heard
from payments.provider import Cancels, Status
from payments.provider import Notice as Told
from payments.service import lock_payment, record

#: A provider that is away is asked again until then; later its own end of the order has come.
TRY_FOR = timedelta(hours=1)


def cancel_expired(
    db: sessionmaker[Session], gateways: Gateways, now: datetime, limit: int = 200
) -> int:
    """Close every payment that ran out within the last hour at its provider, once; how many of
    them the provider answered about. One silent provider stops no other."""
    able = [name for name, rail in gateways.registry.items() if issubclass(rail, Cancels)]
    mark = literal("ours:").concat(Payment.code).concat(":closed")
    closed = select(Notice.id).where(Notice.account_id == Payment.account_id, Notice.key == mark)
    with db() as tx:
        due = tx.scalars(
            select(Payment.id)
            .join(MerchantAccount)
            .where(
                Payment.state == Status.EXPIRED.value,
                Payment.expires_at >= now - TRY_FOR,
                MerchantAccount.provider.in_(able),
                ~closed.exists(),
            )
            .order_by(Payment.expires_at)
            .limit(limit)
        ).all()
    return sum(_cancel(db, gateways, payment_id, now) for payment_id in due)


def _cancel(
    db: sessionmaker[Session], gateways: Gateways, payment_id: uuid.UUID, now: datetime
) -> bool:
    with db() as tx:
        payment = tx.get_one(Payment, payment_id)
    order = order_of(payment)
    told = heard(
        payment.account,
        lambda: cast(Cancels, gateways.provider(payment.account)).cancel(order),
    )
    if told is None:
        return False
    with db.begin() as tx:
        account = lock_payment(tx, payment_id).account
        record(tx, account, told, now, source="answer")
        done = Told(f"ours:{order.code}:closed", order.code, Status.EXPIRED, now)
        record(tx, account, done, now, source="ours")
    return True
