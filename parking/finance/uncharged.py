"""What a lot did not charge, and why: exemptions by person, stays whose exit nobody recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.lots.models import Lot, Operator
from parking.people.service import names_of
from parking.sessions.due import Standing, standings
from parking.sessions.exemptions import given
from parking.sessions.models import UNRECORDED, Exemption, ParkingSession
from parking.tariffs import TariffBook
from payments.db import CITY_ZONE
from payments.service import paid_for

#: Of the unpaid stays the newest are listed; all are counted.
MOST_UNPAID = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days, the last one included; an operator's code, or None for all operators."""

    first: date
    last: date
    operator: str | None

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.first, time(), CITY_ZONE)

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), CITY_ZONE)


@dataclass(frozen=True, slots=True)
class ExemptionRow:
    """How often one person exempted stays at one lot on one day for one reason."""

    day: date
    who: str
    lot: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class ForgottenRow:
    """Stays at one lot whose exit nobody recorded, and how many of them nobody paid for."""

    number: str
    name: str
    count: int
    unpaid: int


def exemptions_of(tx: Session, span: Span) -> Sequence[ExemptionRow]:
    """The exemptions that stand, the newest day first, then by person."""
    rows = given(tx, span.since, span.until, operator=span.operator)
    names = names_of(tx, {row.by for row in rows})
    counted = Counter((row.day, names.get(row.by, row.by), row.lot, row.reason) for row in rows)
    found = [ExemptionRow(*key, count) for key, count in counted.items()]
    return sorted(found, key=lambda row: (-row.day.toordinal(), row.who, row.lot, row.reason))


def forgotten_by_lot(tx: Session, span: Span) -> Sequence[ForgottenRow]:
    """The lots where exits were missed, by number: one query however many stays there are."""
    unpaid = sql.count().filter(_unpaid())
    rows = tx.execute(
        select(Lot.number, Lot.name, sql.count(), unpaid)
        .select_from(ParkingSession)
        .join(Lot, Lot.id == ParkingSession.lot_id)
        .where(*_within(span))
        .group_by(Lot.number, Lot.name)
        .order_by(Lot.number)
    )
    return [ForgottenRow(*row) for row in rows]


def unpaid_stays(tx: Session, tariffs: TariffBook, span: Span, now: datetime) -> list[Standing]:
    """The newest stays whose exit was missed and for which nothing was paid."""
    newest = (
        select(ParkingSession)
        .where(*_within(span), _unpaid())
        .order_by(ParkingSession.exit_at.desc(), ParkingSession.id)
        .limit(MOST_UNPAID)
    )
    return standings(tx, tariffs, tx.scalars(newest).all(), now)


def _within(span: Span) -> Iterator[ColumnElement[bool]]:
    yield ParkingSession.exit_kind == UNRECORDED
    yield ParkingSession.exit_at >= span.since
    yield ParkingSession.exit_at < span.until
    if span.operator is not None:
        lots = select(Lot.id).join(Operator, Operator.id == Lot.operator_id)
        yield ParkingSession.lot_id.in_(lots.where(Operator.code == span.operator))


def _unpaid() -> ColumnElement[bool]:
    exempt = exists().where(
        Exemption.session_id == ParkingSession.id, Exemption.withdrawn_at.is_(None)
    )
    return and_(ParkingSession.pass_id.is_(None), ~exempt, paid_for(ParkingSession.reference) == 0)
