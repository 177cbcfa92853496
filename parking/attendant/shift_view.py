"""What the pages of a shift show."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.house import House
from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.people.models import Person
from parking.shifts.handover import Handover, read_handover, snapshot, taken_from, waiting_for
from parking.shifts.history import Row, shift_row
from parking.shifts.models import Shift
from parking.shifts.paying_back import Returned, returned_in, waiting_at
from parking.shifts.service import Taken, taken_in
from payments.errors import NotFound
from payments.models import Refund


@dataclass(frozen=True, slots=True)
class Working:
    """An open shift: what was taken and refunded in it, the refunds that wait at its lot to be paid in
    cash, and what would be handed on at this moment. `before`: whose shift was taken over for it."""

    shift: Shift
    lot: Lot
    taken: Sequence[Taken]
    returned: Sequence[Returned]
    to_return: Sequence[Refund]
    handed: Handover
    before: tuple[Shift, Person] | None

    @property
    def float_left(self) -> int | None:
        """What the attendant before said to have left, where another float was found."""
        handed = (self.before[0].handover or {}) if self.before else {}
        return handed.get("float") if handed.get("float") != handed.get("found") else None

    @property
    def left(self) -> int:
        """The float that is proposed for the next shift."""
        counted = self.shift.counted
        return self.shift.opening if counted is None else min(self.shift.opening, counted)


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed shift with its names, what was taken and refunded in it and handed on."""

    row: Row
    taken: Sequence[Taken]
    returned: Sequence[Returned]
    handed: Handover

    @property
    def float_left(self) -> int | None:
        """What was left in the till for the next shift."""
        return (self.row.shift.handover or {}).get("float")

    @property
    def float_found(self) -> int | None:
        """What the next attendant counted there."""
        return (self.row.shift.handover or {}).get("found")


def working(house: House, tx: Session, shift: Shift, now: datetime) -> Working:
    """An open shift as its attendant sees it."""
    handed = read_handover(tx, snapshot(tx, house.tariffs, shift.lot_id, now))
    lot = tx.get_one(Lot, shift.lot_id)
    taken, returned = taken_in(tx, shift.id), returned_in(tx, shift.id)
    to_return, before = waiting_at(tx, lot.number), taken_from(tx, shift)
    return Working(shift, lot, taken, returned, to_return, handed, before)


def closed(tx: Session, shift: Shift) -> Closed:
    """A closed shift as it was handed on."""
    handed = read_handover(tx, shift.handover or {})
    return Closed(shift_row(tx, shift), taken_in(tx, shift.id), returned_in(tx, shift.id), handed)


def handovers(tx: Session, badge: Badge, now: datetime) -> Sequence[Closed]:
    """Shifts of others that `badge` can take over."""
    return [closed(tx, shift) for shift, _, _ in waiting_for(tx, badge, now)]


def own_shift(tx: Session, badge: Badge, shift_id: uuid.UUID) -> Closed:
    """A closed shift that `badge` worked or took over. Raises `NotFound`."""
    shift = tx.get(Shift, shift_id)
    if (
        shift is None
        or shift.closed_at is None
        or badge.person_id not in (shift.person_id, shift.taken_by)
    ):
        raise NotFound("There is no such shift.")
    return closed(tx, shift)
