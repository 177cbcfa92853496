"""Which stays of a lot were touched lately, so that a screen can ask every second what is new.

Whatever changes how a stay stands leaves a row whose id tells its time: an act is in the audit trail,
money in notices, movements, refunds and adjustments. Reading those from a moment on costs what
happened since, not what is inside. Time alone changes prices too: whoever asks looks at everything
again now and then.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, Subquery, select, union
from sqlalchemy.orm import Session

from parking.sessions.models import Adjustment, ParkingSession
from payments.db import LOCK_WAIT_SECONDS, id_before
from payments.models import Audit, Movement, Notice, Payment, Refund
from payments.sharing import Allocation

#: Rows become visible when their transaction ends, later than their ids say: by about the time one waits
#: for another. What should slip through all the same comes with the next whole list.
OVERLAP = timedelta(seconds=LOCK_WAIT_SECONDS)


def touched_since(tx: Session, lot_id: uuid.UUID, moment: uuid.UUID) -> Sequence[uuid.UUID]:
    """The sessions at this lot that were touched since `moment`, an id of ours made then, and a little
    before.

    Outer joins, because SQLite would else begin with every stay there ever was at the lot.
    """
    floor = id_before(moment, OVERLAP)
    named = union(
        select(Audit.subject.label("reference")).where(Audit.id > floor),
        *_paid(floor),
        _adjusted(floor),
    ).subquery()
    here = (ParkingSession.reference == named.c.reference) & (ParkingSession.lot_id == lot_id)
    query = select(ParkingSession.id).select_from(named).outerjoin(ParkingSession, here).distinct()
    return [session_id for session_id in tx.scalars(query) if session_id is not None]


def _paid(floor: uuid.UUID) -> tuple[Select[str], Select[str]]:
    """What payments are for that something was told of, or done to."""
    touched = _payments(floor)
    return (
        select(Payment.reference).join(touched, touched.c.payment_id == Payment.id),
        select(Allocation.reference).join(touched, touched.c.payment_id == Allocation.payment_id),
    )


def _payments(floor: uuid.UUID) -> Subquery:
    facts = (select(row.payment_id).where(row.id > floor) for row in (Notice, Movement, Refund))
    acts = select(Payment.id).join(Audit, Audit.subject == Payment.code).where(Audit.id > floor)
    return union(*facts, acts).subquery()


def _adjusted(floor: uuid.UUID) -> Select[str]:
    changes = select(ParkingSession.reference).join(
        Adjustment, Adjustment.session_id == ParkingSession.id
    )
    return changes.where(Adjustment.id > floor)
