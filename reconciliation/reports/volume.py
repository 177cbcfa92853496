"""What was paid in a period along each label, from summaries: it costs months × labels, however many
payments there were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    and_,
    cast,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from reconciliation import spans, summaries, summary_reads
from reconciliation.reports.period import Period
from reconciliation.sides import Rows
from reconciliation.summaries import Summary, SummaryState


@dataclass(frozen=True, slots=True)
class Volume:
    """Figures of one key, named and meant as in `Summary`."""

    count: int = 0
    gross: int = 0
    refunds: int = 0
    confirmed_gross: int = 0
    banked_gross: int = 0
    cash_count: int = 0
    cash_gross: int = 0
    cash_confirmed_gross: int = 0
    cash_banked_gross: int = 0
    stays: int = 0
    exempt: int = 0

    def __add__(self, other: Volume) -> Volume:
        return Volume(*(getattr(self, name) + getattr(other, name) for name in SHOWN))

    @property
    def cashless_count(self) -> int:
        return self.count - self.cash_count

    @property
    def cashless_gross(self) -> int:
        return self.gross - self.cash_gross


NOTHING = Volume()
SHOWN = tuple(one.name for one in fields(Volume))


@dataclass(frozen=True, slots=True)
class Told:
    """What a period's summaries tell of payments: label → key → volume, and the volume of each month
    (by its first day, in order) as far as it lies in the period. `unattached`: along each label, the
    money that belongs to no payment of ours, which is in none of these."""

    along: Mapping[str, Mapping[str, Volume]]
    by_month: Mapping[date, Volume]
    unattached: Mapping[str, Volume]


def told(tx: Session, period: Period) -> Told:
    """What was paid in the period, by one statement, so that every split is of the same rows."""
    along: dict[str, dict[str, Volume]] = {label: {} for label in summaries.LABELS}
    unattached = dict.fromkeys(summaries.LABELS, NOTHING)
    months: dict[date, Volume] = {}
    for label, key, first, *figures in tx.execute(_rows(tx, period)):
        one = Volume(*map(int, figures))
        if not key:
            unattached[label] += one
            continue
        along[label][key] = along[label].get(key, NOTHING) + one
        if label == summaries.PRODUCT:
            month = spans.month_of(first)
            months[month] = months.get(month, NOTHING) + one
    return Told(along, dict(sorted(months.items())), unattached)


def _rows(tx: Session, period: Period) -> CompoundSelect[Any]:
    """SQL: label, key, first day of the span (of what is told by month), and the figures of `Volume`."""
    stale = summary_reads.stale_spans(tx)
    months = spans.pieces_of(period.since, period.until, stale, spans.WITHIN_MONTHS)
    return union_all(_by_lot(period, stale), *_by_month(period, list(months)))


def _by_lot(period: Period, stale: frozenset[tuple[str, date]]) -> Rows:
    """Lots have no rows of the whole city: each belongs to one operator anyway."""
    pieces = spans.pieces_of(period.since, period.until, stale)
    figures = [getattr(Summary, name) for name in SHOWN]
    rows = union_all(
        *(
            select(Summary.key, *figures).where(_chosen(period, summaries.COST_CENTRE, piece))
            for piece in pieces
        )
    ).subquery()
    names = literal(summaries.COST_CENTRE).label("label"), rows.c.key, cast(null(), Date)
    return select(*names, *summaries.sums(SHOWN, rows.c)).group_by(rows.c.key)


def _by_month(period: Period, pieces: Sequence[spans.Part]) -> Iterator[Rows]:
    """Of the whole city its own sums, except of days, which have none."""
    names, sums = (Summary.label, Summary.key, Summary.period), summaries.sums(SHOWN)
    whose = Summary.operator == (period.operator or summaries.CITY)
    for label, piece in product(summaries.OF_CITY, pieces):
        query = select(*names, *sums).where(_chosen(period, label, piece)).group_by(*names)
        yield query if piece.span == spans.DAY else query.where(whose)


def _chosen(period: Period, label: str, piece: spans.Part) -> ColumnElement[bool]:
    mine = and_(period.of_operator(Summary.operator), Summary.currency == period.currency)
    return and_(summary_reads.within(label, piece), mine)


def before(tx: Session, period: Period) -> Volume:
    """What had been paid since launch when the period began."""
    first = launch(tx, period.operator)
    if first is None or first >= period.since:
        return NOTHING
    earlier = replace(period, since=first, until=period.since - spans.ONE_DAY)
    return sum(told(tx, earlier).along[summaries.PROVIDER].values(), NOTHING)


def busy(tx: Session, period: Period) -> frozenset[str]:
    """The cost centres for which anything was received in the period."""
    found: set[str] = set()
    for piece in spans.pieces_of(period.since, period.until, summary_reads.stale_spans(tx)):
        chosen = _chosen(period, summaries.COST_CENTRE, piece)
        found.update(tx.scalars(select(Summary.key).where(chosen, Summary.count > 0).distinct()))
    return frozenset(found)


def launch(tx: Session, operator: str | None) -> date | None:
    """The first day with figures, of one operator or of all."""
    days = select(sql.min(SummaryState.period)).where(SummaryState.span == spans.DAY)
    return tx.scalar(days if operator is None else days.where(SummaryState.operator == operator))


def computed_at(tx: Session, period: Period) -> datetime | None:
    """When the oldest figures of the latest day that has some were computed."""
    days = and_(SummaryState.span == spans.DAY, period.of_operator(SummaryState.operator))
    known = and_(days, SummaryState.period.between(period.since, period.until))
    # not max(period), for which SQLite would look at every day of every operator
    latest = select(SummaryState.period).where(known).order_by(SummaryState.period.desc()).limit(1)
    of_latest = and_(days, SummaryState.period == latest.scalar_subquery())
    return tx.scalar(select(sql.min(SummaryState.computed_at)).where(of_latest))
