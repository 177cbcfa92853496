"""What people decide about money that no movement tells: written off, passed on as a fee, carried to
suspense. An adjustment is one transfer with a cause in words of the caller (``break:<id>``); taking
it back is another one the other way round, linked by its cause. Nothing is ever changed or deleted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.db import business_day
from payments.errors import Conflict, NotFound
from payments.ledger import ADJUSTED, ADJUSTMENT_UNDONE, Entry
from payments.models import Transfer
from payments.money import Money

#: Beginning of the cause of a transfer that takes back the one named behind it.
UNDO = "undo:"


def adjust(
    tx: Session, operator: str, entry: Entry, money: Money, cause: str, now: datetime
) -> Transfer:
    """Book `money` (> 0) from `entry.credit` to `entry.debit` for `cause`, on the day of `now`.

    The same adjustment again is the one that stands. Raises `Conflict` when `cause` stands for
    another one: an adjustment is taken back and made anew under a cause of its own.
    """
    made = Transfer(
        operator=operator,
        kind=entry.kind,
        debit=entry.debit,
        credit=entry.credit,
        amount=money.amount,
        currency=money.currency,
        cause=cause,
        book_day=business_day(now),
        recorded_at=now,
    )
    known = caused_by(tx, cause)
    if known is None:
        tx.add(made)
        tx.flush()
        return made
    if _substance(known) != _substance(made):
        raise Conflict("%(cause)s was booked before, as something else.", cause=cause)
    return known


def adjustment(debit: str, credit: str) -> Entry:
    """The entry that moves money from `credit` to `debit` because somebody decided so."""
    return Entry(ADJUSTED, debit, credit)


def undo(tx: Session, cause: str, now: datetime) -> Transfer:
    """Take back the adjustment made for `cause`; again is harmless. Raises `NotFound` without one."""
    made = caused_by(tx, cause)
    if made is None:
        raise NotFound("Nothing was booked for %(cause)s.", cause=cause)
    back = Entry(ADJUSTMENT_UNDONE, made.credit, made.debit)
    money = Money(made.amount, made.currency)
    return adjust(tx, made.operator, back, money, UNDO + cause, now)


def caused_by(tx: Session, cause: str) -> Transfer | None:
    """The transfer that was booked for `cause`."""
    return tx.scalar(select(Transfer).where(Transfer.cause == cause))


def _substance(transfer: Transfer) -> tuple[object, ...]:
    return (
        transfer.operator, transfer.kind, transfer.debit, transfer.credit,
        transfer.amount, transfer.currency,
    )  # fmt: skip
