"""Sums of the day totals along one label at a time, so that years of a city are read in moments.

A report over three years and three thousand lots would add up millions of day totals. It reads these
instead: per day and per month, along the provider, the cost centre or the product, apart for cash. Each
label's rows make the same sum, which the report proves when it foots.

A day's rows are written with its totals, under a lock of its operator and day. A month's rows are stale
from the moment one of its days is written until `refresh_month` has run; while any operator's are
stale, that month is read from its days, so a reader never sees a half-told month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    CompoundSelect,
    Date,
    Index,
    and_,
    cast,
    delete,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments.db import Base, insert_once, table_of
from payments.models import MerchantAccount
from payments.provider import CASH
from reconciliation.models import DayTotal
from reconciliation.sides import Rows

DAY, MONTH = "day", "month"
ONE_DAY = timedelta(days=1)
PROVIDER, COST_CENTRE, PRODUCT = "provider", "cost_centre", "product"

#: Where the key of each label stands.
LABELS: dict[str, ColumnElement[str]] = {
    PROVIDER: MerchantAccount.provider.expression,
    COST_CENTRE: DayTotal.cost_centre.expression,
    PRODUCT: DayTotal.product.expression,
}

#: What is added up, in the order of every SELECT below.
FIGURES = (
    "count", "gross", "refunds", "fees", "net",
    "confirmed_count", "confirmed_gross", "banked_count", "banked_gross", "breaks",
)  # fmt: skip


class Summary(Base):
    """The figures of `DayTotal` of one operator in one `span` (the day, or the month that begins with
    `period`), along one `label`, for one `key` of it and one currency; `cash` is what people took in tills."""

    __tablename__ = "summary"

    span: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    cash: Mapped[bool] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    gross: Mapped[int]
    refunds: Mapped[int]
    fees: Mapped[int]
    net: Mapped[int]
    confirmed_count: Mapped[int]
    confirmed_gross: Mapped[int]
    banked_count: Mapped[int]
    banked_gross: Mapped[int]
    breaks: Mapped[int]

    __table_args__ = (
        CheckConstraint("span IN ('day', 'month')", name="span"),
        CheckConstraint("label IN ('provider', 'cost_centre', 'product')", name="label"),
        CheckConstraint("net = gross - refunds - fees", name="foots"),
        Index("ix_summary_operator", "operator", "span", "period"),
        {"sqlite_with_rowid": False},
    )


class SummaryState(Base):
    """When a summary was written, of which operator, span and period; a stale month is not read."""

    __tablename__ = "summary_state"

    span: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(primary_key=True)
    stale: Mapped[bool]
    computed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Part:
    """Whole months or single days, both ends included, that are read together."""

    span: str
    first: date
    last: date


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after it."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def refresh_day(tx: Session, operator: str, day: date, now: datetime) -> None:
    """Write the day's summaries of `operator` anew from its day totals; its month is stale then."""
    month = _lock(tx, MONTH, month_of(day), operator, now)
    month.stale = True
    state = _lock(tx, DAY, day, operator, now)
    state.stale, state.computed_at = False, now
    _write(tx, Part(DAY, day, day), operator)


def refresh_month(tx: Session, operator: str, month: date, now: datetime) -> None:
    """Write the month's summaries of `operator` anew from its day totals."""
    state = _lock(tx, MONTH, month, operator, now)
    state.stale, state.computed_at = False, now
    _write(tx, Part(MONTH, month, next_month(month) - ONE_DAY), operator)


def stale_months(tx: Session, before: date) -> list[tuple[str, date]]:
    """(operator, month) of the stale months that began before `before`, oldest first."""
    rows = tx.execute(
        select(SummaryState.operator, SummaryState.period)
        .where(SummaryState.span == MONTH, SummaryState.stale, SummaryState.period < before)
        .order_by(SummaryState.period, SummaryState.operator)
    )
    return [(operator, month) for operator, month in rows]


def _lock(tx: Session, span: str, period: date, operator: str, now: datetime) -> SummaryState:
    """Its row, which nobody else writes until `tx` ends. Months are locked before their days."""
    key = {"span": span, "period": period, "operator": operator}
    insert_once(tx, SummaryState(**key, stale=True, computed_at=now))
    return tx.get_one(SummaryState, tuple(key.values()), with_for_update=True)


def _write(tx: Session, part: Part, operator: str) -> None:
    tx.flush()
    tx.execute(
        delete(Summary).where(
            Summary.span == part.span, Summary.period == part.first, Summary.operator == operator
        )
    )
    found = computed(part, operator).subquery()
    names = [column.key for column in found.c]
    tx.execute(insert(Summary).from_select(names, select(*found.c)))


def computed(part: Part, operator: str) -> CompoundSelect[*tuple[Any, ...]]:
    """SQL: the summaries of one day or month of `operator`, in the columns' order, from its day totals."""
    return union_all(*(_along(label, part, operator) for label in LABELS))


def stored(span: str, period: date, operator: str) -> Rows:
    """SQL: the summaries of one day or month of `operator` as they are written down."""
    return select(*table_of(Summary).c).where(
        Summary.span == span, Summary.period == period, Summary.operator == operator
    )


def _along(label: str, part: Part, operator: str) -> Rows:
    cash = cast(MerchantAccount.provider == CASH, Boolean).label("cash")
    key = LABELS[label].label("key")
    totals = [cast(sql.sum(getattr(DayTotal, name)), BigInteger).label(name) for name in FIGURES]
    return (
        select(
            literal(part.span).label("span"),
            literal(part.first, Date).label("period"),
            literal(label).label("label"),
            literal(operator).label("operator"),
            key,
            cash,
            MerchantAccount.currency,
            *totals,
        )
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(MerchantAccount.operator == operator, DayTotal.day.between(part.first, part.last))
        .group_by(key, cash, MerchantAccount.currency)
    )


def parts(tx: Session, first: date, last: date) -> list[Part]:
    """The whole months of `first` to `last` that are fresh, neighbours together, and the days of the rest."""
    stale = frozenset(
        tx.scalars(
            select(SummaryState.period)
            .where(SummaryState.span == MONTH, SummaryState.stale)
            .distinct()
        )
    )
    return list(pieces_of(first, last, stale))


def pieces_of(first: date, last: date, stale: frozenset[date]) -> Iterator[Part]:
    """`parts`, when it is known which months are stale."""
    return _joined(_pieces(first, last, stale))


def _pieces(first: date, last: date, stale: frozenset[date]) -> Iterator[Part]:
    while first <= last:
        end = next_month(first) - ONE_DAY
        whole = first == month_of(first) and end <= last and first not in stale
        yield Part(MONTH if whole else DAY, first, min(end, last))
        first = end + ONE_DAY


def _joined(pieces: Iterator[Part]) -> Iterator[Part]:
    """Neighbours of the same span as one part."""
    before: Part | None = None
    for piece in pieces:
        if before is not None and before.span == piece.span:
            before = Part(before.span, before.first, piece.last)
            continue
        if before is not None:
            yield before
        before = piece
    if before is not None:
        yield before


def within(pieces: Sequence[Part]) -> ColumnElement[bool]:
    """SQL: the `Summary` rows that `pieces` are made of."""
    return or_(
        *(
            and_(Summary.span == part.span, Summary.period.between(part.first, part.last))
            for part in pieces
        )
    )


def sums() -> list[ColumnElement[int]]:
    """SQL: the sums of `FIGURES`, in their order."""
    return [cast(sql.sum(getattr(Summary, name)), BigInteger).label(name) for name in FIGURES]
