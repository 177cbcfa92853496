"""The stays that ended on a day, those on a monthly pass apart from those paid one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot, Operator
from parking.sessions.models import ParkingSession
from payments.db import CITY_ZONE


@dataclass(frozen=True, slots=True)
class StayRow:
    """What left one lot: `single` stays and those `on_pass`."""

    number: str
    name: str
    single: int
    on_pass: int

    @property
    def together(self) -> int:
        return self.single + self.on_pass


def stays_of(tx: Session, day: date, operator: str | None = None) -> Sequence[StayRow]:
    """Per lot, by number, the stays whose exit fell on `day` (local); of one operator or of all."""
    start = datetime.combine(day, time(), CITY_ZONE)
    on_pass = sql.count(ParkingSession.pass_id)
    query = (
        select(Lot.number, Lot.name, sql.count(ParkingSession.id), on_pass)
        .join(ParkingSession, ParkingSession.lot_id == Lot.id)
        .where(ParkingSession.exit_at >= start, ParkingSession.exit_at < start + timedelta(days=1))
        .group_by(Lot.id, Lot.number, Lot.name)
        .order_by(Lot.number)
    )
    if operator is not None:
        query = query.join(Operator, Operator.id == Lot.operator_id).where(
            Operator.code == operator
        )
    return [
        StayRow(number, name, all_ - held, held) for number, name, all_, held in tx.execute(query)
    ]


def added_stays(rows: Sequence[StayRow]) -> StayRow:
    """The sum of all rows; number and name are empty."""
    return StayRow("", "", sum(row.single for row in rows), sum(row.on_pass for row in rows))
