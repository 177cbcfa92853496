"""Figures made anew from their rows: whoever doubts a total can have it made again and see that it is equal.

Nothing but the totals and their summaries is touched, account-day by account-day, each under the lock
that reconciliation takes, so drivers and the night go on meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session, sessionmaker

from payments.db import business_day
from payments.models import MerchantAccount, Movement
from reconciliation import summaries, totals
from reconciliation.models import Break, DayTotal
from reconciliation.turns import alone


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One account-day that was added up again; `changed`: its totals were not what its rows make."""

    account: str
    day: date
    changed: bool


def rebuild(
    db: sessionmaker[Session], since: date, until: date, now: datetime
) -> Iterator[tuple[Rebuilt, int]]:
    """Add up every account-day from `since` to `until`, then every span they touch; each account-day
    with how many there are in all, while it is done."""
    with db() as tx:
        todo = _account_days(tx, since, until)
    for account_id, slug, day in todo:
        with db.begin() as tx:
            alone(tx, account_id)
            before = _figures(tx, account_id, day)
            totals.refresh(tx, account_id, day, now)
            changed = _figures(tx, account_id, day) != before
        yield Rebuilt(slug, day, changed), len(todo)
    keep_spans(db, now)


def keep_spans(db: sessionmaker[Session], now: datetime) -> int:
    """Add up the longer spans that are over and stale, those of the operators first and the whole city's
    of these, each in a transaction of its own; how many."""
    return sum(_keep(db, now, of_city=of_city) for of_city in (False, True))


def _keep(db: sessionmaker[Session], now: datetime, *, of_city: bool) -> int:
    with db() as tx:
        todo = summaries.stale_parts(tx, business_day(now), of_city=of_city)
    for operator, part in todo:
        with db.begin() as tx:
            summaries.refresh(tx, operator, part, now)
    return len(todo)


def _account_days(tx: Session, since: date, until: date) -> Sequence[tuple[uuid.UUID, str, date]]:
    known = union(
        *(
            select(table.account_id, day).where(day.between(since, until))
            for table, day in (
                (Movement, Movement.book_day),
                (Break, Break.day),
                (DayTotal, DayTotal.day),
            )
        )
    ).subquery()
    account_id, day = known.c
    rows = tx.execute(
        select(account_id, MerchantAccount.slug, day)
        .join(MerchantAccount, MerchantAccount.id == account_id)
        .order_by(day, MerchantAccount.slug)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _figures(tx: Session, account_id: uuid.UUID, day: date) -> set[tuple[object, ...]]:
    names = ("cost_centre", "product", *totals.FIGURES, "net")
    columns = [getattr(DayTotal, name) for name in names]
    rows = select(*columns).where(DayTotal.account_id == account_id, DayTotal.day == day)
    return {tuple(row) for row in tx.execute(rows)}
