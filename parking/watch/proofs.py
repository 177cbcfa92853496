"""Stays: what is kept of a day is what its stays make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.lots.models import Lot, Operator
from parking.watch.models import StayMark
from parking.watch.stay_days import COLUMNS, counted
from payments.db import table_of
from reconciliation.invariants import Violation
from reconciliation.stay_totals import StayTotal


def stay_totals_equal_their_rows(tx: Session) -> Iterator[Violation]:
    """The stays kept of every day are those that ended on it, unless the day waits to be counted."""
    kept = select(*(table_of(StayTotal).c[name] for name in COLUMNS))
    waiting = _waiting(tx)
    for query, told in (
        (kept.except_(counted()), "kept, but the stays make something else"),
        (counted().except_(kept), "is what the stays make, but is not kept"),
    ):
        for operator, day, cost_centre, product, stays, exempt in tx.execute(query):
            if (operator, day) not in waiting:
                row = f"stay_total {operator} {day} {cost_centre} {product}"
                found = f"{stays} stays, {exempt} exempt: {told}"
                yield Violation("stay_totals_equal_their_rows", row, found)


def _waiting(tx: Session) -> set[tuple[str, date]]:
    marked = select(Operator.code, StayMark.day).join(Lot, Lot.operator_id == Operator.id)
    rows = tx.execute(marked.join(StayMark, StayMark.lot_id == Lot.id).distinct())
    return {(operator, day) for operator, day in rows}
