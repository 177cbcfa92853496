"""Totals: what is stored for a day is what the day's rows make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, union
from sqlalchemy.orm import Session

from payments.models import MerchantAccount, Movement
from reconciliation import spans, summaries, summary_reads
from reconciliation.days import IN_FLIGHT
from reconciliation.models import AccountDay, DayTotal
from reconciliation.proofs.violation import Violation
from reconciliation.sides import Rows
from reconciliation.summaries import SummaryState
from reconciliation.totals import FIGURES, computed
from reconciliation.witnesses import last_told


def totals_equal_their_rows(tx: Session) -> Iterator[Violation]:
    """The stored figures of every account-day are what its rows make, unless rows came since."""
    for day in tx.execute(_added_up()).all():
        yield from _account_day(tx, day)


def summaries_equal_their_totals(tx: Session) -> Iterator[Violation]:
    """Every summary of a day, and of a longer span that is not stale, is what its day totals make."""
    states = select(SummaryState.span, SummaryState.period, SummaryState.operator)
    for span, period, operator in tx.execute(states.where(~SummaryState.stale)).all():
        part = spans.Part(span, period, spans.end_of(span, period))
        truth = _by_key(summaries.computed(tx, part, operator))
        stored = _by_key(tx.execute(summary_reads.stored(span, period, operator)))
        for key in sorted({*stored, *truth}):
            if stored.get(key) != truth.get(key):
                found = f"stored {stored.get(key)}, the totals make {truth.get(key)}"
                row = " ".join(("summary", *map(str, key)))
                yield Violation("summaries_equal_their_totals", row, found)


def _by_key(rows: Iterable[Any]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    width = len(summaries.FIGURES)
    return {tuple(row[:-width]): tuple(map(int, row[-width:])) for row in rows}


def _added_up() -> Rows:
    """(account, slug, day, when it was compared, if it was) of every day added up or compared."""
    known = union(
        select(AccountDay.account_id, AccountDay.day), select(DayTotal.account_id, DayTotal.day)
    ).subquery()
    compared = and_(AccountDay.account_id == known.c.account_id, AccountDay.day == known.c.day)
    return (
        select(known.c.account_id, MerchantAccount.slug, known.c.day, AccountDay.reconciled_at)
        .join(MerchantAccount, MerchantAccount.id == known.c.account_id)
        .outerjoin(AccountDay, compared)
        .order_by(known.c.day, MerchantAccount.slug)
    )


def _account_day(tx: Session, day: Any) -> Iterator[Violation]:
    of_day = and_(DayTotal.account_id == day.account_id, DayTotal.day == day.day)
    stored = {
        (row.cost_centre, row.product): row for row in tx.scalars(select(DayTotal).where(of_day))
    }
    rows = {(row[0], row[1]): row for row in tx.execute(computed(tx, day.account_id, day.day))}
    added_at = max((row.computed_at for row in stored.values()), default=day.reconciled_at)
    for key in sorted({*stored, *rows}):
        mine = [getattr(stored[key], name) for name in FIGURES] if key in stored else None
        truth = list(rows[key][2:]) if key in rows else None
        if mine != truth and not _rows_came_after(tx, day, added_at):
            where = " ".join(("day_total", str(day.day), day.slug, *key)).rstrip()
            found = f"stored {mine}, the rows make {truth}"
            yield Violation("totals_equal_their_rows", where, found)


def _rows_came_after(tx: Session, day: Any, added_at: datetime) -> bool:
    """Whether the next round will add up anew: money was recorded since, or told of again."""
    told = tx.execute(last_told(day.account_id, Movement.book_day == day.day)).first()
    return told is not None and told[1] > added_at - IN_FLIGHT
