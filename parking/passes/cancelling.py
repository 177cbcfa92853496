"""Taking a pass back: one that nobody paid, or one that was sold by mistake.

What goes back of a paid one is for the tariff of the lot that sold it to say: with `refund_unused`
the whole days after this one, as a part of the price, else nothing. Finance may give back more by
hand. Stays on the pass are covered until this moment.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.rules import tariff_row
from parking.passes.models import Pass
from parking.passes.months import unused_share
from parking.passes.service import is_settled, lock_pass
from parking.reasons import read_reason
from parking.tariffs import TariffBook
from payments import audit
from payments.db import business_day
from payments.errors import Conflict
from payments.excess import payments_of
from payments.refund_tasks import left_to_ask, propose
from payments.refunds import RefundRequest


def cancel(
    tx: Session, tariffs: TariffBook, pass_id: uuid.UUID, reason: str, actor: str, now: datetime
) -> Pass:
    """Cancel a pass for a reason, and ask for what goes back of it. Raises `WrongUsage` without a
    reason, `Conflict` for one that was cancelled before or is over."""
    held, why, today = lock_pass(tx, pass_id), read_reason(reason), business_day(now)
    if held.cancelled_at is not None or held.until < today:
        raise Conflict(mark("Pass %(number)s is over or was cancelled before."), number=held.number)
    if not is_settled(tx, held):
        return cancel_unpaid(tx, held, actor, now, why)
    if today < held.since:
        held.previous_id = None  # the pass before may be renewed again
    _cancel(tx, held, actor, now, why)
    _ask_back(tx, held, _unused(tx, tariffs, held, now), why, actor, now)
    return held


def cancel_unpaid(tx: Session, held: Pass, actor: str, now: datetime, reason: str = "") -> Pass:
    """Nothing is charged for what nobody paid: money that comes for it all the same is too much, and
    goes back. The caller holds the operator's lock."""
    held.price, held.previous_id = 0, None
    _cancel(tx, held, actor, now, reason)
    return held


def _cancel(tx: Session, held: Pass, actor: str, now: datetime, reason: str) -> None:
    held.cancelled_by, held.cancelled_at = actor, now
    tx.flush()
    audit.append(tx, actor, "pass.cancel", held.reference, {"reason": reason}, now)


def _unused(tx: Session, tariffs: TariffBook, held: Pass, now: datetime) -> int:
    lot = tx.get(Lot, held.lot_id) if held.lot_id else None
    if lot is None:
        return 0
    code = tariff_row(lot, held.vehicle_class).tariff_code
    vehicle = tariffs.in_force(code, held.since).vehicle(held.vehicle_class)
    if not vehicle.refund_unused:
        return 0
    return unused_share(held.price, held.since, held.until, business_day(now))


def _ask_back(tx: Session, held: Pass, amount: int, reason: str, actor: str, now: datetime) -> None:
    for payment in (paying.payment for paying in payments_of(tx, held.reference)):
        part = min(amount, left_to_ask(tx, payment))
        if part > 0:
            key = f"pass-cancelled:{payment.code}"
            propose(tx, RefundRequest(payment.id, part, "charge", reason, actor, key), now)
            amount -= part
