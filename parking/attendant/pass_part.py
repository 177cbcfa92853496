"""What the check screen says about passes: the one a stay is on, or why it is on none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.passes.service import chains_of
from parking.passes.standing import PassStanding, stand_of
from parking.sessions.models import ParkingSession
from parking.sessions.on_pass import Beside, beside
from payments.db import business_day


@dataclass(frozen=True, slots=True)
class PassPart:
    """`stand` is the pass the stay is on by now, a renewal included; `beside` one it is not on."""

    stand: PassStanding | None
    beside: Beside | None


def pass_part(tx: Session, session: ParkingSession, now: datetime) -> PassPart:
    """For one stay at `now`."""
    if session.pass_id is None:
        return PassPart(None, beside(tx, session))
    held = chains_of(tx, [session.pass_id])[session.pass_id][-1]
    return PassPart(stand_of(tx, held, business_day(now)), None)
