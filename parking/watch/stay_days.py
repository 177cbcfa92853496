"""How many stays ended at each lot on each day, kept so that a report of years counts no stay.

A stay is one visit of one vehicle and counts on the business day it ended, at the lot it was at, for
the vehicle class it was charged as; one on a pass has the product of its pass. `StayMark` says which
days changed, and the job `stays` counts exactly those again, however long ago they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    delete,
    insert,
    select,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.lots.models import Lot, Operator
from parking.passes.models import Pass
from parking.sessions.models import Exemption, ParkingSession
from parking.watch.days import DAY, city_day, start_of
from parking.watch.models import StayMark
from payments.db import table_of
from reconciliation import summaries
from reconciliation.stay_totals import StayTotal

#: The columns of a count: what it is of, and how often.
COLUMNS = ("operator", "day", "cost_centre", "product", "stays", "exempt")


@dataclass(frozen=True, slots=True)
class Counted:
    """One day of an operator that was counted again; `changed`: what was kept was not what its stays
    make."""

    operator: str
    day: date
    changed: bool


def keep_stays(db: sessionmaker[Session], now: datetime) -> int:
    """Count the days that changed, each in a transaction of its own; how many."""
    marked = select(Operator.code, StayMark.day).join(Lot, Lot.id == StayMark.lot_id)
    with db() as tx:
        todo = tx.execute(marked.join(Lot.operator).distinct().order_by(StayMark.day)).all()
    for operator, day in todo:
        with db.begin() as tx:
            count_day(tx, operator, day, now)
    return len(todo)


def recount(
    db: sessionmaker[Session], since: date, until: date, now: datetime
) -> Iterator[Counted]:
    """Count every day of every operator from `since` to `until` on which stays ended, or are said to
    have. What waits to be counted is counted first, so that it is not told as a difference."""
    keep_stays(db, now)
    stay_day = city_day(ParkingSession.exit_at)
    ended = select(Operator.code, stay_day).join(Lot, Lot.operator_id == Operator.id)
    kept = select(StayTotal.operator, StayTotal.day).where(StayTotal.day.between(since, until))
    with db() as tx:
        known = {
            *tx.execute(ended.join(ParkingSession, _at_lot()).where(_in(since, until)).distinct())
        }
        todo = sorted({tuple(row) for row in (*known, *tx.execute(kept.distinct()))}, key=str)
    for operator, day in todo:
        with db.begin() as tx:
            changed = count_day(tx, operator, day, now)
        yield Counted(operator, day, changed)


def count_day(tx: Session, operator: str, day: date, now: datetime) -> bool:
    """Count one day of `operator` anew; whether that changed anything.

    The marks go first: what is marked while we count stays marked.
    """
    lots = select(Lot.id).join(Lot.operator).where(Operator.code == operator)
    tx.execute(delete(StayMark).where(StayMark.day == day, StayMark.lot_id.in_(lots)))
    found, kept = counted(operator, day), table_of(StayTotal)
    mine = and_(kept.c.operator == operator, kept.c.day == day)
    if {*tx.execute(select(*(kept.c[name] for name in COLUMNS)).where(mine))} == {
        *tx.execute(found)
    }:
        return False
    summaries.hold_day(tx, operator, day, now)
    tx.execute(delete(kept).where(mine))
    tx.execute(insert(kept).from_select(COLUMNS, found))
    summaries.refresh_day(tx, operator, day, now)
    return True


def counted(operator: str | None = None, day: date | None = None) -> Select[Any]:
    """SQL: `COLUMNS` from the stays themselves, of one day of an operator or of all there are."""
    on_pass = ParkingSession.pass_id.is_not(None)
    product = case(
        (on_pass, "pass:" + Pass.vehicle_class + ":" + Pass.hours),
        else_="parking:" + ParkingSession.vehicle_class,
    )
    free = case((and_(~on_pass, Exemption.id.is_not(None)), 1), else_=0)
    names = (Operator.code, city_day(ParkingSession.exit_at), Lot.number, product)
    labels: list[ColumnElement[Any]] = [
        column.label(name) for name, column in zip(COLUMNS, names, strict=False)
    ]
    query = (
        select(*labels, sql.count().label("stays"), cast(sql.sum(free), BigInteger).label("exempt"))
        .select_from(ParkingSession)
        .join(Lot, _at_lot())
        .join(Operator, Operator.id == Lot.operator_id)
        .outerjoin(Pass, Pass.id == ParkingSession.pass_id)
        .outerjoin(Exemption, and_(Exemption.session_id == ParkingSession.id,
                                   Exemption.withdrawn_at.is_(None)))
        .group_by(*labels)
    )  # fmt: skip
    if operator is not None and day is not None:
        return query.where(Operator.code == operator, _in(day, day))
    return query.where(ParkingSession.exit_at.is_not(None))


def _at_lot() -> ColumnElement[bool]:
    return ParkingSession.lot_id == Lot.id


def _in(since: date, until: date) -> ColumnElement[bool]:
    ends = ParkingSession.exit_at
    return and_(ends >= start_of(since), ends < start_of(until + DAY))
