"""What was paid beyond the price of something asked back, from the payments that brought it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from payments.models import Payment
from payments.payback import RefundTask
from payments.refund_tasks import left_to_ask, propose
from payments.refunds import RefundRequest
from payments.sharing import Allocation, left_of, parts_for, pays


@dataclass(frozen=True, slots=True)
class Paying:
    """A payment that brought money, or the part of one for several references, with what is `left`
    of it."""

    payment: Payment
    part: Allocation | None
    left: int

    @property
    def reference(self) -> str | None:
        return self.part.reference if self.part else None

    @property
    def amount(self) -> int:
        return self.part.amount if self.part else self.payment.amount

    @property
    def whole(self) -> bool:
        """All of the amount came, whatever went back."""
        if self.part is None:
            return self.payment.received >= self.amount
        return self.left + self.part.returned >= self.amount

    @property
    def key(self) -> str:
        """What the keys of its refunds begin with."""
        place = f":part{self.part.position}" if self.part else ""
        return f"excess:{self.payment.code}{place}"


def payments_of(tx: Session, reference: str) -> list[Paying]:
    """The payments that brought money for `reference`, alone or with others, the newest first."""
    query = select(Payment).where(pays([reference]), Payment.received > 0)
    rows = tx.scalars(query.order_by(Payment.paid_at.desc(), Payment.id.desc())).all()
    parts = {part.payment_id: part for part in parts_for(tx, reference)}
    found = []
    for row in rows:
        part = parts.get(row.id)
        found.append(Paying(row, part, left_of(tx, row, part.reference if part else None)))
    return found


def propose_excess(
    tx: Session, reference: str, excess: int, actor: str, reason: str, now: datetime
) -> Iterator[RefundTask]:
    """Open tasks for `excess` (minor units), newest payment first: the driver's own choice paid.

    The caller holds the lock of whatever was paid for. What earlier tasks speak for, rejected ones
    too, is not asked for again.
    """
    spoken_for = _tasks(tx, reference)
    rest = excess - sum(task.amount for task in spoken_for if task.state != "approved")
    for paying in payments_of(tx, reference):
        payment, part = paying.payment, paying.reference
        amount = min(rest, left_to_ask(tx, payment, part))
        if amount <= 0:
            continue
        before = sum(task.payment_id == payment.id for task in spoken_for)
        key = f"{paying.key}:{before + 1}"
        request = RefundRequest(payment.id, amount, "excess", reason, actor, key, part)
        yield propose(tx, request, now)
        rest -= amount


def _tasks(tx: Session, reference: str) -> Sequence[RefundTask]:
    """Every task for an excess of this reference, decided ones too."""
    alone = select(Payment.id).where(Payment.reference == reference)
    of_it = or_(RefundTask.payment_id.in_(alone), RefundTask.reference == reference)
    return tx.scalars(select(RefundTask).where(of_it, RefundTask.purpose == "excess")).all()
