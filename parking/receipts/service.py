"""Receipts: issued by a job, and at once when a driver's page sees the payment, never twice.

Numbers run from 1 without gaps per operator and year of issue (Decree 254/2026: continuous within
the year); the operator's row lock hands them out one at a time.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.lots.models import Operator
from parking.passes.models import Pass
from parking.receipts.methods import basis_points_at, lock, method_on
from parking.receipts.models import Receipt
from parking.receipts.vat import net_of, tax_point
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import GROUP
from parking.sessions.stays import stays_of
from payments import audit
from payments.db import CITY_ZONE, business_day
from payments.errors import NotFound
from payments.models import Payment
from payments.sharing import pays

SYSTEM = "system:receipts"


def number_text(operator: Operator, receipt: Receipt) -> str:
    """The receipt's number as people write it: operator, year, number."""
    return f"{operator.code.upper()}-{receipt.year}-{receipt.number:06d}"


def receipt_by_token(tx: Session, token: str) -> Receipt:
    """The receipt a link names. Raises `NotFound`."""
    found = tx.scalar(select(Receipt).where(Receipt.token == token))
    if found is None:
        raise NotFound("There is no such receipt.")
    return found


def receipts_of(tx: Session, reference: str) -> list[Receipt]:
    """The receipts of one parking session or pass, oldest first; those shared with others included."""
    paying = select(Payment.id).where(pays([reference]))
    query = select(Receipt).where(Receipt.payment_id.in_(paying)).order_by(Receipt.issued_at)
    return list(tx.scalars(query))


@dataclass(frozen=True, slots=True)
class Sold:
    """What a payment was for, as far as its receipt asks: whose turnover it is, its (first) stay, and
    when each service ended. A pass has no end that matters: it is paid before it begins (Decree
    254/2026)."""

    operator_id: uuid.UUID
    session_id: uuid.UUID | None
    ends: tuple[datetime | None, ...]


def _sold(tx: Session, payment: Payment) -> Sold | None:
    stays = stays_of(tx, [payment])[payment.id]
    if stays:
        ends = tuple(stay.exit_at for stay in stays)
        return Sold(stays[0].lot.operator_id, stays[0].id, ends)
    operator_id = tx.scalar(select(Pass.operator_id).where(Pass.reference == payment.reference))
    return Sold(operator_id, None, (None,)) if operator_id else None


def issue(tx: Session, payment: Payment, now: datetime) -> Receipt | None:
    """The receipt of a paid payment, made now if there is none; None when it is for neither a stay
    nor a pass.

    The gross is what was charged; what a driver paid beyond it is not turnover but owed back. One
    payment for several stays has one receipt, which names them all.
    """
    sold = _sold(tx, payment)
    if sold is None or payment.state != "paid" or payment.paid_at is None:
        return None
    lock(tx, sold.operator_id)
    existing = tx.scalar(select(Receipt).where(Receipt.payment_id == payment.id))
    if existing:
        return existing
    receipt = _receipt(tx, payment, sold, payment.paid_at, now)
    tx.add(receipt)
    tx.flush()
    audit.append(tx, SYSTEM, "receipt.issue", payment.code, {"number": receipt.number}, now)
    return receipt


def _receipt(
    tx: Session, payment: Payment, sold: Sold, paid_at: datetime, now: datetime
) -> Receipt:
    point = min(tax_point(paid_at, end) for end in sold.ends)
    method = method_on(tx, sold.operator_id, business_day(point))
    rate = basis_points_at(method, point)
    net = net_of(payment.amount, rate)
    year = now.astimezone(CITY_ZONE).year
    last = tx.scalar(
        select(sql.max(Receipt.number)).where(
            Receipt.operator_id == sold.operator_id, Receipt.year == year
        )
    )
    return Receipt(
        token=secrets.token_urlsafe(16),
        operator_id=sold.operator_id,
        year=year,
        number=(last or 0) + 1,
        payment_id=payment.id,
        session_id=sold.session_id,
        gross=payment.amount,
        net=net,
        vat=payment.amount - net,
        vat_basis_points=rate,
        currency=payment.currency,
        paid_at=paid_at,
        tax_point=point,
        issued_at=now,
        tax_method=method,
    )


def issue_due(db: sessionmaker[Session], now: datetime, limit: int = 500) -> int:
    """Give a receipt to every paid payment that has none; how many were issued."""
    stay = exists().where(ParkingSession.reference == Payment.reference)
    held = exists().where(Pass.reference == Payment.reference)
    with db() as tx:
        due = tx.scalars(
            select(Payment.id)
            .outerjoin(Receipt, Receipt.payment_id == Payment.id)
            .where(
                Payment.state == "paid",
                Receipt.id.is_(None),
                or_(stay, held, Payment.reference.startswith(GROUP)),
            )
            .order_by(Payment.id)
            .limit(limit)
        ).all()
    issued = 0
    for payment_id in due:
        with db.begin() as tx:
            issued += issue(tx, tx.get_one(Payment, payment_id), now) is not None
    return issued
