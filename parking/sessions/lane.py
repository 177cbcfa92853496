"""What the exit lane must know of every vehicle of a lot, in one query however many there are.

What is due is what `parking.sessions.due.judge` says. For almost every vehicle that is seen from the
price, what was paid and whether it is exempt or on a pass that covers the whole stay. The few of which
that does not decide it (more is due than was paid, and a received quote may cover; a pass covers
only a part) are given to the judge itself, in its handful of queries. A test compares row by row.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, cast, select, type_coerce
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Session

from parking.passes.coverage import FULL
from parking.passes.models import Pass
from parking.people.models import Person
from parking.sessions.due import Standing, standings
from parking.sessions.models import Adjustment, Exemption, ParkingSession, Quote, TransferClaim
from parking.sessions.reliefs import ReliefKind
from parking.sessions.states import State, named, state_of
from parking.tariffs.held import HeldPrices
from payments.db import business_day, in_utc
from payments.service import paid_for

#: How many hex digits of a session's id the lane knows it by: whole ids of two thousand vehicles
#: would be larger than everything else of the list.
KEY_DIGITS = 8
#: What stands before a user name where it acts.
PERSON = "person:"


class LaneRow(NamedTuple):
    """One vehicle. `state` is None once it is out, `due` in minor units; `pass_until` the last day of
    its pass; `claimed`: somebody says money is on its way; `on_card`: it was given a card of the
    lot; `left_at` and `left_by` (a name) once it is out."""

    key: str
    plate: str
    vehicle_class: str
    entry_at: datetime
    state: State | None
    due: int
    declared: bool
    needs_review: bool
    claimed: bool
    on_card: bool
    pass_until: date | None
    left_at: datetime | None
    left_by: str | None


class Fact(NamedTuple):
    """A row of `_query`: ids and instants as the driver gives them; `pass_since` and `pass_until` of a
    pass that covers whole days and stands."""

    id: Any
    plate: str
    vehicle_class: str
    code: str
    number: int
    entry: Any
    exit: Any
    declared: bool
    needs_review: bool
    paid: Any
    adjusted: Any
    exempt: bool
    on_pass: bool
    pass_since: date | None
    pass_until: date | None
    quoted: bool
    claimed: bool
    on_card: bool
    left_by: str | None


def session_key() -> ColumnElement[str]:
    """SQL: the last `KEY_DIGITS` hex digits of a session's id."""
    digits = cast(ParkingSession.id, String)
    return sql.substr(digits, sql.length(digits) - KEY_DIGITS + 1)


def lane_rows(
    tx: Session, prices: HeldPrices, chosen: Iterable[ColumnElement[bool]], now: datetime
) -> list[LaneRow]:
    """The sessions that fulfil `chosen` (conditions on `ParkingSession`), the newest first."""
    facts = [Fact(*row) for row in tx.connection().execute(_query(chosen)).all()]
    dues = [_due(prices, fact, now) for fact in facts]
    pairs = list(zip(facts, dues, strict=True))
    judged = _judge(tx, prices, [fact for fact, due in pairs if due is None], now)
    lane = [_row(fact, due, judged) for fact, due in pairs]
    # sorted here: asked to sort, SQLite walks every stay there ever was at the lot
    return sorted(lane, key=attrgetter("entry_at"), reverse=True)


def inside_by_key(tx: Session, lot_id: uuid.UUID, keys: Collection[str]) -> Sequence[uuid.UUID]:
    """The sessions inside this lot that the lane knows by one of these keys."""
    if not keys:
        return ()
    inside = (ParkingSession.lot_id == lot_id, ParkingSession.exit_at.is_(None))
    return tx.scalars(select(ParkingSession.id).where(*inside, session_key().in_(keys))).all()


def _query(chosen: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """The columns of `Fact`, a row for each session."""
    adjusted = select(sql.sum(Adjustment.amount)).where(Adjustment.session_id == ParkingSession.id)
    quoted = select(Quote.id).where(Quote.session_id == ParkingSession.id)
    return (
        select(
            _as_stored(ParkingSession.id),
            ParkingSession.plate,
            ParkingSession.vehicle_class,
            ParkingSession.tariff_code,
            ParkingSession.tariff_version,
            _as_stored(ParkingSession.entry_at),
            _as_stored(ParkingSession.exit_at),
            ParkingSession.declared,
            ParkingSession.needs_review,
            paid_for(ParkingSession.reference),
            adjusted.scalar_subquery(),
            Exemption.id.is_not(None),
            ParkingSession.pass_id.is_not(None),
            Pass.since,
            Pass.until,
            quoted.exists(),
            TransferClaim.id.is_not(None),
            ParkingSession.card_id.is_not(None),
            sql.coalesce(Person.name, ParkingSession.exit_by),
        )
        .outerjoin(Exemption, _standing(Exemption, Exemption.withdrawn_at))
        .outerjoin(TransferClaim, _standing(TransferClaim, TransferClaim.outcome))
        .outerjoin(Pass, _whole_days())
        .outerjoin(Person, Person.username == sql.substr(ParkingSession.exit_by, len(PERSON) + 1))
        .where(*chosen)
    )


def _as_stored(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """An id or instant as the driver gives it: the type would make two thousand new ones."""
    return type_coerce(column, String)


def _standing(kind: type[Exemption | TransferClaim], ended: Any) -> ColumnElement[bool]:
    return and_(kind.session_id == ParkingSession.id, ended.is_(None))


def _whole_days() -> ColumnElement[bool]:
    """A pass that covers each of its days from midnight to midnight."""
    holds = and_(Pass.hours == FULL, Pass.cancelled_at.is_(None))
    return and_(Pass.id == ParkingSession.pass_id, holds)


def _due(prices: HeldPrices, fact: Fact, now: datetime) -> int | None:
    """What is due of one vehicle; None when only the judge can say. One that left owes nothing here:
    the lane does not ask."""
    if fact.exit is not None:
        return 0
    entry = in_utc(fact.entry)
    # PostgreSQL's sums are decimals
    cost, paid, adjusted = 0, int(fact.paid), int(fact.adjusted or 0)
    if fact.on_pass and not fact.exempt:
        if not _covers(fact, entry, now):
            return None
    elif not fact.exempt:
        until = max(now, entry)
        cost = prices.amount(fact.code, fact.number, fact.vehicle_class, entry, until)
    due = max(0, cost + adjusted - paid)
    return None if due and fact.quoted else due  # a quote that covers can only lower it


def _covers(fact: Fact, entry: datetime, now: datetime) -> bool:
    """The pass alone covers the whole stay so far."""
    if fact.pass_since is None or fact.pass_until is None:
        return False
    return fact.pass_since <= business_day(entry) and business_day(now) <= fact.pass_until


def _judge(
    tx: Session, prices: HeldPrices, doubtful: Sequence[Fact], now: datetime
) -> Mapping[uuid.UUID, Standing]:
    if not doubtful:
        return {}
    ids = [_id(fact) for fact in doubtful]
    sessions = tx.scalars(select(ParkingSession).where(ParkingSession.id.in_(ids))).all()
    return {found.session.id: found for found in standings(tx, prices.book, sessions, now)}


def _id(fact: Fact) -> uuid.UUID:
    return uuid.UUID(str(fact.id))


def _last_day(standing: Standing) -> date | None:
    terms = standing.relief.terms if standing.relief else ()
    return terms[-1].until if terms else None


def _row(fact: Fact, due: int | None, judged: Mapping[uuid.UUID, Standing]) -> LaneRow:
    pass_until, state = fact.pass_until, None
    if due is None:
        standing = judged[_id(fact)]
        due, state = standing.due, state_of(standing)
        pass_until = _last_day(standing)
    elif fact.exit is None:
        kind = ReliefKind.EXEMPTION if fact.exempt else ReliefKind.PASS if fact.on_pass else None
        state = named(due, int(fact.paid), kind)
    return LaneRow(
        str(fact.id)[-KEY_DIGITS:], fact.plate, fact.vehicle_class, in_utc(fact.entry), state, due,
        fact.declared, fact.needs_review, fact.claimed, fact.on_card, pass_until,
        in_utc(fact.exit) if fact.exit else None, fact.left_by,
    )  # fmt: skip
