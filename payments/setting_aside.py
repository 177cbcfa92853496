"""Money in suspense that was never meant for parking: it leaves the queue, and the books say why.

The movement stays as it was told. Setting it aside is a transfer from suspense to ``adjustments``, and
a row that keeps it from being attached to a payment; taking it back is the linked transfer the other
way round, and the money waits in suspense again.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from payments import adjusting
from payments.book_days import takes_no_rows
from payments.db import Base
from payments.models import Attachment, MerchantAccount, Movement
from payments.money import Money
from payments.provider import MovementKind

#: Where it goes: nobody collected it for parking, and it is no loss.
ENTRY = adjusting.adjustment("suspense", "adjustments")


class SetAside(Base):
    """A receipt that left suspense by the adjustment made for `cause`; `because` names what decided
    so."""

    __tablename__ = "set_aside"

    movement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("movement.id"), primary_key=True)
    cause: Mapped[str] = mapped_column(unique=True)
    because: Mapped[uuid.UUID] = mapped_column(index=True)
    at: Mapped[datetime]


def is_waiting() -> ColumnElement[bool]:
    """SQL: the movement of the enclosing query belongs to no payment and was not set aside."""
    attached = select(Attachment.movement_id).where(Attachment.movement_id == Movement.id)
    aside = select(SetAside.movement_id).where(SetAside.movement_id == Movement.id)
    return Movement.payment_id.is_(None) & ~attached.exists() & ~aside.exists()


def is_receipt_in_suspense() -> ColumnElement[bool]:
    """SQL: the movement of the enclosing query is money received that still waits in suspense."""
    return (Movement.kind == MovementKind.RECEIPT.value) & is_waiting()


def set_aside(
    tx: Session, movement: Movement, cause: str, because: uuid.UUID, now: datetime
) -> None:
    """Take a receipt out of suspense. The caller has seen that it `is_receipt_in_suspense`, and
    keeps others from attaching it meanwhile; `cause` is new."""
    operator = tx.get_one(MerchantAccount, movement.account_id).operator
    adjusting.adjust(tx, operator, ENTRY, Money(movement.amount, movement.currency), cause, now)
    tx.add(SetAside(movement_id=movement.id, cause=cause, because=because, at=now))
    tx.flush()


def take_back(tx: Session, because: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Let what was set aside because of this wait in suspense again, but for money of days that are
    closed; which movements."""
    account = aliased(MerchantAccount)
    rows = tx.scalars(
        select(SetAside)
        .join(Movement, Movement.id == SetAside.movement_id)
        .join(account, account.id == Movement.account_id)
        .where(
            SetAside.because == because,
            ~takes_no_rows(account.operator.expression, Movement.book_day.expression),
        )
        .order_by(SetAside.movement_id)
    ).all()
    for row in rows:
        adjusting.undo(tx, row.cause, now)
        tx.delete(row)
    tx.flush()
    return [row.movement_id for row in rows]
