"""What was paid in a period along each label, from summaries: it costs months × labels, however many
payments there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from reconciliation import spans, summaries
from reconciliation.reports.figures import Figures, added
from reconciliation.reports.period import Period
from reconciliation.summaries import Summary, SummaryState

NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Volume:
    """Figures of one key, what people took in tills apart from everything else."""

    cashless: Figures = NOTHING
    cash: Figures = NOTHING

    def __add__(self, other: Volume) -> Volume:
        return Volume(added((self.cashless, other.cashless)), added((self.cash, other.cash)))


def along(tx: Session, period: Period) -> dict[str, dict[str, Volume]]:
    """Label → key → what was paid in the period."""
    found: dict[str, dict[str, Volume]] = {label: {} for label in summaries.LABELS}
    query = select(Summary.label, Summary.key, *summaries.sums()).where(_within(tx, period))
    for label, key, *figures in tx.execute(query.group_by(Summary.label, Summary.key)):
        found[label][key] = _volume(figures)
    return found


def by_month(tx: Session, period: Period) -> dict[date, Volume]:
    """First day of each month → what was paid in it, as far as it lies in the period; in order."""
    found: dict[date, Volume] = {}
    in_months = _within(tx, period, (spans.MONTH, spans.THIRD))
    query = select(Summary.period, *summaries.sums()).where(
        in_months, Summary.label == summaries.PROVIDER
    )
    for day, *figures in tx.execute(query.group_by(Summary.period).order_by(Summary.period)):
        month = spans.month_of(day)
        found[month] = found.get(month, Volume()) + _volume(figures)
    return found


def busy(tx: Session, period: Period, label: str) -> frozenset[str]:
    """The keys of a label for which anything was received in the period."""
    received = and_(_within(tx, period), Summary.label == label, Summary.count > 0)
    return frozenset(tx.scalars(select(Summary.key).where(received).distinct()))


def launch(tx: Session, operator: str | None) -> date | None:
    """The first day with figures, of one operator or of all."""
    days = select(sql.min(SummaryState.period)).where(SummaryState.span == spans.DAY)
    return tx.scalar(days if operator is None else days.where(SummaryState.operator == operator))


def computed_at(tx: Session, period: Period) -> datetime | None:
    """When the oldest figures of the latest day that has some were computed."""
    days = and_(
        SummaryState.span == spans.DAY,
        SummaryState.period.between(period.since, period.until),
        period.of_operator(SummaryState.operator),
    )
    latest = select(sql.max(SummaryState.period)).where(days).scalar_subquery()
    oldest = select(sql.min(SummaryState.computed_at)).where(days, SummaryState.period == latest)
    return tx.scalar(oldest)


def _within(
    tx: Session, period: Period, longest: Sequence[str] = spans.LONGER
) -> ColumnElement[bool]:
    pieces = summaries.parts(tx, period.since, period.until, longest)
    mine = and_(period.of_operator(Summary.operator), Summary.currency == period.currency)
    return and_(summaries.within(pieces), mine)


def _volume(figures: Sequence[int]) -> Volume:
    told = dict(zip(summaries.FIGURES, map(int, figures), strict=True))
    cash = {name: told[f"cash_{name}"] for name in summaries.WHOLE}
    return Volume(
        cashless=Figures(**{name: told[name] - cash[name] for name in summaries.WHOLE}),
        cash=Figures(**cash),
    )
