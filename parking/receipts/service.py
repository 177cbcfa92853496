"""Receipts: issued by a job, and at once when a driver's page sees the payment, never twice.

Numbers run from 1 without gaps per operator and year of issue (Decree 254/2026: continuous within
the year); the operator's row lock hands them out one at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func as sql
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from parking.lots.models import Operator
from parking.receipts.models import Receipt
from parking.receipts.vat import rate_at, split, tax_point
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import GROUP
from parking.sessions.stays import stays_of
from payments import audit
from payments.db import CITY_ZONE
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


def receipts_of(tx: Session, session: ParkingSession) -> list[Receipt]:
    """The receipts of one parking session, oldest first; those it shares with others included."""
    paying = select(Payment.id).where(pays([session.reference]))
    query = select(Receipt).where(Receipt.payment_id.in_(paying)).order_by(Receipt.issued_at)
    return list(tx.scalars(query))


def issue(tx: Session, payment: Payment, now: datetime) -> Receipt | None:
    """The receipt of a paid payment, made now if there is none; None when it is for no session.

    The gross is what was charged; what a driver paid beyond it is not turnover but owed back. One
    payment for several stays has one receipt, which names them all.
    """
    stays = stays_of(tx, [payment])[payment.id]
    if not stays or payment.state != "paid" or payment.paid_at is None:
        return None
    tx.execute(
        select(Operator.id).where(Operator.id == stays[0].lot.operator_id).with_for_update()
    ).one()
    existing = tx.scalar(select(Receipt).where(Receipt.payment_id == payment.id))
    if existing:
        return existing
    receipt = _receipt(tx, payment, stays, payment.paid_at, now)
    tx.add(receipt)
    tx.flush()
    audit.append(tx, SYSTEM, "receipt.issue", payment.code, {"number": receipt.number}, now)
    return receipt


def _receipt(
    tx: Session,
    payment: Payment,
    stays: Sequence[ParkingSession],
    paid_at: datetime,
    now: datetime,
) -> Receipt:
    point = min(tax_point(paid_at, stay.exit_at) for stay in stays)
    parts = split(payment.amount, rate_at(point))
    operator_id, year = stays[0].lot.operator_id, now.astimezone(CITY_ZONE).year
    last = tx.scalar(
        select(sql.max(Receipt.number)).where(
            Receipt.operator_id == operator_id, Receipt.year == year
        )
    )
    return Receipt(
        token=secrets.token_urlsafe(16),
        operator_id=operator_id,
        year=year,
        number=(last or 0) + 1,
        payment_id=payment.id,
        session_id=stays[0].id,
        gross=payment.amount,
        net=parts.net,
        vat=parts.vat,
        vat_basis_points=parts.rate.basis_points,
        currency=payment.currency,
        paid_at=paid_at,
        tax_point=point,
        issued_at=now,
    )


def issue_due(db: sessionmaker[Session], now: datetime, limit: int = 500) -> int:
    """Give a receipt to every paid payment that has none; how many were issued."""
    of_stays = or_(ParkingSession.id.is_not(None), Payment.reference.startswith(GROUP))
    with db() as tx:
        due = tx.scalars(
            select(Payment.id)
            .outerjoin(ParkingSession, ParkingSession.reference == Payment.reference)
            .outerjoin(Receipt, Receipt.payment_id == Payment.id)
            .where(Payment.state == "paid", Receipt.id.is_(None), of_stays)
            .order_by(Payment.id)
            .limit(limit)
        ).all()
    issued = 0
    for payment_id in due:
        with db.begin() as tx:
            issued += issue(tx, tx.get_one(Payment, payment_id), now) is not None
    return issued
