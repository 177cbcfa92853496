"""Everything the books know about one payment, read in one question.

The statement is built once: a notice waits for its answer, and most of the time of a question that
is built anew goes into building it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    bindparam,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from payments import state
from payments.models import Attachment, Movement, Notice, Payment, Refund
from payments.provider import MovementKind

#: Refunds that count against what was paid: those asked for and those done.
REFUNDING = ("asked", "done")


class Foldable(Protocol):
    """A payment, in whatever form, as far as its facts are judged by it."""

    @property
    def amount(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What was said of a payment, what moved, and how much goes or went back, in minor units:
    refunds asked or done, and refunds the provider made without being asked by us."""

    statuses: frozenset[str]
    motions: tuple[state.Motion, ...]
    refunded: int

    def fold(self, payment: Foldable) -> state.Fold:
        """State, flags and sums: the truth that the stored fold must equal."""
        ordered = state.Ordered(payment.amount, payment.currency, payment.expires_at)
        return state.fold(ordered, self.statuses, self.motions)


_ID: ColumnElement[uuid.UUID] = bindparam("payment_id", type_=Payment.id.type)
_NOTHING = (null().cast(String), null().cast(BigInteger))
_moved = select(
    literal_column("'moved'", String).label("what"),
    Movement.kind,
    Movement.amount,
    Movement.event_at,
    Movement.currency,
    Movement.rail_ref,
    Movement.occurrence,
    Movement.refund_id,
)
_attached = _moved.join(Attachment, Attachment.movement_id == Movement.id)
_told = select(
    literal_column("'told'", String),
    Notice.status,
    null().cast(BigInteger),
    Notice.event_at,
    *_NOTHING[:1],
    *_NOTHING,
    Notice.refund_id,
).where(Notice.payment_id == _ID, Notice.refund_id.is_(None), ~Notice.stale)
_refunds = select(
    literal_column("'refund'", String),
    Refund.state,
    Refund.amount,
    Refund.asked_at,
    *_NOTHING[:1],
    *_NOTHING,
    Refund.id,
).where(Refund.payment_id == _ID, or_(*(Refund.state == name for name in REFUNDING)))
_ALL = union_all(
    _moved.where(Movement.payment_id == _ID),
    _attached.where(Attachment.payment_id == _ID),
    _told,
    _refunds,
)


def facts_of(tx: Session, payment_id: uuid.UUID) -> Facts:
    """The stored facts about a payment; what this transaction wrote must have been flushed."""
    statuses, motions, refunded = set(), [], 0
    for (
        what,
        kind,
        amount,
        at,
        currency,
        rail_ref,
        occurrence,
        refund_id,
    ) in tx.connection().execute(_ALL, {"payment_id": payment_id}):
        if what == "told":
            statuses.add(kind)
        elif what == "refund":
            refunded += amount
        else:
            motions.append(state.Motion(kind, amount, currency, at, rail_ref, occurrence))
            refunded += amount if kind == MovementKind.REFUND and refund_id is None else 0
    return Facts(frozenset(statuses), tuple(motions), refunded)
