"""Totals: what is stored for a day is what the day's rows make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount, Movement
from reconciliation.days import IN_FLIGHT
from reconciliation.models import AccountDay, DayTotal
from reconciliation.proofs.violation import Violation
from reconciliation.sides import COMPARED
from reconciliation.totals import FIGURES, computed


def totals_equal_their_rows(tx: Session) -> Iterator[Violation]:
    """The stored figures of every account-day are what its rows make, unless rows came since."""
    days = (
        select(AccountDay, MerchantAccount.slug)
        .join(MerchantAccount, MerchantAccount.id == AccountDay.account_id)
        .order_by(AccountDay.day)
    )
    for day, slug in tx.execute(days).all():
        yield from _account_day(tx, day, slug)


def _account_day(tx: Session, day: AccountDay, slug: str) -> Iterator[Violation]:
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
            where = " ".join(("day_total", str(day.day), slug, *key)).rstrip()
            found = f"stored {mine}, the rows make {truth}"
            yield Violation("totals_equal_their_rows", where, found)


def _rows_came_after(tx: Session, day: AccountDay, added_at: datetime) -> bool:
    """Whether the next nightly run will add up anew: money was recorded since, or explained."""
    moved = select(sql.max(Movement.recorded_at)).where(
        Movement.account_id == day.account_id,
        Movement.book_day == day.day,
        Movement.kind.in_(COMPARED),
    )
    recorded_at = tx.scalar(moved)
    return recorded_at is not None and recorded_at > added_at - IN_FLIGHT
