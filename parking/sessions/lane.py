"""What the exit lane must know of every vehicle of a lot, in one query however many there are.

What is due is what `parking.sessions.due.judge` says. For almost every vehicle that is seen from the
price, what was paid and whether it is exempt or on a pass that covers the whole stay. The few of which
that does not decide it (more is due than was paid, and a quote received just now may cover; a pass
covers only a part) are given to the judge itself, in its handful of queries. A test compares row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from threading import Lock
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from parking.sessions.coverage import money_since
from parking.sessions.due import Standing, standings
from parking.sessions.lane_facts import EXEMPT, ON_PASS, QUOTED, Fact, lane_facts
from parking.sessions.models import ParkingSession
from parking.sessions.reliefs import ReliefKind
from parking.sessions.states import State, named, state_of
from parking.tariffs import TariffBook
from parking.tariffs.held import Held, held_price
from payments.db import CITY_ZONE, business_day, in_utc

#: Vehicles remembered by a process; those remembered first are forgotten first.
ROOM = 50_000
#: Costs nothing, whenever somebody looks.
_NOTHING = Held(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), 0)


class LaneRow(NamedTuple):
    """One vehicle. `state` is None once it is out, `due` in minor units, `marks` of
    `parking.sessions.lane_facts`;
    `pass_until` the last day of its pass; `left_at` and `left_by` (a name) once it is out."""

    key: str
    plate: str
    vehicle_class: str
    entry_at: datetime
    state: State | None
    due: int
    marks: int
    pass_until: date | None
    left_at: datetime | None
    left_by: str | None


class Known(NamedTuple):
    """What was worked out of a fact: `row` is right from `held.since` to `held.until`."""

    held: Held
    row: LaneRow


@dataclass(slots=True)
class Lane:
    """The vehicles of lots, each worked out anew only when what is stored of it is different, or when
    its price may have risen; `book` prices them."""

    book: TariffBook
    room: int = ROOM
    _known: dict[Fact, Known] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def rows(
        self, tx: Session, chosen: Iterable[ColumnElement[bool]], now: datetime
    ) -> list[LaneRow]:
        """The sessions that fulfil `chosen` (conditions on `ParkingSession`), the newest first."""
        conditions = tuple(chosen)
        facts = lane_facts(tx, conditions)
        lane = [self._row(fact, now) for fact in facts]
        paid = self._lately_paid(conditions, now)
        for at, standing in self._judged(tx, facts, lane, paid, now):
            lane[at] = lane[at]._replace(
                due=standing.due,
                state=state_of(standing),
                pass_until=_last_day(standing),
            )
        return sorted(lane, key=attrgetter("entry_at"), reverse=True)

    def _row(self, fact: Fact, now: datetime) -> LaneRow:
        known = self._known.get(fact)
        if known is not None and known.held.since <= now <= known.held.until:
            return known.row
        entry = in_utc(fact.entry)
        held = self._held(fact, entry, now, known.held if known else None)
        row = _worked_out(fact, entry, held)
        if held is not None:
            self._keep(fact, Known(held, row))
        return row

    def _held(self, fact: Fact, entry: datetime, now: datetime, before: Held | None) -> Held | None:
        """What the stay costs and how long that holds, quotes aside; None where a pass leaves open a
        part of it."""
        if fact.exit is not None or fact.marks & EXEMPT:
            return _NOTHING
        if fact.marks & ON_PASS:
            return _on_pass(fact, entry, now)
        version = self.book.version(fact.code, fact.number)
        return held_price(version, fact.vehicle_class, entry, max(now, entry), before)

    def _keep(self, fact: Fact, known: Known) -> None:
        with self._lock:
            self._known[fact] = known
            while len(self._known) > self.room:
                del self._known[next(iter(self._known))]

    def _lately_paid(self, chosen: Sequence[ColumnElement[bool]], now: datetime) -> Select[str]:
        """Whose quote may still cover: the same sessions, asked for by the same conditions, because a
        thousand names would cost more than the answer."""
        lately = money_since(now - self.book.longest_grace)
        return select(ParkingSession.reference).where(*chosen, lately)

    def _judged(
        self,
        tx: Session,
        facts: Sequence[Fact],
        lane: Sequence[LaneRow],
        paid: Select[str],
        now: datetime,
    ) -> Iterator[tuple[int, Standing]]:
        """The places of those of whom only the judge can speak, and what it says. A quote can only
        lower what is due."""
        doubtful, quoted = {}, {}
        for at, (fact, row) in enumerate(zip(facts, lane, strict=True)):
            if row.state is None and row.left_at is None:
                doubtful[fact.reference] = at
            elif row.due and row.marks & QUOTED:
                quoted[fact.reference] = at
        if quoted:
            doubtful |= {name: quoted[name] for name in tx.scalars(paid) if name in quoted}
        if doubtful:
            wanted = select(ParkingSession).where(ParkingSession.reference.in_(doubtful))
            for standing in standings(tx, self.book, tx.scalars(wanted).all(), now):
                yield doubtful[standing.session.reference], standing


def _on_pass(fact: Fact, entry: datetime, now: datetime) -> Held | None:
    """Until the end of a pass that alone covers the whole stay so far."""
    if fact.pass_since is None or fact.pass_until is None:
        return None
    if business_day(entry) < fact.pass_since or fact.pass_until < business_day(now):
        return None
    day_after = datetime.combine(fact.pass_until + timedelta(days=1), time(), CITY_ZONE)
    return Held(max(now, entry), day_after - datetime.resolution, 0)


def _worked_out(fact: Fact, entry: datetime, held: Held | None) -> LaneRow:
    """The row of a vehicle, without a state where only the judge can say it."""
    due, state = 0, None
    if fact.exit is None and held is not None:
        exempt = ReliefKind.EXEMPTION if fact.marks & EXEMPT else None
        relief = exempt or (ReliefKind.PASS if fact.marks & ON_PASS else None)
        due = max(0, held.amount + fact.adjusted - fact.paid)
        state = named(due, fact.paid, relief)
    return LaneRow(
        fact.key, fact.plate, fact.vehicle_class, entry, state, due, fact.marks, fact.pass_until,
        in_utc(fact.exit) if fact.exit else None, fact.left_by,
    )  # fmt: skip


def _last_day(standing: Standing) -> date | None:
    terms = standing.relief.terms if standing.relief else ()
    return terms[-1].until if terms else None
