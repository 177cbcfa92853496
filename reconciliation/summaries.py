"""Sums of the day totals along one label at a time, so that years of a city are read in moments.

Per day and the longer spans of `reconciliation.spans`, along the provider, the cost centre or the
product; what is attached to no payment has the key '' along each. All make one sum, as reports prove.

A day's rows are written with its totals, under a lock of its operator and day. The longer spans around
it are stale from that moment until `refresh` has run for them; while any operator's is stale, that span
is read from the shorter ones in it, so a reader never sees a half-told year.

Of the longer spans the sums of the whole `CITY` are kept too, along provider and product. They are made
of the operators' rows by the hourly job alone, so that nobody who takes money waits for another operator:
whoever writes an operator's row of a longer span makes the city's stale, under its lock, and what is
written under that lock is the sum of rows that cannot change meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    CompoundSelect,
    Date,
    Index,
    Insert,
    Row,
    String,
    bindparam,
    case,
    cast,
    delete,
    insert,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments.db import Base, insert_once, table_of
from payments.models import MerchantAccount
from payments.provider import CASH
from reconciliation.attached import attached
from reconciliation.models import DayTotal
from reconciliation.sides import Rows
from reconciliation.spans import DAY, LONGER, Part, begin_of, end_of
from reconciliation.stay_totals import CURRENCY, StayTotal

PROVIDER, COST_CENTRE, PRODUCT = "provider", "cost_centre", "product"

#: The period and the operator that are asked for.
OF_SPAN, OF_OPERATOR = bindparam("of_span", type_=String), bindparam("of_operator", type_=String)
OF_FIRST, OF_LAST = bindparam("of_first", type_=Date), bindparam("of_last", type_=Date)

#: Where the key of each label stands.
LABELS: dict[str, ColumnElement[str]] = {
    PROVIDER: case((attached(), MerchantAccount.provider), else_=""),
    COST_CENTRE: DayTotal.cost_centre.expression,
    PRODUCT: DayTotal.product.expression,
}

#: The same of stays, which have no provider.
OF_STAYS_BY: dict[str, ColumnElement[str]] = {
    COST_CENTRE: StayTotal.cost_centre.expression,
    PRODUCT: StayTotal.product.expression,
}

#: In the place of an operator, of which none is called so: the whole city; along which labels.
CITY = "*"
OF_CITY = (PROVIDER, PRODUCT)

#: What is added up, in the order of every SELECT below: of everything, of what was paid in cash, and
#: of stays.
WHOLE = (
    "count", "gross", "refunds", "fees", "net",
    "confirmed_count", "confirmed_gross", "banked_count", "banked_gross", "breaks",
)  # fmt: skip
IN_CASH = tuple(f"cash_{name}" for name in WHOLE)
OF_STAYS = ("stays", "exempt")
FIGURES = (*WHOLE, *IN_CASH, *OF_STAYS)


class Summary(Base):
    """The figures of `DayTotal` and `StayTotal` of one operator, or of the `CITY`, in the `span` that
    begins with `period`, along one `label`, for one `key` of it and one currency; ``cash_…`` is the part
    that people took in tills. Stays belong to no provider, so along it there are none."""

    __tablename__ = "summary"

    span: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
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
    cash_count: Mapped[int]
    cash_gross: Mapped[int]
    cash_refunds: Mapped[int]
    cash_fees: Mapped[int]
    cash_net: Mapped[int]
    cash_confirmed_count: Mapped[int]
    cash_confirmed_gross: Mapped[int]
    cash_banked_count: Mapped[int]
    cash_banked_gross: Mapped[int]
    cash_breaks: Mapped[int]
    stays: Mapped[int]
    exempt: Mapped[int]

    __table_args__ = (
        CheckConstraint(
            "span IN ('day', 'sixth', 'third', 'month', 'quarter', 'year')", name="span"
        ),
        CheckConstraint("label IN ('provider', 'cost_centre', 'product')", name="label"),
        CheckConstraint("net = gross - refunds - fees", name="foots"),
        Index("ix_summary_operator", "operator", "span", "period"),
        {"sqlite_with_rowid": False},
    )


class SummaryState(Base):
    """When a summary was written, of which operator (or the `CITY`), span and period; a stale one is
    not read."""

    __tablename__ = "summary_state"

    span: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(primary_key=True)
    stale: Mapped[bool]
    computed_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_summary_state_stale",
            "span",
            "period",
            sqlite_where=text("stale = 1"),
            postgresql_where=text("stale"),
        ),
    )


def hold_day(tx: Session, operator: str, day: date, now: datetime) -> None:
    """Let nobody else write the day's summaries of `operator` until `tx` ends; the spans around it are
    stale then."""
    for span in LONGER:
        _lock(tx, span, begin_of(span, day), operator, now).stale = True
    _lock(tx, DAY, day, operator, now)


def refresh_day(tx: Session, operator: str, day: date, now: datetime) -> None:
    """Write the day's summaries of `operator` anew from its day totals; the spans around it are stale
    then. A day without figures is not known at all."""
    hold_day(tx, operator, day, now)
    if not refresh(tx, operator, Part(DAY, day, day), now):
        tx.delete(_lock(tx, DAY, day, operator, now))


def refresh(tx: Session, operator: str, part: Part, now: datetime) -> int:
    """Write the summaries of one period of `operator` anew from its day totals, or those of the `CITY`
    from the operators'; how many there are."""
    state = _lock(tx, part.span, part.first, operator, now)
    state.stale, state.computed_at = False, now
    if operator != CITY and part.span != DAY:
        _lock(tx, part.span, part.first, CITY, now).stale = True
    return _write(tx, part, operator)


def stale_parts(tx: Session, today: date, *, of_city: bool) -> list[tuple[str, Part]]:
    """(operator, period) of the stale spans that are over, the shortest and oldest first: of the
    operators, or `of_city`."""
    whose = SummaryState.operator == CITY
    rows = tx.execute(
        select(SummaryState.operator, SummaryState.span, SummaryState.period)
        .where(SummaryState.span.in_(LONGER), SummaryState.stale, whose if of_city else ~whose)
        .order_by(SummaryState.period, SummaryState.operator)
    )
    parts = [(operator, Part(span, first, end_of(span, first))) for operator, span, first in rows]
    over = [one for one in parts if one[1].last < today]
    return sorted(over, key=lambda one: LONGER[::-1].index(one[1].span))


def _lock(tx: Session, span: str, period: date, operator: str, now: datetime) -> SummaryState:
    """Its row, which nobody else writes until `tx` ends. Longer spans are locked before their days."""
    key = {"span": span, "period": period, "operator": operator}
    insert_once(tx, SummaryState(**key, stale=True, computed_at=now))
    return tx.get_one(SummaryState, tuple(key.values()), with_for_update=True)


def _write(tx: Session, part: Part, operator: str) -> int:
    tx.flush()
    tx.execute(
        delete(Summary).where(
            Summary.span == part.span, Summary.period == part.first, Summary.operator == operator
        )
    )
    options = {"preserve_rowcount": True}
    made = tx.connection().execute(
        _insert(operator == CITY), _asked(part, operator), execution_options=options
    )
    return made.rowcount


def computed(tx: Session, part: Part, operator: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """The summaries of one period of `operator`, in the columns' order, from its day totals; those of
    the `CITY` from the operators'."""
    return tx.execute(_computed(operator == CITY), _asked(part, operator)).all()


# Statements as large as these take longer to put together than to run over a day's rows.
@cache
def _computed(of_city: bool) -> CompoundSelect[*tuple[Any, ...]]:
    return union_all(*([_of_city()] if of_city else map(_along, LABELS)))


@cache
def _insert(of_city: bool) -> Insert:
    found = _computed(of_city).subquery()
    names = [column.key for column in found.c]
    return insert(table_of(Summary)).from_select(names, select(*found.c))


def _asked(part: Part, operator: str) -> dict[str, object]:
    """What `_computed` leaves open."""
    names = ("of_span", "of_first", "of_last", "of_operator")
    return dict(zip(names, (part.span, part.first, part.last, operator), strict=True))


def _of_city() -> Rows:
    labels = (Summary.label, literal(CITY).label("operator"), Summary.key, Summary.currency)
    return (
        select(Summary.span, Summary.period, *labels, *sums(FIGURES))
        .where(
            Summary.span == OF_SPAN,
            Summary.period == OF_FIRST,
            Summary.label.in_(OF_CITY),
            Summary.operator != CITY,
        )
        .group_by(Summary.span, Summary.period, Summary.label, Summary.key, Summary.currency)
    )


def _along(label: str) -> Rows:
    rows = union_all(*_rows_of(label)).subquery()
    return select(
        OF_SPAN.label("span"),
        OF_FIRST.label("period"),
        literal(label).label("label"),
        OF_OPERATOR.label("operator"),
        rows.c.key,
        rows.c.currency,
        *sums(FIGURES, rows.c),
    ).group_by(rows.c.key, rows.c.currency)


def _rows_of(label: str) -> Iterator[Rows]:
    """The rows behind a summary: its key, currency and `FIGURES`."""
    in_cash = MerchantAccount.provider == CASH
    whole = [getattr(DayTotal, name) for name in WHOLE]
    cash = [case((in_cash, figure), else_=0) for figure in whole]
    yield (
        select(LABELS[label].label("key"), MerchantAccount.currency, *_named(*whole, *cash, 0, 0))
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(MerchantAccount.operator == OF_OPERATOR, DayTotal.day.between(OF_FIRST, OF_LAST))
    )
    if label in OF_STAYS_BY:
        counted = _named(*(0 for _ in (*WHOLE, *IN_CASH)), StayTotal.stays, StayTotal.exempt)
        yield select(OF_STAYS_BY[label], literal(CURRENCY), *counted).where(
            StayTotal.operator == OF_OPERATOR, StayTotal.day.between(OF_FIRST, OF_LAST)
        )


def _named(*figures: Any) -> list[ColumnElement[int]]:
    """`FIGURES` as columns."""
    return [
        (literal(figure, BigInteger) if isinstance(figure, int) else figure).label(name)
        for name, figure in zip(FIGURES, figures, strict=True)
    ]


def sums(names: Sequence[str], of: Any = Summary) -> list[ColumnElement[int]]:
    """SQL: the sums of these `FIGURES` of the table or its columns, in their order."""
    return [cast(sql.sum(getattr(of, name)), BigInteger).label(name) for name in names]
