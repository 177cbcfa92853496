"""What a driver sees of a pass: where it stands, what is to pay, what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.driver.owed import Owed
from parking.house import House
from parking.lots.offers import label_of, ways_at
from parking.passes.models import Pass
from parking.passes.paying import OPEN_FOR, seller_of
from parking.passes.standing import PassStanding, State, stand_of
from parking.web.language import say
from payments.db import business_day
from payments.sharing import attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class PassView(Owed):
    """`stand` is where it stands today."""

    stand: PassStanding

    @property
    def held(self) -> Pass:
        return self.stand.held


def bearer_name(held: Pass) -> str:
    """What the pass is for: the plate, or the card it is carried by."""
    return held.plate or say("Pass %(number)s", number=held.number)


def tail_of(held: Pass) -> str:
    """What changes on the page besides money."""
    return "cancelled" if held.cancelled_at else "stands"


def pass_view(house: House, tx: Session, held: Pass, now: datetime) -> PassView:
    """Everything about `held` at `now`."""
    stand = stand_of(tx, held, business_day(now))
    due = stand.due if stand.state == State.UNPAID else 0
    lot, payments = seller_of(tx, held), attempts(tx, held.reference)
    return PassView(
        lot=lot,
        plate=bearer_name(held),
        due=due,
        offered=None,
        holds_until=None,
        minutes=OPEN_FOR.seconds // 60,
        begun=due not in (0, held.price),
        ways=ways_at(tx, house.gateways, lot, due, held.currency, now) if due else [],
        payments=payments,
        labels=[label_of(house.gateways, payment) for payment in payments],
        now=now,
        tail=tail_of(held),
        stand=stand,
    )
