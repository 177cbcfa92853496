"""What is stored of the vehicles of a lot that an exit lane must know: one statement, plain values."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache, reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    select,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.passes.coverage import FULL
from parking.passes.models import Pass
from parking.people.models import Person
from parking.sessions.models import Adjustment, Exemption, ParkingSession, Quote, TransferClaim
from payments.db import as_stored
from payments.service import paid_for

#: How many hex digits of a session's id the lane knows it by: whole ids of two thousand vehicles
#: would be larger than everything else of the list.
KEY_DIGITS = 8
#: What stands before a user name where it acts.
PERSON = "person:"
#: What a row is marked with: only the driver vouches for the entry; the plate may be misread; somebody
#: says that money is on its way; it was given a card of the lot; it is exempt, on a pass; it was
#: once quoted a price.
DECLARED, IN_DOUBT, CLAIMED, ON_CARD, EXEMPT, ON_PASS, QUOTED = (1 << bit for bit in range(7))


class Fact(NamedTuple):
    """A vehicle: instants `as_stored`; `pass_since` and `pass_until` of a pass
    that covers whole days and stands."""

    key: str
    reference: str
    plate: str
    vehicle_class: str
    code: str
    number: int
    entry: str | int
    exit: str | int | None
    marks: int
    paid: int
    adjusted: int
    pass_since: date | None
    pass_until: date | None
    left_by: str | None


def session_key() -> ColumnElement[str]:
    """SQL: the last `KEY_DIGITS` hex digits of a session's id."""
    digits = cast(ParkingSession.id, String)
    return sql.substr(digits, sql.length(digits) - KEY_DIGITS + 1)


def lane_facts(tx: Session, chosen: Iterable[ColumnElement[bool]]) -> list[Fact]:
    """Of every session that fulfils `chosen` (conditions on `ParkingSession`), in no order: asked to
    sort, SQLite walks every stay there ever was at the lot."""
    return [Fact._make(row) for row in tx.connection().execute(_query().where(*chosen)).all()]


def inside_by_key(tx: Session, lot_id: uuid.UUID, keys: Collection[str]) -> Sequence[uuid.UUID]:
    """The sessions inside this lot that the lane knows by one of these keys."""
    if not keys:
        return ()
    inside = (ParkingSession.lot_id == lot_id, ParkingSession.exit_at.is_(None))
    return tx.scalars(select(ParkingSession.id).where(*inside, session_key().in_(keys))).all()


@cache
def _query() -> Select[Any]:
    """The columns of `Fact`, a row for each session; put together once, because that takes longer
    than the database does."""
    adjusted = select(sql.sum(Adjustment.amount)).where(Adjustment.session_id == ParkingSession.id)
    columns: tuple[Any, ...] = (
        session_key(),
        ParkingSession.reference,
        ParkingSession.plate,
        ParkingSession.vehicle_class,
        ParkingSession.tariff_code,
        ParkingSession.tariff_version,
        as_stored(ParkingSession.entry_at),
        as_stored(ParkingSession.exit_at),
        _marks(),
        # PostgreSQL's sums are decimals
        cast(paid_for(ParkingSession.reference), BigInteger),
        cast(sql.coalesce(adjusted.scalar_subquery(), 0), BigInteger),
        Pass.since,
        Pass.until,
        sql.coalesce(Person.name, ParkingSession.exit_by),
    )
    return (
        select(*columns)
        .outerjoin(Exemption, _standing(Exemption, Exemption.withdrawn_at))
        .outerjoin(TransferClaim, _standing(TransferClaim, TransferClaim.outcome))
        .outerjoin(Pass, _whole_days())
        .outerjoin(Person, Person.username == sql.substr(ParkingSession.exit_by, len(PERSON) + 1))
    )


def _marks() -> ColumnElement[int]:
    """Every mark of a row in one number: less to fetch than a column for each."""
    quoted = select(Quote.id).where(Quote.session_id == ParkingSession.id)
    conditions = {
        DECLARED: ParkingSession.declared,
        IN_DOUBT: ParkingSession.needs_review,
        CLAIMED: TransferClaim.id.is_not(None),
        ON_CARD: ParkingSession.card_id.is_not(None),
        EXEMPT: Exemption.id.is_not(None),
        ON_PASS: ParkingSession.pass_id.is_not(None),
        QUOTED: quoted.exists(),
    }
    return reduce(add, (case((true, mark), else_=0) for mark, true in conditions.items()))


def _standing(kind: type[Exemption | TransferClaim], ended: Any) -> ColumnElement[bool]:
    return and_(kind.session_id == ParkingSession.id, ended.is_(None))


def _whole_days() -> ColumnElement[bool]:
    """A pass that covers each of its days from midnight to midnight."""
    holds = and_(Pass.hours == FULL, Pass.cancelled_at.is_(None))
    return and_(Pass.id == ParkingSession.pass_id, holds)
