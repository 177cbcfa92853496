"""The figures of a day that is not over, or whose night has not come: what was recorded so far.

Nobody is asked and nothing is compared, so a day stays awaiting its file. What is recorded between
two rounds is not lost: its day is added up again in the next one, or by the night.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments.accounts import live_accounts
from payments.db import business_day
from payments.models import Movement
from reconciliation import totals
from reconciliation.days import DAY, IN_FLIGHT
from reconciliation.models import DayTotal
from reconciliation.turns import alone
from reconciliation.witnesses import last_told

#: Money is booked at most so many days back.
RECENT = 7 * DAY


def keep_current(db: sessionmaker[Session], now: datetime) -> int:
    """Add up today, and recent days that money was recorded for since; how many account-days."""
    with db() as tx:
        accounts = [account.id for account in live_accounts(tx)]
        stale = [(account, day) for account in accounts for day in _stale(tx, account, now)]
    for account, day in stale:
        with db.begin() as tx:
            alone(tx, account)
            totals.refresh(tx, account, day, now)
    return len(stale)


def _stale(tx: Session, account_id: uuid.UUID, now: datetime) -> Iterator[date]:
    today = business_day(now)
    added = select(DayTotal.day, sql.min(DayTotal.computed_at)).where(
        DayTotal.account_id == account_id, DayTotal.day >= today - RECENT
    )
    added_at = {row[0]: row[1] for row in tx.execute(added.group_by(DayTotal.day))}
    for day, told_at in tx.execute(last_told(account_id, Movement.book_day >= today - RECENT)):
        known = added_at.get(day)
        if day == today or known is None or told_at > known - IN_FLIGHT:
            yield day
