"""Another plate for a pass: the holder bought another vehicle, or the plate was typed wrongly."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.passes.models import Pass
from parking.passes.sales import Bearer, Held, overlapping
from parking.passes.service import lock_pass, lots_of, next_of
from parking.reasons import read_reason
from payments import audit
from payments.db import business_day
from payments.errors import Conflict


def change_plate(
    tx: Session, pass_id: uuid.UUID, bearer: Bearer, reason: str, actor: str, now: datetime
) -> Pass:
    """From now on the pass, and what renews it, is for the plate of `bearer`. A stay of the old plate
    keeps the pass until it leaves, so the new one waits for that or pays.

    Raises `WrongUsage` without a reason, `Conflict` for a pass of a card, one that is over or was
    cancelled, and `Held` when the new plate has a pass for this time already.
    """
    held, why = lock_pass(tx, pass_id), read_reason(reason)
    if held.card_id is not None:
        raise Conflict(
            mark("Pass %(number)s belongs to a card, not to a plate."), number=held.number
        )
    if held.cancelled_at is not None or held.until < business_day(now):
        raise Conflict(mark("Pass %(number)s is over or was cancelled before."), number=held.number)
    for one in _with_renewals(tx, held):
        _refuse_second(tx, one, bearer)
        before, one.plate_key, one.plate = one.plate, bearer.plate_key, bearer.plate
        tx.flush()
        detail: dict[str, object] = {"before": before, "after": bearer.plate, "reason": why}
        audit.append(tx, actor, "pass.change_plate", one.reference, detail, now)
    return held


def _with_renewals(tx: Session, held: Pass) -> list[Pass]:
    chain, following = [held], next_of(tx, held)
    while following is not None:
        chain.append(following)
        following = next_of(tx, following)
    return chain


def _refuse_second(tx: Session, held: Pass, bearer: Bearer) -> None:
    lots = [lot.id for lot in lots_of(tx, held)]
    found = overlapping(tx, bearer, held.vehicle_class, lots, held.since, held.until)
    other = next((one for one in found if one.id != held.id), None)
    if other is not None:
        raise Held(
            mark("%(bearer)s already has pass %(number)s until %(until)s at this lot."),
            bearer=bearer.plate, number=other.number, until=f"{other.until:%d/%m/%Y}",
        )  # fmt: skip
