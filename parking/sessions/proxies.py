"""An attendant pays for a driver, with their own phone or bank: said openly, and counted.

Such a payment is one of its own, begun by a person who is named: it can neither be taken for the
driver's nor become it, because the payer stands in its intent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.sessions.models import ParkingSession, ProxyPayment
from parking.sessions.quotes import Choice, offer, request_for
from parking.tariffs import TariffBook
from payments import audit
from payments.accounts import Gateways
from payments.checkout import check_account, intend, start
from payments.db import CITY_ZONE, insert_once
from payments.models import MerchantAccount, Payment
from payments.sharing import kept

ACT = "session.paid_by_attendant"


@dataclass(frozen=True, slots=True)
class ProxyCount:
    """How often `by` paid for a driver: `begun` in all, `paid` of these with `amount` kept of it, in
    minor units of `currency`."""

    by: str
    currency: str
    begun: int
    paid: int
    amount: int


def pay_for_driver(
    db: sessionmaker[Session],
    gateways: Gateways,
    tariffs: TariffBook,
    session_id: uuid.UUID,
    choice: Choice,
    now: datetime,
) -> Payment:
    """Begin a payment of `choice.payer` for the driver, and write down who pays in the same
    transaction; it goes on as `parking.sessions.quotes.pay` does.

    Raises `Conflict` when nothing is due, or before anything is written for an unfit account.
    """
    check_account(gateways, choice.account)
    with db.begin() as tx:
        quote = offer(tx, tariffs, session_id, now)
        session = tx.get_one(ParkingSession, session_id)
        request = request_for([quote], [session], choice)
        payment = intend(tx, request, now)
        if insert_once(tx, ProxyPayment(payment_id=payment.id, by=choice.payer, at=now)):
            told: dict[str, object] = {"code": payment.code, "amount": payment.amount}
            audit.append(tx, choice.payer, ACT, session.reference, told, now)
    return start(db, gateways, request, now)


def proxy_counts(
    tx: Session,
    since: date,
    until: date,
    *,
    by: str | None = None,
    operator: str | None = None,
) -> list[ProxyCount]:
    """The counts of every attendant, or of one, for payments begun on the days from `since` to
    `until`, both included; the most first. With `operator` only its own money."""
    query = _within(since, until)
    if by is not None:
        query = query.where(ProxyPayment.by == by)
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    counts = [ProxyCount(*row[:2], *map(int, row[2:])) for row in tx.execute(query)]
    return sorted(counts, key=lambda count: (-count.paid, -count.begun, count.by))


def _within(since: date, until: date) -> Select[str, str, int, int, int]:
    paid = sql.count().filter(Payment.state == "paid")
    begin = datetime.combine(since, time(), CITY_ZONE)
    end = datetime.combine(until + timedelta(days=1), time(), CITY_ZONE)
    return (
        select(ProxyPayment.by, Payment.currency, sql.count(), paid, sql.sum(kept()))
        .join(Payment, Payment.id == ProxyPayment.payment_id)
        .join(MerchantAccount, MerchantAccount.id == Payment.account_id)
        .where(ProxyPayment.at >= begin, ProxyPayment.at < end)
        .group_by(ProxyPayment.by, Payment.currency)
    )
