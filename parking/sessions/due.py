"""The amount due: derived, never stored.

``due = max(0, price(tariff, entry, t) + adjustments − paid)``, where `t` is the moment asked about
(the exit, once there is one, else now) — except while a quote covers that moment: then `t` is the
instant the quote was priced at. A quote covers once its amount was received in time, until the exit
grace has run from the later of the provider's time and ours. A recorded exit inside the grace is
therefore as covered as an open session: who pays at 17:55 and leaves at 18:10 owes nothing.

A quote paid after its end (by the provider's time) covers nothing by itself; its money still counts.

Of a stay whose exit nobody recorded, a tariff may ask for no more than was paid
(`parking.tariffs.model.UnrecordedExit`): what is missing from its price is then `waived`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.sessions.coverage import Coverage, coverage_of
from parking.sessions.models import UNRECORDED, Adjustment, ParkingSession
from parking.sessions.reliefs import Relief, reliefs_of, relieved_price
from parking.tariffs import Line, Price, TariffBook, TariffVersion
from payments.sharing import paid_by_reference

#: How far ahead "paid until" looks for the next higher price; flat stays may be paid for good.
HORIZON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Money:
    """What is known about the money of one session, and why it costs nothing, if it does."""

    paid: int = 0
    adjustments: int = 0
    coverage: Coverage | None = None
    relief: Relief | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands at the moment asked about.

    `price` is the whole stay priced at `priced_at`, with `lines` that add up to it; `due` what is
    still to pay; `excess` what was paid beyond the price; `covered_until` the end of the exit grace;
    `waived` what is missing and not asked for, because nobody recorded the exit.
    """

    session: ParkingSession
    version: TariffVersion
    priced_at: datetime
    price: Price
    paid: int
    adjustments: int
    due: int
    excess: int
    covered_until: datetime | None
    relief: Relief | None = None
    waived: int = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.price.lines

    @property
    def settled(self) -> bool:
        """Nothing is due, so the vehicle may leave."""
        return self.due == 0

    @property
    def free(self) -> bool:
        """Nothing is due because nothing was charged, not because it was paid."""
        return self.due == 0 and self.paid == 0


def standing(tx: Session, tariffs: TariffBook, session: ParkingSession, now: datetime) -> Standing:
    """Where one session stands at `now`."""
    return standings(tx, tariffs, [session], now)[0]


def standings(
    tx: Session, tariffs: TariffBook, sessions: Sequence[ParkingSession], now: datetime
) -> list[Standing]:
    """Where many sessions stand, in a handful of queries however many there are."""
    money = money_of(tx, tariffs, sessions)
    return [judge(tariffs, session, money[session.id], now) for session in sessions]


def judge(tariffs: TariffBook, session: ParkingSession, money: Money, now: datetime) -> Standing:
    """Pure: the standing of a session whose money is known."""
    version = tariffs.version(session.tariff_code, session.tariff_version)
    moment, cover = session.exit_at or max(now, session.entry_at), money.coverage
    covered = cover is not None and cover.priced_at <= moment <= cover.until
    priced_at = cover.priced_at if covered and cover else moment
    cost = relieved_price(version, session, money.relief, priced_at)
    balance = cost.amount + money.adjustments - money.paid
    waived = max(0, balance) if _asks_no_more(session, version) else 0
    return Standing(
        session=session,
        version=version,
        priced_at=priced_at,
        price=cost,
        paid=money.paid,
        adjustments=money.adjustments,
        due=max(0, balance) - waived,
        excess=max(0, -balance),
        covered_until=cover.until if cover else None,
        relief=money.relief,
        waived=waived,
    )


def _asks_no_more(session: ParkingSession, version: TariffVersion) -> bool:
    if session.exit_kind != UNRECORDED:
        return False
    return version.vehicle(session.vehicle_class).unrecorded_exit.charge == "paid"


def paid_until(now_standing: Standing, now: datetime) -> datetime | None:
    """Until when nothing more falls due; None while something is due, `now` + HORIZON means "for as
    long as anybody stays". The price never falls with time, so a binary search finds the step."""
    if now_standing.due > 0:
        return None
    session, version, relief = now_standing.session, now_standing.version, now_standing.relief
    allowance = now_standing.paid - now_standing.adjustments

    def within(moment: datetime) -> bool:
        return relieved_price(version, session, relief, moment).amount <= allowance

    grace = now_standing.covered_until or now
    if not within(now):
        return grace
    low, high = now, now + HORIZON
    if within(high):
        return high
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if within(middle) else (low, middle)
    return max(low, grace)


def would_hold_until(unpaid: Standing, amount: int, now: datetime) -> datetime:
    """Until when nothing more would fall due if `amount` (minor units, what is due) were paid now;
    `now` + HORIZON means "for as long as anybody stays"."""
    grace = now + timedelta(minutes=unpaid.version.exit_grace_minutes)
    paid = replace(unpaid, due=0, paid=unpaid.paid + amount, covered_until=grace)
    return paid_until(paid, now) or grace


def money_of(
    tx: Session, tariffs: TariffBook, sessions: Iterable[ParkingSession]
) -> Mapping[uuid.UUID, Money]:
    """What was paid, adjusted and covered for each of these sessions."""
    known = {session.id: session for session in sessions}
    paid = paid_by_reference(tx, [session.reference for session in known.values()])
    adjusted = _adjusted(tx, known)
    covers = coverage_of(tx, tariffs, known)
    reliefs = reliefs_of(tx, known.values())
    return {
        key: Money(
            paid.get(session.reference, 0), adjusted.get(key, 0), covers.get(key), reliefs.get(key)
        )
        for key, session in known.items()
    }


def _adjusted(tx: Session, sessions: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    rows = tx.execute(
        select(Adjustment.session_id, sql.sum(Adjustment.amount))
        .where(Adjustment.session_id.in_(sessions))
        .group_by(Adjustment.session_id)
    )
    return {session_id: int(amount) for session_id, amount in rows}
