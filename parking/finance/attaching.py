"""Money in suspense and the payments it may belong to. Suggestions are shown; a person chooses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from parking.finance.suspense import Unmatched
from parking.sessions.models import ParkingSession
from parking.sessions.stays import stays_of
from payments.attaching import attach
from payments.errors import NotFound
from payments.models import MerchantAccount, Movement, Payment
from reconciliation import totals
from reconciliation.turns import alone

#: How far apart money and the payment it may belong to were begun.
NEAR = timedelta(minutes=30)
#: More than these would be guessing.
MOST = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A payment of the same account and amount, begun near the time the money came."""

    payment: Payment
    stays: Sequence[ParkingSession]


def suggestions(
    tx: Session, found: Sequence[Unmatched]
) -> Mapping[uuid.UUID, Sequence[Suggestion]]:
    """Movement id → payments not paid in full that it may belong to, the nearest in time first."""
    rows = [row for row in found if row.attachable]
    near = [
        and_(
            Payment.account_id == row.account_id,
            Payment.amount == row.amount,
            Payment.currency == row.currency,
            Payment.created_at.between(row.event_at - NEAR, row.event_at + NEAR),
        )
        for row in rows
    ]
    if not near:
        return {}
    unpaid = select(Payment).where(Payment.received < Payment.amount, or_(*near))
    candidates = tx.scalars(unpaid).all()
    stays = stays_of(tx, candidates)
    known = [Suggestion(payment, stays[payment.id]) for payment in candidates]
    return {row.id: _nearest(row, known) for row in rows}


def _nearest(row: Unmatched, known: Sequence[Suggestion]) -> Sequence[Suggestion]:
    alike = (row.account_id, row.amount, row.currency)
    fitting = [
        one
        for one in known
        if (one.payment.account_id, one.payment.amount, one.payment.currency) == alike
        and _apart(row, one) <= NEAR
    ]
    return sorted(fitting, key=lambda one: _apart(row, one))[:MOST]


def _apart(row: Unmatched, one: Suggestion) -> timedelta:
    return abs(one.payment.created_at - row.event_at)


def attach_to(
    tx: Session, movement_id: uuid.UUID, form: Mapping[str, str], actor: str, now: datetime
) -> None:
    """Do what the form says, and add up the money's day anew: its figures now name the lot.

    Raises what `payments.attaching.attach` raises.
    """
    code = form.get("typed", "").strip() or form.get("code", "")
    reason = " ".join(form.get("reason", "").split())[:300]
    movement = tx.get_one(Movement, movement_id)
    alone(tx, movement.account_id)
    attach(tx, movement_id, code, actor, reason, now)
    tx.flush()
    totals.refresh(tx, movement.account_id, movement.book_day, now)


def check_own(tx: Session, movement_id: uuid.UUID, operator: str | None) -> None:
    """Raises `NotFound` for a movement that is none of this operator's."""
    movement = tx.get(Movement, movement_id)
    account = tx.get_one(MerchantAccount, movement.account_id) if movement else None
    if account is None or operator not in (None, account.operator):
        raise NotFound("There is no movement %(id)s.", id=movement_id)
