"""Payments: the stored fold is the fold of the facts, and what is refunded is what refunds say."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import state
from payments.belonging import belongs_to, owners
from payments.facts import REFUNDING
from payments.models import Movement, Notice, Payment, Refund
from payments.provider import MovementKind
from reconciliation.proofs.violation import Violation

#: Payments folded at a time: two queries each round instead of two for each payment.
CHUNK = 1_000


def stored_state_equals_the_fold(tx: Session) -> Iterator[Violation]:
    """State, flags, received, reversed and time of payment are what `payments.state.fold` says."""
    for payments in _chunks(tx):
        statuses = _statuses(tx, payments)
        motions = _motions(tx, payments)
        for payment in payments:
            ordered = state.Ordered(payment.amount, payment.currency, payment.expires_at)
            told = state.fold(ordered, statuses[payment.id], motions[payment.id])
            stored = state.Fold(
                payment.state,
                tuple(flag for flag in payment.flags.split(",") if flag),
                payment.received,
                payment.reversed,
                payment.paid_at,
            )
            if stored != told:
                found = f"stored {stored}, the facts say {told}"
                yield Violation("stored_state_equals_the_fold", f"payment {payment.code}", found)
        tx.expunge_all()


def _chunks(tx: Session) -> Iterator[Sequence[Payment]]:
    last: uuid.UUID | None = None
    while True:
        some = select(Payment).order_by(Payment.id).limit(CHUNK)
        payments = tx.scalars(some if last is None else some.where(Payment.id > last)).all()
        if not payments:
            return
        last = payments[-1].id
        yield payments


def _statuses(tx: Session, payments: Sequence[Payment]) -> defaultdict[uuid.UUID, list[str]]:
    found: defaultdict[uuid.UUID, list[str]] = defaultdict(list)
    told = (
        select(Notice.payment_id, Notice.status)
        .where(
            Notice.payment_id.in_([payment.id for payment in payments]),
            Notice.refund_id.is_(None),
            ~Notice.stale,
        )
        .distinct()
    )
    for payment_id, status in tx.execute(told):
        if payment_id is not None:
            found[payment_id].append(status)
    return found


def _motions(
    tx: Session, payments: Sequence[Payment]
) -> defaultdict[uuid.UUID, list[state.Motion]]:
    found: defaultdict[uuid.UUID, list[state.Motion]] = defaultdict(list)
    ids = [payment.id for payment in payments]
    moved = tx.scalars(select(Movement).where(belongs_to(ids))).all()
    belonging = owners(tx, moved)
    for movement in moved:
        found[belonging[movement.id]].append(
            state.Motion(
                movement.kind,
                movement.amount,
                movement.currency,
                movement.event_at,
                movement.rail_ref,
                movement.occurrence,
            )
        )
    return found


def refunded_equals_its_rows(tx: Session) -> Iterator[Violation]:
    """Refunds asked or done, and those the provider made unasked, are what the payment says."""
    ours = (
        select(sql.coalesce(sql.sum(Refund.amount), 0))
        .where(Refund.payment_id == Payment.id, Refund.state.in_(REFUNDING))
        .scalar_subquery()
    )
    theirs = (
        select(sql.coalesce(sql.sum(Movement.amount), 0))
        .where(
            Movement.payment_id == Payment.id,
            Movement.kind == MovementKind.REFUND.value,
            Movement.refund_id.is_(None),
        )
        .scalar_subquery()
    )
    wrong = select(Payment.code, Payment.refunded, ours + theirs).where(
        Payment.refunded != ours + theirs
    )
    for code, stored, rows in tx.execute(wrong):
        found = f"stored {stored}, its rows make {rows}"
        yield Violation("refunded_equals_its_rows", f"payment {code}", found)
