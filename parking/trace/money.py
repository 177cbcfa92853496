"""Steps in our books: the payment, what was said about it, what moved, and the transfers it caused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.reports.reason_words import account_called
from parking.trace.model import Stage, Step
from payments.models import Attachment, Movement, Notice, Payment, Refund, Transfer

PAYMENTS = {
    "created": mark("Payment begun"),
    "pending": mark("Payment waiting at the provider"),
    "unknown": mark("Payment without a clear answer yet"),
    "expired": mark("Payment that ran out"),
    "cancelled": mark("Payment that was cancelled"),
    "failed": mark("Payment that failed"),
    "paid": mark("Payment, paid"),
}
NOTICES = {
    "pending": mark("Told: still waiting"),
    "paid": mark("Told: paid"),
    "unknown": mark("Told: not known yet"),
    "expired": mark("Told: ran out"),
    "cancelled": mark("Told: cancelled"),
    "failed": mark("Told: failed"),
    "disputed": mark("Told: disputed"),
}
MOVEMENTS = {
    "receipt": mark("Money received"),
    "reversal": mark("Money taken back"),
    "refund": mark("Money refunded"),
    "fee": mark("Fee kept by the provider"),
    "payout": mark("Payout received at the bank"),
    "count_over": mark("Counted beyond the receipts"),
    "count_short": mark("Missing at the count"),
}
REFUNDS = {
    "asked": mark("Refund asked for: %(reason)s"),
    "done": mark("Refund done: %(reason)s"),
    "failed": mark("Refund refused by the provider: %(reason)s"),
}


def payment(row: Payment) -> Step:
    """The attempt to collect."""
    return Step(
        Stage.PAYMENT,
        PAYMENTS[row.state],
        row.code,
        at=row.created_at,
        by=row.account.slug,
        amount=row.amount,
        currency=row.currency,
        figures={"received": row.received} if row.received != row.amount else {},
        id=row.id,
    )


def notices(tx: Session, payments: Iterable[Payment]) -> Mapping[UUID, Sequence[Step]]:
    """Payment id → what was said about it, in the order we heard it."""
    said = defaultdict(list)
    rows = tx.scalars(
        select(Notice)
        .where(Notice.payment_id.in_([row.id for row in payments]))
        .order_by(Notice.recorded_at, Notice.id)
    )
    for row in rows:
        if row.payment_id is not None:
            said[row.payment_id].append(_notice(row))
    return said


def _notice(row: Notice) -> Step:
    return Step(
        Stage.NOTICE,
        NOTICES[row.status],
        row.key,
        at=row.event_at,
        recorded_at=row.recorded_at,
        by=row.source,
        id=row.id,
    )


def refunds(tx: Session, payments: Iterable[Payment]) -> Mapping[UUID, Sequence[Step]]:
    """Payment id → refunds of it, oldest first, each with its transfers."""
    asked = tx.scalars(
        select(Refund)
        .where(Refund.payment_id.in_([row.id for row in payments]))
        .order_by(Refund.asked_at, Refund.id)
    ).all()
    booked = _transfers(tx, refunds=[row.id for row in asked])
    steps: defaultdict[UUID, list[Step]] = defaultdict(list)
    for row in asked:
        steps[row.payment_id] += [_refund(row), *booked[row.id]]
    return steps


def _refund(row: Refund) -> Step:
    return Step(
        Stage.REFUND,
        REFUNDS[row.state],
        row.key,
        words={"reason": row.reason},  # the service's own reasons are sentences of ours
        at=row.asked_at,
        recorded_at=row.settled_at,
        by=row.asked_by,
        amount=row.amount,
        currency=row.payment.currency,
        id=row.id,
    )


def movements(tx: Session, moved: Sequence[Movement]) -> Iterator[Step]:
    """Each motion of money, followed by who attached it to its payment and the transfers caused."""
    ids = [row.id for row in moved]
    booked, attached = _transfers(tx, movements=ids), _attachments(tx, ids)
    for row in moved:
        yield Step(
            Stage.MOVEMENT,
            MOVEMENTS[row.kind],
            row.rail_ref,
            at=row.event_at,
            recorded_at=row.recorded_at,
            amount=row.amount,
            currency=row.currency,
            id=row.id,
        )
        yield from attached.get(row.id, ())
        yield from booked[row.id]


def _attachments(tx: Session, movements: Sequence[UUID]) -> Mapping[UUID, Sequence[Step]]:
    """Movement id → who said later which payment it belongs to."""
    rows = tx.execute(
        select(Attachment, Payment.code)
        .join(Payment, Payment.id == Attachment.payment_id)
        .where(Attachment.movement_id.in_(movements))
    )
    return {row.movement_id: (_attachment(row, code),) for row, code in rows}


def _attachment(row: Attachment, code: str) -> Step:
    return Step(
        Stage.NOTICE,
        mark("Attached to payment %(code)s: %(reason)s"),
        code,
        {"code": code, "reason": row.reason},
        at=row.at,
        by=row.actor,
    )


def _transfers(
    tx: Session, *, movements: Sequence[UUID] = (), refunds: Sequence[UUID] = ()
) -> Mapping[UUID, Sequence[Step]]:
    """Id of the movement or the refund → the transfers it caused."""
    caused = defaultdict(list)
    rows = tx.scalars(
        select(Transfer)
        .where(or_(Transfer.movement_id.in_(movements), Transfer.refund_id.in_(refunds)))
        .order_by(Transfer.recorded_at, Transfer.id)
    )
    for row in rows:
        cause = row.movement_id or row.refund_id
        if cause is not None:
            caused[cause].append(_transfer(row))
    return caused


def _transfer(row: Transfer) -> Step:
    return Step(
        Stage.TRANSFER,
        mark("Booked: debit %(debit)s, credit %(credit)s"),
        row.kind,
        {"debit": account_called(row.debit), "credit": account_called(row.credit)},
        recorded_at=row.recorded_at,
        amount=row.amount,
        currency=row.currency,
        id=row.id,
        day=row.book_day,
    )
