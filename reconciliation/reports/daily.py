"""The day's figures per merchant account and per cost centre, from totals only.

Three things are told apart: what we recorded, what the provider's files confirmed, and what reached
the bank. Amounts are dong; an account in another currency has a report of its own (`currency`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.models import AccountDay, DayTotal
from reconciliation.reports.footing import check_foots
from reconciliation.sides import Rows


@dataclass(frozen=True, slots=True)
class Figures:
    """`count`, `gross`: receipts we recorded; `net` = gross − refunds − fees; `confirmed_*`: the
    part matched with the provider's lines; `banked_*`: the part of that whose payout arrived;
    `breaks`: differences still open."""

    count: int = 0
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    net: int = 0
    confirmed_count: int = 0
    confirmed_gross: int = 0
    banked_count: int = 0
    banked_gross: int = 0
    breaks: int = 0

    @property
    def matched(self) -> int:
        """Receipts matched with a line of the provider's files."""
        return self.confirmed_count


NAMES = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One merchant account's day. `state`: awaiting, partial or complete; `due_at` is None before
    the first comparison."""

    slug: str
    operator: str
    provider: str
    state: str
    due_at: datetime | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class CentrePart:
    """One cost centre's day; `cost_centre` is empty for money that is in suspense."""

    cost_centre: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class DailyReport:
    """The day, the instant its oldest figure was computed (`asked_at` when there is none), the
    total and the two ways it splits."""

    day: date
    currency: str
    asked_at: datetime
    as_of: datetime
    total: Figures
    by_account: tuple[AccountPart, ...]
    by_cost_centre: tuple[CentrePart, ...]

    def check(self) -> None:
        """Raises `DoesNotFoot` naming the parts unless both ways make the total, and net is gross
        less refunds and fees, in every row."""
        _check_parts(self.total, {part.slug: part.figures for part in self.by_account})
        _check_parts(
            self.total, {part.cost_centre or "-": part.figures for part in self.by_cost_centre}
        )
        parts = [part.figures for part in self.by_account]
        parts += [part.figures for part in self.by_cost_centre]
        for figures in (self.total, *parts):
            check_foots(
                "net",
                figures.net,
                {"gross": figures.gross, "refunds": -figures.refunds, "fees": -figures.fees},
            )


def _check_parts(total: Figures, parts: dict[str, Figures]) -> None:
    for name in NAMES:
        rows = {row: getattr(figures, name) for row, figures in parts.items()}
        check_foots(name, getattr(total, name), rows)


def daily(
    tx: Session, day: date, *, now: datetime, operator: str | None = None, currency: str = "VND"
) -> DailyReport:
    """The report of `day`, of one operator (by name) or of all. Raises `DoesNotFoot`."""
    mine = MerchantAccount.currency == currency
    if operator is not None:
        mine = and_(mine, MerchantAccount.operator == operator)
    report = DailyReport(
        day=day,
        currency=currency,
        asked_at=now,
        as_of=_as_of(tx, day, mine) or now,
        total=_total(tx, day, mine),
        by_account=tuple(_by_account(tx, day, mine)),
        by_cost_centre=tuple(_by_cost_centre(tx, day, mine)),
    )
    report.check()
    return report


def _sums() -> list[Any]:
    return [sql.coalesce(sql.sum(getattr(DayTotal, name)), 0) for name in NAMES]


def _figures(sums: Sequence[Any]) -> Figures:
    return Figures(*map(int, sums))


def _total(tx: Session, day: date, mine: Any) -> Figures:
    query = select(*_sums()).join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
    return _figures(tx.execute(query.where(DayTotal.day == day, mine)).one())


def _as_of(tx: Session, day: date, mine: Any) -> datetime | None:
    query = select(sql.min(DayTotal.computed_at)).join(
        MerchantAccount, MerchantAccount.id == DayTotal.account_id
    )
    return tx.scalar(query.where(DayTotal.day == day, mine))


def _by_account(tx: Session, day: date, mine: Any) -> Iterable[AccountPart]:
    of_day = and_(DayTotal.account_id == MerchantAccount.id, DayTotal.day == day)
    looked_at = and_(AccountDay.account_id == MerchantAccount.id, AccountDay.day == day)
    query: Rows = (
        select(
            MerchantAccount.slug,
            MerchantAccount.operator,
            MerchantAccount.provider,
            sql.coalesce(sql.max(AccountDay.state), "awaiting"),
            sql.max(AccountDay.due_at),
            *_sums(),
        )
        .outerjoin(DayTotal, of_day)
        .outerjoin(AccountDay, looked_at)
        .where(
            mine,
            or_(
                MerchantAccount.retired_at.is_(None),
                AccountDay.day.is_not(None),
                DayTotal.day.is_not(None),
            ),
        )
        .group_by(MerchantAccount.id)
        .order_by(MerchantAccount.slug)
    )
    for row in tx.execute(query):
        slug, name, provider, state, due_at, *sums = row
        yield AccountPart(slug, name, provider, state, due_at, _figures(sums))


def _by_cost_centre(tx: Session, day: date, mine: Any) -> Iterable[CentrePart]:
    query = (
        select(DayTotal.cost_centre, *_sums())
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(DayTotal.day == day, mine)
        .group_by(DayTotal.cost_centre)
        .order_by(DayTotal.cost_centre)
    )
    for row in tx.execute(query):
        yield CentrePart(row[0], _figures(row[1:]))
