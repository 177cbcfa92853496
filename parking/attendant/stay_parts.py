"""What the check screen shows of one stay beyond its price: other lots, exemption, missing exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.attendant.own import own_lots
from parking.house import House
from parking.lots.models import Lot
from parking.lots.rules import Collect, collected
from parking.people.badge import Badge
from parking.sessions.exemptions import standing_exemption
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.moves import Elsewhere, elsewhere
from parking.sessions.real_exits import correctable
from parking.sessions.service import ON_CARD


@dataclass(frozen=True, slots=True)
class StayParts:
    """`elsewhere` is where else the plate is open or was just paid, `correctable` whether the real
    exit may still be recorded, `movable_to` the other lots of the operator where this person works."""

    collect: Collect
    elsewhere: Sequence[Elsewhere]
    exemption: Exemption | None
    correctable: bool
    movable_to: Sequence[Lot]


def stay_parts(
    house: House, tx: Session, badge: Badge, session: ParkingSession, now: datetime
) -> StayParts:
    """Everything about `session` at `now`; other lots matter only while it is open."""
    looked_for = session.exit_at is None and session.plate_kind != ON_CARD
    return StayParts(
        collect=collected(tx, session.lot, session.vehicle_class),
        elsewhere=elsewhere(tx, house.tariffs, session.plate_key, [session.lot], now)
        if looked_for
        else [],
        exemption=standing_exemption(tx, session.id),
        correctable=correctable(session, now),
        movable_to=_others(tx, badge, session.lot) if looked_for else (),
    )


def _others(tx: Session, badge: Badge, here: Lot) -> Sequence[Lot]:
    own = own_lots(tx, badge)
    return [lot for lot in own if lot.id != here.id and lot.operator_id == here.operator_id]
