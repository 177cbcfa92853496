"""The days and accounts a report is about, and their figures from totals: it costs days × lots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.book_days import CLOSED, BookDay
from payments.db import CITY_ZONE
from payments.models import MerchantAccount
from payments.provider import CASH
from reconciliation import spans
from reconciliation.attached import attached
from reconciliation.models import AccountDay, DayTotal
from reconciliation.reports.figures import Figures, figures_of, sums
from reconciliation.sides import Rows
from reconciliation.summaries import SummaryState

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Business days `since` to `until`, both included, of one operator (by label) or of all, in one
    currency."""

    since: date
    until: date
    operator: str | None = None
    currency: str = "VND"

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.since + n * ONE_DAY for n in range((self.until - self.since).days + 1)]

    @property
    def begins(self) -> datetime:
        """The instant its first day begins."""
        return datetime.combine(self.since, time(), CITY_ZONE)

    @property
    def ends(self) -> datetime:
        """The instant its last day is over."""
        return datetime.combine(self.until + ONE_DAY, time(), CITY_ZONE)

    def accounts(self) -> ColumnElement[bool]:
        """Whether the merchant account of a query is among its own."""
        mine = MerchantAccount.currency == self.currency
        return and_(mine, self.of_operator(MerchantAccount.operator))

    def of_operator(self, label: Any) -> Any:
        """Whether a row with that operator is among its own."""
        return label == self.operator if self.operator is not None else label.is_not(None)

    def within(self, day: Any) -> ColumnElement[bool]:
        """Whether the business day of a row is among its own."""
        return and_(day >= self.since, day <= self.until)


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of the rows that share `labels`."""

    labels: tuple[Any, ...]
    figures: Figures


def parts(tx: Session, period: Period, *labels: Any) -> list[Part]:
    """The period's figures for every value of `labels` (columns of totals or accounts), in order."""
    query = _totals(select(*labels, *sums()), period)
    if labels:
        query = query.group_by(*labels).order_by(*labels)
    return [
        Part(tuple(row[: len(labels)]), figures_of(row[len(labels) :])) for row in tx.execute(query)
    ]


def unattached(tx: Session, period: Period) -> Figures:
    """What belongs to no payment of ours, on accounts that are no tills."""
    rows = _totals(select(*sums()), period).where(~attached(), MerchantAccount.provider != CASH)
    return figures_of(tx.execute(rows).one())


def computed_at(tx: Session, period: Period) -> datetime | None:
    """When the oldest of the period's figures was computed; None when there is none."""
    query = _totals(select(sql.min(DayTotal.computed_at)), period)
    return tx.execute(query).scalar_one()  # type: ignore[no-any-return]


def _totals(query: Rows, period: Period) -> Rows:
    joined = query.select_from(DayTotal).join(
        MerchantAccount, MerchantAccount.id == DayTotal.account_id
    )
    return joined.where(period.within(DayTotal.day), period.accounts())


def unfinished(tx: Session, period: Period) -> list[tuple[str, date]]:
    """The account-days (slug, day) whose files have not come whole, by day."""
    query = (
        select(MerchantAccount.slug, AccountDay.day)
        .join(MerchantAccount, MerchantAccount.id == AccountDay.account_id)
        .where(period.within(AccountDay.day), period.accounts(), AccountDay.state != "complete")
        .order_by(AccountDay.day, MerchantAccount.slug)
    )
    return [(slug, day) for slug, day in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Unclosed:
    """How many days of an operator are not closed, and the first and the last of them."""

    operator: str
    days: int
    first: date
    last: date


def unclosed(tx: Session, period: Period) -> list[Unclosed]:
    """Every operator with figures on days of the period that are not closed (`payments.book_days`)."""
    closed = (
        select(BookDay.day)
        .where(
            BookDay.operator == SummaryState.operator,
            BookDay.day == SummaryState.period,
            BookDay.state == CLOSED,
        )
        .exists()
    )
    rows = tx.execute(
        select(
            SummaryState.operator,
            sql.count(),
            sql.min(SummaryState.period),
            sql.max(SummaryState.period),
        )
        .where(
            SummaryState.span == spans.DAY,
            period.within(SummaryState.period),
            period.of_operator(SummaryState.operator),
            ~closed,
        )
        .group_by(SummaryState.operator)
        .order_by(SummaryState.operator)
    )
    return [Unclosed(*row) for row in rows]
