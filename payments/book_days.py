"""Which day a row is booked on: the day it happened, while that day's book is open.

A day of an operator is open, closing (nothing new goes in, what is on its way still arrives) or closed
(certified). Today is always open: a day can only be closed after it has ended, so whoever books
what happens now asks nobody. Late facts go to the first open day after theirs, and keep both times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ColumnElement, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments.db import Base, business_day, insert_once
from payments.errors import Conflict

#: A movement told of later than this is booked on the day we learned of it.
BOOKING_WINDOW = timedelta(days=7)

ONE_DAY = timedelta(days=1)

CLOSING, CLOSED = "closing", "closed"


class BookDay(Base):
    """A business day of an operator that takes no new rows; a day without a row is open. `since`: when
    it stopped taking rows, or was certified."""

    __tablename__ = "book_day"

    operator: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str]
    since: Mapped[datetime]

    __table_args__ = (CheckConstraint("state IN ('closing', 'closed')", name="state"),)


def book_day(tx: Session, operator: str, event_at: datetime, now: datetime) -> date:
    """The provider's local day, or the first open day after it, when it is at most seven days from
    today; else today."""
    happened, today = business_day(event_at), business_day(now)
    if happened == today or abs(happened - today) > BOOKING_WINDOW:
        return today
    return first_open(tx, operator, happened, now)


def first_open(tx: Session, operator: str, day: date, now: datetime) -> date:
    """`day`, or the first open day after it; today and what comes after it are open."""
    return first_open_of(tx, operator, [day], now)[day]


def first_open_of(
    tx: Session, operator: str, days: Iterable[date], now: datetime
) -> Mapping[date, date]:
    """Each of `days` → `first_open` of it, by one question, or none when all are today."""
    wanted, today = set(days), business_day(now)
    past = [day for day in wanted if day < today]
    taken = _not_open(tx, operator, min(past), today) if past else frozenset()
    return {day: _first_open(day, taken) for day in wanted}


def any_stopped(tx: Session, operator: str) -> bool:
    """Whether a day of `operator` takes no new rows, so that it matters which days are asked about."""
    return tx.scalar(select(BookDay.day).where(BookDay.operator == operator).limit(1)) is not None


def _not_open(tx: Session, operator: str, since: date, before: date) -> frozenset[date]:
    rows = select(BookDay.day).where(
        BookDay.operator == operator, BookDay.day >= since, BookDay.day < before
    )
    return frozenset(tx.scalars(rows))


def _first_open(day: date, taken: frozenset[date]) -> date:
    while day in taken:
        day += ONE_DAY
    return day


def takes_no_rows(operator: ColumnElement[str], day: ColumnElement[date]) -> ColumnElement[bool]:
    """SQL: `day` of `operator` is closing or closed."""
    row = select(BookDay.day).where(BookDay.operator == operator, BookDay.day == day)
    return row.exists()


def refuse_running(day: date, now: datetime) -> None:
    """Raises `Conflict` for a day that has not ended."""
    if day >= business_day(now):
        raise Conflict("%(day)s has not ended yet; a day can be closed once it is over.", day=day)


def stop(tx: Session, operator: str, day: date, now: datetime) -> None:
    """Let nothing new be booked on `day` from the end of this transaction on.

    Raises `Conflict` for a day that has not ended, and for one that is not open.
    """
    refuse_running(day, now)
    row = BookDay(operator=operator, day=day, state=CLOSING, since=now)
    if not insert_once(tx, row):
        raise Conflict(
            "%(day)s of %(operator)s is closing or closed already.", day=day, operator=operator
        )


def certify(tx: Session, operator: str, day: date, now: datetime) -> None:
    """`day`, which was closing, is closed."""
    mine = (BookDay.operator == operator, BookDay.day == day, BookDay.state == CLOSING)
    tx.execute(update(BookDay).where(*mine).values({"state": CLOSED, "since": now}))


def open_again(tx: Session, operator: str, day: date) -> None:
    """From the end of this transaction on `day` takes rows again."""
    tx.execute(delete(BookDay).where(BookDay.operator == operator, BookDay.day == day))
