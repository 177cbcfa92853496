"""Money in suspense that finds its payment. A person says which; nothing here guesses.

The movement stays as it was told and keeps its day; an attachment, a transfer from suspense to what
was collected, and the payment's new fold are written beside it. Nothing undoes an attachment: money
attached to the wrong payment goes back as a refund of that payment.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import audit, ledger
from payments.codes import InvalidCode, code_for, number_of
from payments.db import insert_once
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Attachment, Movement, Payment
from payments.provider import MovementKind
from payments.service import lock_payment, resettle
from payments.setting_aside import SetAside

#: A reason must say something.
SHORTEST_REASON = 3


def attach(
    tx: Session,
    movement_id: uuid.UUID,
    payment_code: str,
    actor: str,
    reason: str,
    now: datetime,
) -> Payment:
    """Let a receipt in suspense count for the payment with this code, typed in any way it is read.

    Raises `NotFound` for a movement or a code that is none of ours, `WrongUsage` without a reason,
    and `Conflict` for money of another merchant account or currency than the payment's, and for a
    movement that is no receipt in suspense: it has a payment, was attached before, or was set aside
    as money that is not for parking.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise WrongUsage("Please say in a few words how you know that they belong together.")
    movement, payment = _movement(tx, movement_id), _payment(tx, payment_code)
    _check(movement, payment)
    row = Attachment(
        movement_id=movement.id, payment_id=payment.id, actor=actor, reason=reason, at=now
    )
    if not insert_once(tx, row):
        raise Conflict("The money %(ref)s was attached to a payment before.", ref=movement.rail_ref)
    ledger.post_attached(tx, movement, payment.account, now)
    resettle(tx, payment, now)
    detail: dict[str, object] = {
        "movement": str(movement.id),
        "rail_ref": movement.rail_ref,
        "amount": movement.amount,
        "reason": reason,
    }
    audit.append(tx, actor, "movement.attach", payment.code, detail, now)
    return payment


def _movement(tx: Session, movement_id: uuid.UUID) -> Movement:
    """The movement, under its lock, unless a rule says that it is not parking."""
    movement = tx.get(Movement, movement_id, with_for_update=True)
    if movement is None:
        raise NotFound("There is no movement %(id)s.", id=movement_id)
    if tx.get(SetAside, movement.id) is not None:
        raise Conflict(
            "The money %(ref)s was set aside by a rule: it is not parking. Retire the rule first.",
            ref=movement.rail_ref,
        )
    return movement


def _payment(tx: Session, typed: str) -> Payment:
    """The payment with this code, under its lock."""
    try:
        code = code_for(number_of("".join(typed.split())))
    except InvalidCode as error:
        raise NotFound("There is no payment %(code)s.", code=typed.strip()[:20] or "—") from error
    payment_id = tx.scalar(select(Payment.id).where(Payment.code == code))
    if payment_id is None:
        raise NotFound("There is no payment %(code)s.", code=code)
    return lock_payment(tx, payment_id)


def _check(movement: Movement, payment: Payment) -> None:
    if movement.kind != MovementKind.RECEIPT or movement.payment_id is not None:
        raise Conflict(
            "The movement %(ref)s is no money received that waits in suspense.",
            ref=movement.rail_ref,
        )
    if movement.account_id != payment.account_id:
        raise Conflict(
            "Payment %(code)s is collected through %(account)s; this money came in elsewhere.",
            code=payment.code,
            account=payment.account.slug,
        )
    if movement.currency != payment.currency:
        raise Conflict(
            "This money is %(currency)s, payment %(code)s is in %(wanted)s.",
            currency=movement.currency,
            code=payment.code,
            wanted=payment.currency,
        )
