"""Payments for several references: their parts are all of them, and begin where they must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.facts import REFUNDING
from payments.models import Payment, Refund
from payments.sharing import Allocation, starts
from reconciliation.proofs.violation import Violation

#: How many rows of a large table are held in memory at once.
PAGE = 5000


def parts_make_their_payment(tx: Session) -> Iterator[Violation]:
    """The parts of a payment count up from 1, add up to its amount, know what was given back of each,
    begin where the ones before them end, and only the last one is the last."""
    refund = and_(
        Refund.payment_id == Allocation.payment_id,
        Refund.reference == Allocation.reference,
        Refund.state.in_(REFUNDING),
    )
    gone = select(sql.coalesce(sql.sum(Refund.amount), 0)).where(refund).scalar_subquery()
    rows = tx.execute(
        select(Payment.code, Payment.amount.label("whole"), *Allocation.__table__.c, gone)
        .join(Payment, Payment.id == Allocation.payment_id)
        .order_by(Allocation.payment_id, Allocation.position)
        .execution_options(yield_per=PAGE)
    )
    for code, group in groupby(rows, key=lambda row: row.code):
        for wrong in _wrong(list(group)):
            yield Violation("parts_make_their_payment", f"payment {code}", wrong)


def _wrong(parts: Sequence[Row[Any]]) -> Iterator[str]:
    whole, total = parts[0].whole, sum(part.amount for part in parts)
    if total != whole:
        yield f"parts of {total} instead of {whole}"
    if [part.position for part in parts] != [*range(1, len(parts) + 1)]:
        yield "positions with gaps"
    if [part.last for part in parts] != [False] * (len(parts) - 1) + [True]:
        yield "not the last part alone is called the last"
    begins = starts([(part.amount, part.returned) for part in parts])
    if [part.start for part in parts] != begins:
        yield f"parts begin at {[part.start for part in parts]} instead of {begins}"
    if any(part.returned != part[-1] for part in parts):
        yield "another sum was given back of a part than its refunds say"


def refunds_name_their_part(tx: Session) -> Iterator[Violation]:
    """A refund of a payment with parts says which one it is for; no other refund does."""
    part = and_(
        Allocation.payment_id == Refund.payment_id, Allocation.reference == Refund.reference
    )
    any_part = aliased(Allocation)
    has_parts = select(any_part).where(any_part.payment_id == Refund.payment_id).exists()
    nowhere = (
        select(Refund.key)
        .outerjoin(Allocation, part)
        .where(Allocation.payment_id.is_(None), Refund.reference.is_not(None) | has_parts)
    )
    for key in tx.scalars(nowhere):
        yield Violation("refunds_name_their_part", f"refund {key}", "its payment has no such part")
