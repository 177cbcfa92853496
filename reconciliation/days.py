"""Which business days are still open, and by when a day's file must have arrived.

Absence is only a difference once it could be presence: no file is asked for before it is expected,
and until a complete file is there, nothing is missing yet.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.db import CITY_ZONE, business_day
from payments.models import Movement
from payments.provider import Capabilities
from reconciliation.models import (
    BANK,
    SETTLEMENT,
    AccountDay,
    Break,
    Statement,
    StatementLine,
)
from reconciliation.uploads.models import Upload
from reconciliation.witnesses import last_told

DAY = timedelta(days=1)
LEGS = (SETTLEMENT, BANK)

#: A credit reaches the bank on the next business day; on the second day after the payout it is missing.
BANK_DAYS = (DAY, 2 * DAY)

#: Movements are booked at most seven days back; the rest is slack for nights without a run.
LOOK_BACK = timedelta(days=31)


#: A transaction may commit after a look that is later than its own `now`; longer than any may run.
IN_FLIGHT = timedelta(minutes=10)


def due_at(day: date, capabilities: Capabilities) -> datetime:
    """When the statement of `day` must have arrived: so many minutes after the business day's end."""
    end = datetime.combine(day + DAY, time(), CITY_ZONE)
    return end + timedelta(minutes=capabilities.statement_due_minutes)


def first_day(tx: Session, account_id: uuid.UUID) -> date | None:
    """The first business day on which the account has a movement or a line; None when it has none."""
    moved = select(sql.min(Movement.book_day)).where(Movement.account_id == account_id)
    told = select(sql.min(StatementLine.book_day)).where(StatementLine.account_id == account_id)
    firsts = [tx.scalar(moved), *(tx.scalar(told.where(StatementLine.leg == leg)) for leg in LEGS)]
    return min((day for day in firsts if day is not None), default=None)


def open_days(
    tx: Session, account_id: uuid.UUID, now: datetime, *, statements: bool, bank_feed: bool
) -> Iterator[date]:
    """The ended business days of an account that want another look, oldest first.

    Those that are not complete, that still wait for a late line, whose bank file has not come, or
    that money was recorded for since they were last compared.
    """
    day, today = first_day(tx, account_id), business_day(now)
    states = _states(tx, account_id)
    again = _waiting(tx, account_id) | _changed(tx, account_id)
    banked = _bank_days(tx, account_id) if bank_feed else frozenset(states)
    while day is not None and day < today:
        known = states.get(day)
        unsettled = known is None or (statements and known != "complete")
        if unsettled or day in again or day not in banked:
            yield day
        day += DAY


def _states(tx: Session, account_id: uuid.UUID) -> dict[date, str]:
    rows = select(AccountDay.day, AccountDay.state).where(AccountDay.account_id == account_id)
    return {row.day: row.state for row in tx.execute(rows)}


def _waiting(tx: Session, account_id: uuid.UUID) -> frozenset[date]:
    timing = select(Break.day).where(
        Break.account_id == account_id, Break.state == "open", Break.timing
    )
    return frozenset(tx.scalars(timing))


def _changed(tx: Session, account_id: uuid.UUID) -> frozenset[date]:
    looked = {
        row.day: row.reconciled_at
        for row in tx.execute(
            select(AccountDay.day, AccountDay.reconciled_at).where(
                AccountDay.account_id == account_id
            )
        )
    }
    if not looked:
        return frozenset()
    recent = Movement.book_day >= business_day(max(looked.values())) - LOOK_BACK
    rows = tx.execute(last_told(account_id, recent))
    return frozenset(day for day, told in rows if day in looked and told > looked[day] - IN_FLIGHT)


def _bank_days(tx: Session, account_id: uuid.UUID) -> frozenset[date]:
    complete = select(Statement.day).where(
        Statement.account_id == account_id, Statement.leg == BANK, Statement.complete
    )
    return frozenset(tx.scalars(complete))


def hands_in(tx: Session, account_id: uuid.UUID) -> bool:
    """Whether somebody hands in the files that confirm the account's money, so that its days await
    them. Statements of the bank where its payouts arrive confirm nothing of a day."""
    confirmed = select(Upload.id).where(
        Upload.account_id == account_id,
        Upload.state != "offered",
        or_(Upload.means == SETTLEMENT, ~_tells_of_payouts()),
    )
    return tx.scalar(confirmed.limit(1)) is not None


def _tells_of_payouts() -> ColumnElement[bool]:
    return exists().where(Statement.upload_id == Upload.id, Statement.leg == BANK)


def is_complete(tx: Session, account_id: uuid.UUID, leg: str, day: date) -> bool:
    """Whether a file that says it is complete has arrived for `day`."""
    found = select(Statement.id).where(
        Statement.account_id == account_id,
        Statement.leg == leg,
        Statement.day == day,
        Statement.complete,
    )
    return tx.scalar(found.limit(1)) is not None


def is_begun(tx: Session, account_id: uuid.UUID, leg: str, day: date) -> bool:
    """Whether any file at all has arrived for `day`."""
    found = select(Statement.id).where(
        Statement.account_id == account_id, Statement.leg == leg, Statement.day == day
    )
    return tx.scalar(found.limit(1)) is not None
