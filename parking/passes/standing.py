"""Where a pass stands on a day, in one word, with the days that are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot
from parking.passes.models import Pass, PassLot
from parking.passes.sales import RENEW_WITHIN
from parking.passes.service import paid_beyond

#: What hours and holders are called in front of people.
HOURS = {"day": mark("by day"), "full": mark("24 hours")}
HOLDERS = {
    "regular": mark("Everybody"),
    "school": mark("Pupils and students"),
    "employee": mark("Employees"),
}


class State(StrEnum):
    UNPAID = "unpaid"
    COMING = "coming"
    VALID = "valid"
    OVER = "over"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PassStanding:
    """`due` is what is still to pay, in minor units; `ends_in` the days after today that are left
    (below zero: so long over); `following` is the pass that renews it, if there is one."""

    held: Pass
    lots: Sequence[Lot]
    due: int
    state: State
    ends_in: int
    following: Pass | None

    @property
    def renewable(self) -> bool:
        """Paid, about to end or just over, and not renewed yet."""
        paid = self.state in (State.VALID, State.OVER) and self.due == 0
        near = abs(self.ends_in) <= RENEW_WITHIN.days
        return paid and near and self.following is None

    @property
    def ends_soon(self) -> bool:
        """Worth a reminder: nothing follows yet."""
        return self.state == State.VALID and self.renewable

    @property
    def changeable(self) -> bool:
        """Another plate may be written on it, or it may be cancelled."""
        return self.state in (State.UNPAID, State.COMING, State.VALID) and self.ends_in >= 0


def stand_of(tx: Session, held: Pass, today: date) -> PassStanding:
    """Where one pass stands."""
    return stands_of(tx, [held], today)[0]


def stands_of(tx: Session, passes: Sequence[Pass], today: date) -> list[PassStanding]:
    """Where many passes stand, in three queries however many there are."""
    ids = [held.id for held in passes]
    paid = tx.execute(select(Pass.id, paid_beyond()).where(Pass.id.in_(ids)))
    beyond = {pass_id: int(amount) for pass_id, amount in paid}
    following = {
        p.previous_id: p for p in tx.scalars(select(Pass).where(Pass.previous_id.in_(ids)))
    }
    query = select(PassLot.pass_id, Lot).join(Lot, Lot.id == PassLot.lot_id)
    lots = list(tx.execute(query.where(PassLot.pass_id.in_(ids)).order_by(Lot.number)))
    return [
        _stand(
            held,
            [lot for pass_id, lot in lots if pass_id == held.id],
            max(0, -beyond[held.id]),
            following.get(held.id),
            today,
        )
        for held in passes
    ]


def _stand(
    held: Pass, lots: Sequence[Lot], due: int, following: Pass | None, today: date
) -> PassStanding:
    state = state_on(held, due, today)
    return PassStanding(held, lots, due, state, (held.until - today).days, following)


def state_on(held: Pass, due: int, today: date) -> State:
    """Pure: the word for a pass of which `due` is still to pay."""
    if held.cancelled_at is not None:
        return State.CANCELLED
    if held.until < today:
        return State.OVER
    if due:
        return State.UNPAID
    return State.COMING if today < held.since else State.VALID
