"""Money that fits nothing we know: it is in the books, in suspense, and waits for an explanation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session, aliased

from payments.adjusting import UNDO
from payments.models import MerchantAccount, Movement, Notice, Transfer
from payments.provider import MovementKind
from payments.setting_aside import is_waiting
from reconciliation.models import Break
from reconciliation.resolving.models import BreakAct
from reconciliation.resolving.reasons import Against

#: Fees and payouts never belong to a payment; they are booked from statements, not waiting.
WAITING = (MovementKind.RECEIPT.value, MovementKind.REFUND.value, MovementKind.REVERSAL.value)
#: Nobody reads more at once; the oldest are shown first, so that none is forgotten.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One movement without a payment. `amount` is signed towards us, minor units; `named` is the
    order code its notice carried, which is none of ours."""

    id: uuid.UUID
    account_id: uuid.UUID
    account: str
    kind: str
    rail_ref: str
    amount: int
    currency: str
    event_at: datetime
    recorded_at: datetime
    named: str | None

    @property
    def attachable(self) -> bool:
        """Money received may belong to a payment; money that went out is another question."""
        return self.kind == MovementKind.RECEIPT


@dataclass(frozen=True, slots=True)
class SetApart:
    """What somebody moved to suspense (above zero) or out of it, explaining a difference of class
    `kind` on `leg`; minor units."""

    break_id: uuid.UUID
    account: str
    kind: str
    leg: str
    amount: int
    currency: str
    at: datetime


def set_apart(tx: Session, operator: str | None) -> Sequence[SetApart]:
    """What decisions about differences left in suspense, the oldest first; what was taken back is
    left out. It costs a look at what people decided."""
    suspense, back = Against.SUSPENSE.value, aliased(Transfer)
    undone = select(back.id).where(back.cause == literal(UNDO) + Transfer.cause).exists()
    query = (
        select(Transfer, Break.id, Break.kind, Break.leg, MerchantAccount.slug)
        .join(BreakAct, BreakAct.cause == Transfer.cause)
        .join(Break, Break.id == BreakAct.break_id)
        .join(MerchantAccount, MerchantAccount.id == Break.account_id)
        .where(or_(Transfer.debit == suspense, Transfer.credit == suspense), ~undone)
        .order_by(Transfer.recorded_at, Transfer.id)
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return [
        SetApart(
            id_, slug, kind, leg,
            booked.amount if booked.credit == suspense else -booked.amount,
            booked.currency, booked.recorded_at,
        )
        for booked, id_, kind, leg, slug in tx.execute(query)
    ]  # fmt: skip


def unmatched(tx: Session, operator: str | None) -> Sequence[Unmatched]:
    """The oldest `PAGE` movements in suspense, of one operator or of all."""
    query = (
        select(Movement, MerchantAccount.slug, Notice.order_code)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(Notice, Notice.id == Movement.notice_id)
        .where(Movement.kind.in_(WAITING), is_waiting())
        .order_by(Movement.event_at, Movement.id)
        .limit(PAGE)
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return [_row(*row) for row in tx.execute(query)]


def _row(movement: Movement, account: str, named: str | None) -> Unmatched:
    received = movement.kind == MovementKind.RECEIPT
    return Unmatched(
        movement.id,
        movement.account_id,
        account,
        movement.kind,
        movement.rail_ref,
        movement.amount if received else -movement.amount,
        movement.currency,
        movement.event_at,
        movement.recorded_at,
        named,
    )
