"""What a receipt is worth after money went back: changes, written once, never rewritten.

The turnover of a payment is its charge less what of the charge was refunded, and never more than what
is kept of its money: what was paid beyond the charge goes back without changing anything, and money
taken back by a bank or at the counter takes from the excess first. So it follows from the *set* of
facts, whatever their order; a change is the step from what the receipt and its changes say to that.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, select, text
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.receipts.methods import lock
from parking.receipts.models import Receipt, ReceiptChange
from parking.receipts.vat import net_of
from payments.belonging import belongs_to
from payments.models import GIVEN_BACK, Movement, Payment, Refund
from payments.provider import MovementKind

#: Motions that take from a turnover, and the one that can bring it back.
GONE, CAME = (MovementKind.REVERSAL, MovementKind.REFUND), (MovementKind.RECEIPT,)


def change_due(db: sessionmaker[Session], now: datetime, limit: int = 500) -> int:
    """Write the changes of all receipts whose payment's money went back, or came again; how many."""
    with db() as tx:
        due = tx.execute(_off().limit(limit)).all()
    changed = 0
    for receipt_id, operator_id in due:
        with db.begin() as tx:
            lock(tx, operator_id)
            changed += _change(tx, receipt_id, now)
    return changed


def _off() -> Select[uuid.UUID, uuid.UUID]:
    """Receipts that are not worth what they and their changes say."""
    return (
        select(Receipt.id, Receipt.operator_id)
        .join(Payment, Payment.id == Receipt.payment_id)
        .where(text(f"({GIVEN_BACK})"), true_turnover() != worth())
        .order_by(Receipt.id)
    )


def _refunds(state: str, *which: ColumnElement[bool]) -> ColumnElement[int]:
    query = select(sql.coalesce(sql.sum(Refund.amount), 0))
    mine = Refund.payment_id == Payment.id, Refund.state == state
    return query.where(*mine, *which).correlate(Payment).scalar_subquery()


def true_turnover() -> ColumnElement[int]:
    """SQL: what of the payment that the query joins is revenue; a refund counts once it is done."""
    charge = Payment.amount - _refunds("done", Refund.purpose == "charge")
    kept = Payment.received - Payment.reversed - Payment.refunded + _refunds("asked")
    least = case((charge < kept, charge), else_=kept)
    return case((least < 0, 0), else_=least)


def worth() -> ColumnElement[int]:
    """SQL: what the receipt that the query selects says, with its changes."""
    changes = select(sql.coalesce(sql.sum(ReceiptChange.gross), 0))
    mine = changes.where(ReceiptChange.receipt_id == Receipt.id).correlate(Receipt)
    return Receipt.gross + mine.scalar_subquery()


def _change(tx: Session, receipt_id: uuid.UUID, now: datetime) -> bool:
    query = select(Receipt, true_turnover(), worth()).join(Payment)
    receipt, right, stated = tx.execute(query.where(Receipt.id == receipt_id)).one()
    if right == stated:
        return False
    # the split of what is left, so that a receipt given back in parts ends at nothing exactly
    rate = receipt.vat_basis_points
    gross, net = int(right - stated), net_of(int(right), rate) - net_of(int(stated), rate)
    tx.add(
        ReceiptChange(
            receipt_id=receipt.id,
            gross=gross,
            net=net,
            vat=gross - net,
            at=_happened(tx, receipt.payment_id, GONE if gross < 0 else CAME) or now,
            recorded_at=now,
        )
    )
    return True


def _happened(
    tx: Session, payment_id: uuid.UUID, kinds: tuple[MovementKind, ...]
) -> datetime | None:
    """When the motion that we learned of last happened, by its own clock."""
    query = select(Movement.event_at).where(belongs_to([payment_id]), Movement.kind.in_(kinds))
    return tx.scalar(query.order_by(Movement.recorded_at.desc(), Movement.id.desc()).limit(1))
