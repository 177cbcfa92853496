"""Reading the summaries that are written down, and which of them may not be read."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from payments.db import table_of
from reconciliation.sides import Rows
from reconciliation.spans import LONGER, Part, firsts
from reconciliation.summaries import Summary, SummaryState


def stored(span: str, period: date, operator: str) -> Rows:
    """SQL: the summaries of one period of `operator` as they are written down."""
    return select(*table_of(Summary).c).where(
        Summary.span == span, Summary.period == period, Summary.operator == operator
    )


def stale_spans(tx: Session) -> frozenset[tuple[str, date]]:
    """(span, first day) of what may not be read, because somebody's is stale."""
    stale = select(SummaryState.span, SummaryState.period).where(
        SummaryState.span.in_(LONGER), SummaryState.stale
    )
    return frozenset((span, period) for span, period in tx.execute(stale.distinct()))


def within(label: str, part: Part) -> ColumnElement[bool]:
    """SQL: the `Summary` rows along `label` that `part` is made of. Every period is named, because the
    primary key goes on with the label, which it could not help to find in a range of periods."""
    periods = list(firsts(part))
    return and_(Summary.span == part.span, Summary.period.in_(periods), Summary.label == label)
