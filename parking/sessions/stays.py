"""From payments to the stays they are for, and back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.sessions.models import ParkingSession
from payments.models import Payment
from payments.sharing import references_of


def stays_of(
    tx: Session, payments: Collection[Payment]
) -> Mapping[uuid.UUID, Sequence[ParkingSession]]:
    """Payment id → the stays it is for, in the order of its parts; none for what is sold otherwise."""
    named = references_of(tx, payments)
    wanted = {reference for references in named.values() for reference in references}
    known = {
        stay.reference: stay
        for stay in tx.scalars(select(ParkingSession).where(ParkingSession.reference.in_(wanted)))
    }
    return {
        payment_id: [known[reference] for reference in references if reference in known]
        for payment_id, references in named.items()
    }
