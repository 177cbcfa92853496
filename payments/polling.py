"""Ask providers about payments and refunds nobody told us about, and let unpaid orders run out."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import state
from payments.accounts import Gateways
from payments.checkout import order_of
from payments.errors import Complaint
from payments.models import MerchantAccount, Payment, Refund
from payments.provider import Notice as Told
from payments.provider import Provider, RefundOrder, Status
from payments.refunds import refund_order
from payments.service import lock_payment, record, say

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: Age of a payment at its first polls; then hourly for a day, then daily.
FIRST_AGES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 300, 900, 1800, 3600))
HOURLY_UNTIL = timedelta(days=1)
#: The statement speaks for older payments; nobody answers a status request after a month.
GIVE_UP_AFTER = timedelta(days=30)


def next_poll(started: datetime, now: datetime) -> datetime | None:
    """The first scheduled poll after `now` of something begun at `started`; None when it is over."""
    age = now - started
    for step in FIRST_AGES:
        if age < step:
            return started + step
    if age < HOURLY_UNTIL:
        return started + timedelta(hours=age // timedelta(hours=1) + 1)
    if age < GIVE_UP_AFTER:
        return started + timedelta(days=age // timedelta(days=1) + 1)
    return None


@dataclass(frozen=True, slots=True)
class Polled:
    """How many were asked about, and how many of those gave an answer."""

    asked: int = 0
    answered: int = 0


def poll(db: sessionmaker[Session], gateways: Gateways, now: datetime, limit: int = 500) -> Polled:
    """Ask about every payment and refund whose poll is due; one silent provider stops no other."""
    with db() as tx:
        payments = tx.scalars(
            select(Payment.id)
            .where(Payment.next_poll_at <= now)
            .order_by(Payment.next_poll_at)
            .limit(limit)
        ).all()
        refunds = tx.scalars(
            select(Refund.id)
            .where(Refund.next_poll_at <= now)
            .order_by(Refund.next_poll_at)
            .limit(limit)
        ).all()
    answers = [poll_payment(db, gateways, payment_id, now) for payment_id in payments]
    answers += [poll_refund(db, gateways, refund_id, now) for refund_id in refunds]
    return Polled(len(answers), sum(answers))


def poll_payment(
    db: sessionmaker[Session], gateways: Gateways, payment_id: uuid.UUID, now: datetime
) -> bool:
    """Ask about one payment now; True when the provider answered."""
    with db() as tx:
        payment = tx.get_one(Payment, payment_id)
    order = order_of(payment)
    told = heard(payment.account, lambda: gateways.provider(payment.account).fetch(order))
    with db.begin() as tx:
        locked = lock_payment(tx, payment_id)
        if told is not None:
            record(tx, locked.account, told, now, source="poll")
        # after the facts: a notice may have settled it while we asked
        over = locked.state in state.SETTLED
        locked.next_poll_at = None if over else next_poll(locked.created_at, now)
        locked.polls += 1
    return told is not None


def poll_refund(
    db: sessionmaker[Session], gateways: Gateways, refund_id: uuid.UUID, now: datetime
) -> bool:
    """Ask for one refund again; the key makes the repeat harmless where it was already done. A rail
    without refunds has nothing to say about one, and is not asked again."""
    with db() as tx:
        refund = tx.get_one(Refund, refund_id)
        order = refund_order(tx, refund)
    account = refund.payment.account
    askable = gateways.sends_back(account)
    told = (
        heard(account, lambda: _refund_as_it_stands(gateways.provider(account), order))
        if askable
        else None
    )
    with db.begin() as tx:
        lock_payment(tx, refund.payment_id)  # first, as everybody does who writes a refund
        if told is not None:
            record(tx, account, told, now, source="poll")
        row = tx.get_one(Refund, refund_id)
        waits = askable and row.state == "asked"
        row.next_poll_at = next_poll(row.asked_at, now) if waits else None
        row.polls += 1
    return told is not None


def _refund_as_it_stands(provider: Provider, order: RefundOrder) -> Told:
    """What became of a refund; one the provider never heard of is asked for again."""
    told = provider.fetch(order)
    return provider.refund(order) if told.status is Status.UNKNOWN else told


def heard(account: MerchantAccount, question: Callable[[], Answer]) -> Answer | None:
    """What the provider of `account` says to `question`; None when it says nothing, which is
    logged and asked again another time."""
    try:
        return question()
    except Complaint as error:
        log.info("no answer to a question of %s: %s", account.slug, error)
    except Exception:
        # a provider may come from outside this house; its mistake must not starve the others
        log.exception("the provider of %s failed on a question", account.slug)
    return None


def expire(db: sessionmaker[Session], now: datetime, limit: int = 1000) -> int:
    """Say `expired` of open payments whose time ran out; money that comes later still counts."""
    with db.begin() as tx:
        due = tx.execute(
            select(Payment.code, MerchantAccount)
            .join(MerchantAccount, MerchantAccount.id == Payment.account_id)
            .where(Payment.state.in_(state.OPEN), Payment.expires_at < now)
            .order_by(Payment.expires_at)
            .limit(limit)
        ).all()
        for code, account in due:  # not the payments: each would be read again after it was written
            say(tx, account, code, Status.EXPIRED, now)
    return len(due)
