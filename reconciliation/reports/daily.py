"""The day's figures per merchant account and per cost centre, from totals only.

Three things are told apart: what we recorded, what the provider's files confirmed, and what reached
the bank. Amounts are dong; an account in another currency has a report of its own (`currency`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.models import AccountDay, DayTotal
from reconciliation.reports.figures import NAMES, Figures, figures_of, sums
from reconciliation.reports.footing import check_foots
from reconciliation.reports.period import Period, computed_at, parts
from reconciliation.sides import Rows


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
    period = Period(day, day, operator, currency)
    [whole], centres = parts(tx, period), parts(tx, period, DayTotal.cost_centre)
    report = DailyReport(
        day=day,
        currency=currency,
        asked_at=now,
        as_of=computed_at(tx, period) or now,
        total=whole.figures,
        by_account=tuple(_by_account(tx, day, period.accounts())),
        by_cost_centre=tuple(CentrePart(part.labels[0], part.figures) for part in centres),
    )
    report.check()
    return report


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
            *sums(),
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
        slug, name, provider, state, due_at, *found = row
        yield AccountPart(slug, name, provider, state, due_at, figures_of(found))
