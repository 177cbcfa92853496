"""A month at a glance, from the days' totals: it costs days × lots, however many payments there are."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from sqlalchemy import and_, case, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.errors import WrongUsage
from payments.models import MerchantAccount
from payments.provider import CASH
from reconciliation.attached import attached
from reconciliation.models import AccountDay, DayTotal

_MONTH = re.compile(r"(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])")
#: The account-day furthest behind speaks for the day.
STATES = ("awaiting", "partial", "complete")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of the city."""

    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    @property
    def before(self) -> Month:
        """The month before."""
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def after(self) -> Month:
        """The month after."""
        return Month(self.last + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def read_month(text: str, today: date) -> Month:
    """The month written as ``2026-11``; this month when nothing is written. Raises `WrongUsage`."""
    if not text:
        return Month(today.replace(day=1))
    parts = _MONTH.fullmatch(text)
    if parts is None:
        raise WrongUsage("%(month)s is not a month; write it as 2026-11.", month=text[:20])
    return Month(date(int(parts["year"]), int(parts["month"]), 1))


def day_asked(text: str) -> date | None:
    """The day a form or an address asks for; None when nothing is written. Raises `WrongUsage`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WrongUsage("%(day)s is not a day; write it as 2026-11-20.", day=text[:20]) from error


@dataclass(frozen=True, slots=True)
class Figures:
    """Payments without cash, in dong, as the city announces them; what tills took stands apart, and so
    does `unattached`, receipts that belong to no payment of ours.

    `breaks` are differences nobody explained yet, on whatever account."""

    count: int = 0
    gross: int = 0
    net: int = 0
    confirmed: int = 0
    banked: int = 0
    breaks: int = 0
    cash: int = 0
    unattached_count: int = 0
    unattached: int = 0


NAMES = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, slots=True)
class DayRow:
    """One business day. `state` is that of the account furthest behind."""

    day: date
    state: str
    figures: Figures


def days_of(tx: Session, month: Month, operator: str | None) -> Sequence[DayRow]:
    """The days of `month` that anything is known about, newest first."""
    figures, states = _figures(tx, month, operator), _states(tx, month, operator)
    return [
        DayRow(day, states.get(day, STATES[0]), figures.get(day, Figures()))
        for day in sorted({*figures, *states}, reverse=True)
    ]


def sum_of(rows: Sequence[DayRow]) -> Figures:
    """The figures of several days."""
    return Figures(*(sum(getattr(row.figures, name) for row in rows) for name in NAMES))


def _figures(tx: Session, month: Month, operator: str | None) -> dict[date, Figures]:
    till, dong = MerchantAccount.provider == CASH, MerchantAccount.currency == "VND"
    announced = (
        DayTotal.count,
        DayTotal.gross,
        DayTotal.net,
        DayTotal.confirmed_gross,
        DayTotal.banked_gross,
    )
    columns = (
        *(case((and_(dong, ~till, attached()), column), else_=0) for column in announced),
        DayTotal.breaks,
        case((and_(dong, till), DayTotal.gross), else_=0),
        *(case((and_(dong, ~till, ~attached()), column), else_=0) for column in announced[:2]),
    )
    query = (
        select(DayTotal.day, *(sql.sum(column) for column in columns))
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(DayTotal.day.between(month.first, month.last))
        .group_by(DayTotal.day)
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return {day: Figures(*map(int, sums)) for day, *sums in tx.execute(query)}


def _states(tx: Session, month: Month, operator: str | None) -> dict[date, str]:
    query = (
        select(AccountDay.day, AccountDay.state)
        .join(MerchantAccount, MerchantAccount.id == AccountDay.account_id)
        .where(AccountDay.day.between(month.first, month.last))
        .distinct()
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    furthest_behind: dict[date, str] = {}
    for day, state in tx.execute(query):
        known = furthest_behind.get(day, state)
        furthest_behind[day] = min(known, state, key=STATES.index)
    return furthest_behind
