"""The job that ends stays whose exit nobody recorded (`parking.sessions.unrecorded`).

One query finds, by the clock alone, which stays can be over: those that entered before their lot last
closed, before the limit of their tariff, or, when they are paid or covered, before a band last ended.
What each of them did since then decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, sessionmaker

from parking.lots.models import Lot
from parking.sessions.endings import last_closing
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.unrecorded import end_those_over
from parking.tariffs import TariffBook, TariffVersion, VehicleTariff
from parking.tariffs.turns import last_border, tolerance
from payments.models import Payment
from payments.sharing import Allocation

#: So many stays are ended in one transaction.
BATCH = 200


def end_forgotten(db: sessionmaker[Session], tariffs: TariffBook, now: datetime) -> int:
    """End every stay that is over by `now`; how many. Running it again ends none twice."""
    ended, last = 0, uuid.UUID(int=0)
    with db() as tx:
        closings = set(tx.scalars(select(Lot.closes).where(Lot.closes.is_not(None)).distinct()))
    may_be_over = or_(*_clauses(tariffs, closings, now))
    while True:
        with db.begin() as tx:
            batch = tx.scalars(
                select(ParkingSession)
                .where(ParkingSession.exit_at.is_(None), ParkingSession.id > last, may_be_over)
                .order_by(ParkingSession.id)
                .limit(BATCH)
                .with_for_update(of=ParkingSession, skip_locked=True)
            ).all()
            ended += len(end_those_over(tx, tariffs, batch, now, now))
        if len(batch) < BATCH:
            return ended
        last = batch[-1].id


def _clauses(
    tariffs: TariffBook, closings: set[str | None], now: datetime
) -> Iterator[ColumnElement[bool]]:
    for closes in filter(None, closings):
        lots = select(Lot.id).where(Lot.closes == closes)
        closed_at = last_closing(time.fromisoformat(closes), now)
        yield and_(ParkingSession.lot_id.in_(lots), ParkingSession.entry_at < closed_at)
    for code in tariffs.codes:
        for version in tariffs.versions[code]:
            for vehicle_class in version.vehicle_classes:
                yield _by_tariff(version, vehicle_class, now)


def _by_tariff(version: TariffVersion, vehicle_class: str, now: datetime) -> ColumnElement[bool]:
    vehicle = version.vehicle(vehicle_class)
    limit = timedelta(hours=vehicle.unrecorded_exit.after_hours)
    over = ParkingSession.entry_at <= now - limit
    border = _border(version, vehicle, now)
    if border is not None:
        over = or_(over, and_(ParkingSession.entry_at < border, _settled()))
    return and_(
        ParkingSession.tariff_code == version.code,
        ParkingSession.tariff_version == version.number,
        ParkingSession.vehicle_class == vehicle_class,
        over,
    )


def _border(version: TariffVersion, vehicle: VehicleTariff, now: datetime) -> datetime | None:
    if not vehicle.flat:
        return None
    return last_border(version, vehicle, now - tolerance(vehicle))


def _settled() -> ColumnElement[bool]:
    """Something was paid for the stay, or it need not be."""
    stay = ParkingSession.reference
    return or_(
        ParkingSession.pass_id.is_not(None),
        exists().where(Payment.reference == stay, Payment.received > 0),
        exists().where(Allocation.reference == stay),
        exists().where(Exemption.session_id == ParkingSession.id, Exemption.withdrawn_at.is_(None)),
    )
