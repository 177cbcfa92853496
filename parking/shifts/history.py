"""Shifts as the finance office reads them: of a day, of an attendant, and who is short how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, case, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from parking.lots.models import Lot, Operator
from parking.people.models import Person
from parking.shifts.models import Shift
from parking.shifts.service import expected_in
from payments.db import CITY_ZONE
from payments.models import MerchantAccount
from payments.provider import CASH

#: The one who acknowledged a handover.
Taker = aliased(Person, name="taker")
#: So far back an attendant's counts are added up.
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Row:
    """One shift with its names. `expected` is what must lie in the till: as it was counted against,
    or now."""

    shift: Shift
    person: Person
    lot: Lot
    taker: str | None
    expected: int


@dataclass(frozen=True, slots=True)
class Record:
    """One attendant's counts since a day: how many shifts, how many of them differed, how much was
    missing (≤ 0) and how much too much (≥ 0) altogether, in dong."""

    person: Person
    shifts: int
    differing: int
    short: int
    over: int


def _shifts(operator: str | None) -> Select[Shift, Person, Lot, str | None]:
    query = (
        select(Shift, Person, Lot, Taker.name)
        .join(Person, Person.id == Shift.person_id)
        .join(Lot, Lot.id == Shift.lot_id)
        .join(Operator, Operator.id == Lot.operator_id)
        .outerjoin(Taker, Taker.id == Shift.taken_by)
        .order_by(Shift.opened_at.desc(), Shift.id.desc())
    )
    return query if operator is None else query.where(Operator.code == operator)


def _rows(tx: Session, query: Select[Shift, Person, Lot, str | None]) -> list[Row]:
    return [
        Row(
            shift,
            person,
            lot,
            taker,
            expected_in(tx, shift) if shift.expected is None else shift.expected,
        )
        for shift, person, lot, taker in tx.execute(query)
    ]


def shifts_of_day(tx: Session, day: date, operator: str | None) -> Sequence[Row]:
    """The shifts that touched `day`, of one operator (by code) or of all, the last first."""
    begin, end = _bounds(day)
    touched = (Shift.opened_at < end, or_(Shift.closed_at.is_(None), Shift.closed_at >= begin))
    return _rows(tx, _shifts(operator).where(*touched))


def shifts_of(tx: Session, username: str, operator: str | None, most: int = 100) -> Sequence[Row]:
    """The last shifts of one attendant, the last first."""
    return _rows(tx, _shifts(operator).where(Person.username == username).limit(most))


def shift_row(tx: Session, shift: Shift) -> Row:
    """One shift with its names."""
    (row,) = _rows(tx, _shifts(None).where(Shift.id == shift.id))
    return row


def records(tx: Session, operator: str | None, now: datetime) -> Sequence[Record]:
    """The counts of every attendant that closed a shift lately, the largest shortage first."""
    short = sql.sum(case((Shift.difference < 0, Shift.difference), else_=0))
    over = sql.sum(case((Shift.difference > 0, Shift.difference), else_=0))
    differing = sql.count().filter(Shift.difference != 0)
    query = (
        select(Person, sql.count(), differing, short, over)
        .join(Shift, Shift.person_id == Person.id)
        .join(Lot, Lot.id == Shift.lot_id)
        .join(Operator, Operator.id == Lot.operator_id)
        .where(Shift.closed_at >= now - LATELY)
        .group_by(Person.id)
        .order_by(short, Person.username)
    )
    if operator is not None:
        query = query.where(Operator.code == operator)
    return [
        Record(person, shifts, differ, int(missing), int(beyond))
        for person, shifts, differ, missing, beyond in tx.execute(query)
    ]


def tills_open_on(tx: Session, day: date) -> frozenset[str]:
    """The tills (slugs) with a shift that touched `day` and is not closed."""
    _, end = _bounds(day)
    query = (
        select(MerchantAccount.slug)
        .join(Shift, Shift.account_id == MerchantAccount.id)
        .where(Shift.closed_at.is_(None), Shift.opened_at < end)
    )
    return frozenset(tx.scalars(query))


def holders_of_tills(tx: Session) -> dict[str, str]:
    """Till (slug) → the name of the attendant whose it is."""
    holder = MerchantAccount.settings["holder"].as_string()
    rows = tx.execute(
        select(MerchantAccount.slug, Person.name)
        .join(Person, Person.username == holder)
        .where(MerchantAccount.provider == CASH)
    )
    return {row.slug: row.name for row in rows}


def oldest_open(tx: Session) -> Row | None:
    """The open shift that began first."""
    query = _shifts(None).where(Shift.closed_at.is_(None)).order_by(None)
    rows = _rows(tx, query.order_by(Shift.opened_at).limit(1))
    return rows[0] if rows else None


def _bounds(day: date) -> tuple[datetime, datetime]:
    """When a business day begins and ends."""
    begin = datetime.combine(day, time(), CITY_ZONE)
    return begin, begin + timedelta(days=1)
