"""Refunds pass through people: somebody asks, and where it is much money somebody else approves.

At or below the limit (the setting REFUND_APPROVAL_ABOVE) whoever asks may approve in the same act;
the limit counts all that goes back of one payment, so that nobody gets round it in small parts. What
the service asks for by itself (actor ``system:…``) always needs one person. Asking, approving and
rejecting happen under the payment's row lock: never more goes back than was paid.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Payment, Refund
from payments.payback import RefundTask
from payments.refunds import RefundRequest, ask, check_left, repeated
from payments.service import lock_payment
from payments.sharing import left_of

#: How the actors of the service itself are called.
SYSTEM = "system:"
#: A reason must say something.
SHORTEST_REASON = 3


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves, when, and above which amount (minor units) this must not be who asked."""

    actor: str
    limit: int
    now: datetime


def propose(tx: Session, request: RefundRequest, now: datetime) -> RefundTask:
    """Open a task for `request`; the same request again gives the same task.

    Raises `WrongUsage` without a reason, `Conflict` when less is left of the payment than is asked
    for, other open tasks counted, or when the key already stands for another task. Of a payment of
    several parts the request names one, else `WrongUsage`.
    """
    if len(request.reason.strip()) < SHORTEST_REASON:
        raise WrongUsage("Please say in a few words why the money goes back.")
    payment = lock_payment(tx, request.payment_id)
    known = tx.scalar(select(RefundTask).where(RefundTask.key == request.key))
    if known:
        return repeated(known, request)
    check_left(payment, request.amount, left_to_ask(tx, payment, request.reference))
    task = RefundTask(
        payment=payment,
        key=request.key,
        amount=request.amount,
        purpose=request.purpose,
        reference=request.reference,
        reason=request.reason,
        asked_by=request.actor,
        asked_at=now,
        state="open",
    )
    tx.add(task)
    tx.flush()
    detail: dict[str, object] = {"task": str(task.id), "amount": task.amount}
    detail |= {"purpose": task.purpose, "reason": task.reason}
    audit.append(tx, request.actor, "refund_task.open", payment.code, detail, now)
    return task


def left_to_ask(tx: Session, payment: Payment, reference: str | None = None) -> int:
    """What could still be asked back of `payment`, or of its part `reference` where it settles
    several, in minor units: open tasks count as gone. Raises `WrongUsage` as `left_of` does."""
    left = left_of(tx, payment, reference)
    same = RefundTask.reference.is_not_distinct_from(reference)
    asked = _sum(tx, RefundTask.payment_id == payment.id, RefundTask.state == "open", same)
    return max(0, left - asked)


def _sum(tx: Session, *which: ColumnElement[bool]) -> int:
    return int(tx.scalar(select(sql.coalesce(sql.sum(RefundTask.amount), 0)).where(*which)) or 0)


def needs_another(tx: Session, task: RefundTask, limit: int) -> bool:
    """Whether somebody else than who asked has to approve `task`."""
    if task.asked_by.startswith(SYSTEM):
        return True
    given = _sum(tx, RefundTask.payment_id == task.payment_id, RefundTask.state == "approved")
    return given + task.amount > limit


def approve(tx: Session, task_id: uuid.UUID, approval: Approval) -> Refund:
    """Turn the task into a refund, which the caller sends (`payments.refunds.send`); approving what
    was approved gives the same refund.

    Raises `NotFound`, and `Conflict` when the task was rejected, when it needs another person than
    `approval.actor`, or when less is left of the payment by now.
    """
    task = _locked(tx, task_id)
    if task.refund_id is not None:
        return tx.get_one(Refund, task.refund_id)
    _still_open(task)
    alone = approval.actor == task.asked_by and needs_another(tx, task, approval.limit)
    if alone or approval.actor.startswith(SYSTEM):
        raise Conflict("This refund has to be approved by somebody else than who asked for it.")
    request = RefundRequest(
        payment_id=task.payment_id,
        amount=task.amount,
        purpose=task.purpose,
        reason=task.reason,
        actor=task.asked_by,
        key=task.key,
        reference=task.reference,
    )
    refund = ask(tx, request, approval.now)
    task.refund_id = refund.id
    _decide(tx, task, "approved", "", approval.actor, approval.now)
    return refund


def reject(tx: Session, task_id: uuid.UUID, reason: str, actor: str, now: datetime) -> RefundTask:
    """Refuse the task for a reason; whoever asked may take it back so.

    Raises `NotFound`, `WrongUsage` without a reason, `Conflict` when it was decided before.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise WrongUsage("Please say in a few words why this money does not go back.")
    task = _locked(tx, task_id)
    _still_open(task)
    _decide(tx, task, "rejected", reason, actor, now)
    return task


def _decide(
    tx: Session, task: RefundTask, state: str, words: str, actor: str, now: datetime
) -> None:
    task.state, task.decision = state, words or None
    task.decided_by, task.decided_at = actor, now
    tx.flush()
    detail: dict[str, object] = {"task": str(task.id), "amount": task.amount}
    detail |= {"asked_by": task.asked_by, "reason": words or task.reason}
    audit.append(tx, actor, f"refund_task.{state}", task.payment.code, detail, now)


def _still_open(task: RefundTask) -> None:
    if task.state == "approved":
        raise Conflict("This refund was approved before.")
    if task.state == "rejected":
        raise Conflict("This refund was rejected before.")


def _locked(tx: Session, task_id: uuid.UUID) -> RefundTask:
    """The task, read under its payment's lock."""
    task = tx.get(RefundTask, task_id)
    if task is None:
        raise NotFound("There is no such refund task.")
    lock_payment(tx, task.payment_id)
    tx.refresh(task)
    return task
