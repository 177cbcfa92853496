"""One payment for several references: how its money is shared out, and what goes back of which part.

The parts fill in order, from what is *kept* (received − reversed − refunded): a part gets what is
kept beyond its start, up to its amount; the last one gets the rest. So shares never fall below
nothing and never add up to more than is kept, whatever came, in whatever order.

A refund of such a payment names the part it is for, which then wants that much less: the parts after
it begin earlier, and giving back the money of one leaves the others as paid as they were. Money taken
back without us (a reversal, a refund nobody asked for) names no part, and is missing from the end.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, case, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, aliased, mapped_column
from sqlalchemy.orm.util import AliasedClass

from payments.db import Base
from payments.errors import WrongUsage
from payments.facts import REFUNDING
from payments.models import Payment, Refund

Reference: TypeAlias = ColumnElement[str] | InstrumentedAttribute[str] | str


class Allocation(Base):
    """A part of a payment that settles several references at once (a parent pays for three bikes).

    The parts fill in the order of `position`: what is kept of the payment beyond `start` pays this
    one, up to `amount` less what of it was `returned`; beyond the last one's it stays with the last,
    as an excess would. `returned` and `start` are a fold that this file alone writes.
    """

    __tablename__ = "allocation"

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int]
    start: Mapped[int]
    amount: Mapped[int]
    last: Mapped[bool]
    returned: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)


@dataclass(frozen=True, slots=True)
class Part:
    """`amount`, in minor units, of a payment is for `reference`."""

    reference: str
    amount: int


def check_parts(parts: Sequence[Part], amount: int) -> None:
    """Raises `WrongUsage` unless these are the parts of a payment of `amount`: several, each for
    another reference, each of something, and together all of it. None at all are right too."""
    if not parts:
        return
    several = 1 < len(parts) == len({part.reference for part in parts})
    if not several or min(part.amount for part in parts) < 1:
        raise WrongUsage("A shared payment needs several parts, each for something else.")
    if (total := sum(part.amount for part in parts)) != amount:
        raise WrongUsage(
            "The parts add up to %(total)s, the payment to %(amount)s.", total=total, amount=amount
        )


def starts(parts: Sequence[tuple[int, int]]) -> list[int]:
    """Pure: where each part begins, of parts as (amount, refunded of it), in minor units."""
    found, total = [], 0
    for amount, refunded in parts:
        found.append(total)
        total += max(0, amount - refunded)
    return found


def allocate(tx: Session, payment: Payment, parts: Sequence[Part]) -> None:
    """Write down the parts of a new payment, which `check_parts` found right."""
    begins = starts([(part.amount, 0) for part in parts])
    for position, (part, start) in enumerate(zip(parts, begins, strict=True), start=1):
        tx.add(
            Allocation(
                payment_id=payment.id,
                reference=part.reference,
                position=position,
                start=start,
                amount=part.amount,
                last=position == len(parts),
            )
        )
    tx.flush()


def parts_of(tx: Session, payment_id: uuid.UUID) -> Sequence[Allocation]:
    """The parts of a payment in their order; none when it is for its own reference alone."""
    query = select(Allocation).where(Allocation.payment_id == payment_id)
    return tx.scalars(query.order_by(Allocation.position)).all()


def parts_for(tx: Session, reference: str) -> Sequence[Allocation]:
    """The parts of all payments that are for `reference` among others."""
    return tx.scalars(select(Allocation).where(Allocation.reference == reference)).all()


def refold_parts(tx: Session, payment_id: uuid.UUID) -> None:
    """Rewrite what went back of each part of a payment, and where each begins; under the payment's
    lock, whenever a refund of it was asked for, failed or was done after all."""
    parts = parts_of(tx, payment_id)
    if not parts:
        return
    gone = _refunded(tx, payment_id)
    for part in parts:
        part.returned = gone.get(part.reference, 0)
    for part, start in zip(parts, starts([(p.amount, p.returned) for p in parts]), strict=True):
        part.start = start
    tx.flush()


def _refunded(tx: Session, payment_id: uuid.UUID) -> Mapping[str | None, int]:
    rows = tx.execute(
        select(Refund.reference, sql.sum(Refund.amount))
        .where(Refund.payment_id == payment_id, Refund.state.in_(REFUNDING))
        .group_by(Refund.reference)
    )
    return {reference: int(amount) for reference, amount in rows}


def kept(payment: type[Payment] | AliasedClass[Payment] = Payment) -> ColumnElement[int]:
    """SQL: what of a payment came and is still ours."""
    return payment.received - payment.reversed - payment.refunded


def share(
    payment: type[Payment] | AliasedClass[Payment] = Payment,
    part: type[Allocation] | AliasedClass[Allocation] = Allocation,
) -> ColumnElement[int]:
    """SQL: what is kept for `part` of `payment`, both of which the query joins."""
    beyond, wanted = kept(payment) - part.start, part.amount - part.returned
    return case(
        (beyond <= 0, 0),
        (part.last, beyond),
        (wanted <= 0, 0),
        (beyond < wanted, beyond),
        else_=wanted,
    )


def shared_for(reference: Reference) -> ColumnElement[int]:
    """SQL: the shares of all payments that are for `reference` among others."""
    payment, part = aliased(Payment), aliased(Allocation)
    total = select(sql.coalesce(sql.sum(share(payment, part)), 0)).select_from(part)
    joined = total.join(payment, payment.id == part.payment_id)
    return joined.where(part.reference == reference).scalar_subquery()


def left_of(tx: Session, payment: Payment, reference: str | None) -> int:
    """What is kept of `payment`, or of its part `reference` where it settles several, in minor units.

    Raises `WrongUsage` when it settles several and none of them is named, or another one.
    """
    query = select(Allocation.reference, share())
    query = query.join(Payment, Payment.id == Allocation.payment_id)
    rows = tx.execute(query.where(Allocation.payment_id == payment.id))
    shares = {name: int(amount) for name, amount in rows}
    if not shares and reference is None:
        return payment.received - payment.reversed - payment.refunded
    if reference not in shares:
        raise WrongUsage(
            "Payment %(code)s pays for %(count)s at once: please say which of them the money is for.",
            code=payment.code,
            count=max(1, len(shares)),
        )
    return shares[reference]


def paid_by_reference(tx: Session, references: Collection[str]) -> dict[str, int]:
    """Reference → what was paid for it and is still ours, alone or with others; in one question."""
    alone = select(Payment.reference, kept().label("kept")).where(Payment.reference.in_(references))
    shared = (
        select(Allocation.reference, share())
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.reference.in_(references))
    )
    both = union_all(alone, shared).subquery()
    rows = tx.execute(select(both.c.reference, sql.sum(both.c.kept)).group_by(both.c.reference))
    return {reference: int(amount) for reference, amount in rows}


def pays(references: Collection[str]) -> ColumnElement[bool]:
    """SQL: payments for any of these references, alone or among others.

    A union of two indexed look-ups, as in `payments.belonging`.
    """
    alone = select(Payment.id).where(Payment.reference.in_(references))
    shared = select(Allocation.payment_id).where(Allocation.reference.in_(references))
    return Payment.id.in_(union_all(alone, shared))


def references_of(tx: Session, payments: Collection[Payment]) -> dict[uuid.UUID, list[str]]:
    """Payment id → what it is for: its parts in their order, or its own reference."""
    rows = tx.execute(
        select(Allocation.payment_id, Allocation.reference)
        .where(Allocation.payment_id.in_([payment.id for payment in payments]))
        .order_by(Allocation.payment_id, Allocation.position)
    )
    shared = defaultdict(list)
    for payment_id, reference in rows:
        shared[payment_id].append(reference)
    return {payment.id: shared.get(payment.id, [payment.reference]) for payment in payments}


def attempts(tx: Session, reference: str) -> Sequence[Payment]:
    """Every attempt to pay for `reference`, alone or with others, newest first."""
    query = select(Payment).where(pays([reference]))
    return tx.scalars(query.order_by(Payment.id.desc())).all()
