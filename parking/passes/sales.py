"""Selling and renewing passes. One vehicle never holds two passes for the same time and lot.

Whoever sells holds the operator's row lock while looking for another pass, so that of two counters
selling at once the second one sees the first one's pass (a unique index cannot tell overlapping
times apart on both databases). A pass nobody paid within `UNPAID_FOR` stands in nobody's way: the
next sale cancels it, and money that comes for it after all is asked back by `parking.passes.excess`.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import with_tariffs
from parking.passes.cancelling import cancel_unpaid
from parking.passes.models import Pass, PassLot
from parking.passes.months import last_day
from parking.passes.prices import Kind, MonthPrice, month_price
from parking.passes.service import (
    UNPAID_FOR,
    is_settled,
    lock_operator,
    lock_pass,
    lots_of,
    next_of,
)
from parking.tariffs import TariffBook
from payments import audit
from payments.db import business_day, new_id, next_number
from payments.errors import Complaint, Conflict, WrongUsage

MOST_MONTHS = 12
#: A pass may be bought this long before it begins.
AHEAD = timedelta(days=92)
#: A pass may be renewed from so long before its end until as long after it.
RENEW_WITHIN = timedelta(days=7)
SYSTEM = "system:passes"


class Held(Conflict):
    """The vehicle holds a pass for this time already."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a pass is for: a plate (as `parking.sessions.plates` reads it), or a card of a lot."""

    plate_key: str | None
    plate: str | None
    card_id: uuid.UUID | None = None

    @property
    def same(self) -> ColumnElement[bool]:
        """SQL: the passes of this bearer."""
        if self.card_id is not None:
            return Pass.card_id == self.card_id
        return Pass.plate_key == self.plate_key


@dataclass(frozen=True, slots=True)
class Sale:
    """What is sold to whom by `actor`; the first of `lots` is where."""

    lots: Sequence[Lot]
    bearer: Bearer
    kind: Kind
    since: date
    months: int
    actor: str

    @property
    def until(self) -> date:
        return last_day(self.since, self.months)


def sell(tx: Session, tariffs: TariffBook, sale: Sale, now: datetime) -> Pass:
    """A pass, to be paid next. Selling the same thing again while it is unpaid gives the same pass.

    Raises `Held` naming the pass in the way, `WrongUsage` for a start in the past or too far ahead,
    months out of range, and what the lots do not sell.
    """
    today = business_day(now)
    if not today <= sale.since <= today + AHEAD:
        raise WrongUsage(
            mark("A pass begins today or at most %(days)s days ahead, not on %(day)s."),
            days=AHEAD.days, day=f"{sale.since:%d/%m/%Y}",
        )  # fmt: skip
    _check_months(sale.months)
    price = month_price(tariffs, sale.lots, sale.kind, sale.since)
    lock_operator(tx, sale.lots[0].operator_id)
    standing = _clash(tx, sale, now)
    if standing is not None:
        if _same(tx, standing, sale):
            return standing
        raise _held(standing, settled=is_settled(tx, standing))
    return _write(tx, sale, price, None, now)


def renew(
    tx: Session, tariffs: TariffBook, pass_id: uuid.UUID, months: int, actor: str, now: datetime
) -> Pass:
    """The next pass for the same vehicle, lots, hours and holder, from the day after this one ends,
    at the price of that day; the renewal that stands, if there is one.

    Raises `Conflict` for a pass that is not paid, was cancelled, or ends too far from now.
    """
    _check_months(months)
    held = lock_pass(tx, pass_id)
    standing = next_of(tx, held)
    if standing is not None:
        return standing
    if not renewable(held, business_day(now)) or not is_settled(tx, held):
        raise Conflict(
            mark(
                "Pass %(number)s can be renewed once it is paid, from %(days)s days before it ends"
                " until as long afterwards."
            ),
            number=held.number, days=RENEW_WITHIN.days,
        )  # fmt: skip
    kind = Kind(held.vehicle_class, held.hours, held.holder)
    bearer = Bearer(held.plate_key, held.plate, held.card_id)
    since = held.until + timedelta(days=1)
    sale = Sale(_with_tariffs(tx, held), bearer, kind, since, months, actor)
    price = month_price(tariffs, sale.lots, kind, since)
    standing = _clash(tx, sale, now)
    if standing is not None:
        raise _held(standing, settled=is_settled(tx, standing))
    return _write(tx, sale, price, held.id, now)


def renewable(held: Pass, today: date) -> bool:
    """Whether `held` ends so soon, or ended so lately, that the next one is offered."""
    return held.cancelled_at is None and abs(held.until - today) <= RENEW_WITHIN


def _with_tariffs(tx: Session, held: Pass) -> Sequence[Lot]:
    """The lots of a pass, the one that sold it first."""
    ids = [lot.id for lot in lots_of(tx, held)]
    lots = tx.scalars(with_tariffs().where(Lot.id.in_(ids)).order_by(Lot.number)).all()
    return sorted(lots, key=lambda lot: lot.id != held.lot_id)


def _check_months(months: int) -> None:
    if not 1 <= months <= MOST_MONTHS:
        raise WrongUsage(
            mark("A pass is sold for 1 to %(most)s months, not for %(months)s."),
            most=MOST_MONTHS, months=months,
        )  # fmt: skip


def _clash(tx: Session, sale: Sale, now: datetime) -> Pass | None:
    """The pass in the way; unpaid ones that have waited too long are cancelled on the way."""
    lots = [lot.id for lot in sale.lots]
    for found in overlapping(
        tx, sale.bearer, sale.kind.vehicle_class, lots, sale.since, sale.until
    ):
        if is_settled(tx, found) or found.sold_at > now - UNPAID_FOR:
            return found
        cancel_unpaid(tx, found, SYSTEM, now)
    return None


def overlapping(
    tx: Session,
    bearer: Bearer,
    vehicle_class: str,
    lots: Collection[uuid.UUID],
    since: date,
    until: date,
) -> Sequence[Pass]:
    """The passes of this bearer and class that touch this time at one of these lots, the one that
    lasts longest first."""
    here = select(PassLot.pass_id).where(PassLot.lot_id.in_(lots))
    query = select(Pass).where(
        bearer.same,
        Pass.vehicle_class == vehicle_class,
        Pass.id.in_(here),
        Pass.since <= until,
        Pass.until >= since,
        Pass.cancelled_at.is_(None),
    )
    return tx.scalars(query.order_by(Pass.until.desc(), Pass.number)).all()


def _same(tx: Session, held: Pass, sale: Sale) -> bool:
    """Whether somebody asked for just this before and has not paid yet."""
    told = (held.hours, held.holder, held.since, held.until)
    asked = (sale.kind.hours, sale.kind.holder, sale.since, sale.until)
    lots = {lot.id for lot in lots_of(tx, held)}
    return told == asked and lots == {lot.id for lot in sale.lots} and not is_settled(tx, held)


def _held(held: Pass, settled: bool) -> Held:
    paid = mark(
        "%(bearer)s already has pass %(number)s until %(until)s at this lot. Renew that one, or begin"
        " after it ends."
    )
    unpaid = mark(
        "%(bearer)s already has pass %(number)s until %(until)s at this lot; it is not paid yet. Pay"
        " or cancel that one first."
    )
    bearer, until = held.plate or Complaint(mark("This card")), f"{held.until:%d/%m/%Y}"
    return Held(paid if settled else unpaid, bearer=bearer, number=held.number, until=until)


def _write(
    tx: Session, sale: Sale, price: MonthPrice, previous: uuid.UUID | None, now: datetime
) -> Pass:
    pass_id = new_id()
    row = Pass(
        id=pass_id,
        number=next_number(tx, Pass.number),
        token=secrets.token_urlsafe(16),
        reference=f"pass:{pass_id}",
        operator_id=sale.lots[0].operator_id,
        lot_id=sale.lots[0].id,
        vehicle_class=sale.kind.vehicle_class,
        plate_key=sale.bearer.plate_key,
        plate=sale.bearer.plate,
        card_id=sale.bearer.card_id,
        hours=sale.kind.hours,
        holder=sale.kind.holder,
        price=price.amount * sale.months,
        currency=price.currency,
        since=sale.since,
        until=sale.until,
        sold_by=sale.actor,
        sold_at=now,
        previous_id=previous,
    )
    tx.add(row)
    tx.flush()
    tx.add_all(PassLot(pass_id=row.id, lot_id=lot.id) for lot in sale.lots)
    tx.flush()
    detail: dict[str, object] = {"number": row.number, "plate": row.plate, "price": row.price}
    detail |= {"since": row.since.isoformat(), "until": row.until.isoformat()}
    detail |= {"lots": [lot.number for lot in sale.lots], "holder": row.holder, "hours": row.hours}
    act = "pass.renew" if previous else "pass.sell"
    audit.append(tx, sale.actor, act, row.reference, detail, now)
    return row
