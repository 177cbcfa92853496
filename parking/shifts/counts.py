"""The count of a shift as the statement of its till.

A payment is confirmed because somebody counted the till it went into: lines exist of counted shifts
only. A shift that crossed midnight speaks for each day it touched; its difference stands on the day
it was closed. A day is complete once it is over and no shift that touched it is open, so a day
without a shift is complete as well: there was nothing to count.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import CompoundSelect, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.shifts.models import CashEntry, CashReturn, Shift
from payments import settlement
from payments.db import CITY_ZONE, business_day
from payments.models import MerchantAccount, Movement
from payments.provider import CASH, MovementKind, StatementFile, StatementLine
from payments.providers.cash import CURRENCY, count_file, counted_line, difference_line
from payments.settlement import Settled
from reconciliation.days import DAY
from reconciliation.models import SETTLEMENT, Statement
from reconciliation.storing import accept
from reconciliation.turns import alone


def hand_in(tx: Session, shift: Shift, now: datetime) -> None:
    """Book the difference of a shift that is closed now, and write its count down as the statement
    of every day it touched."""
    account = tx.get_one(MerchantAccount, shift.account_id)
    alone(tx, account.id)
    lines = _lines(tx, shift)
    last = business_day(now)
    if shift.difference:
        name, note = count_name(tx, account.id), shift.note or ""
        _book(tx, account, name, shift.difference, now)
        lines[last].append(difference_line(name, shift.difference, note, now))
    for day in days_between(business_day(shift.opened_at), last + DAY):
        file = _file(account, shift, day, lines[day], now)
        accept(tx, account.id, SETTLEMENT, day, file, now)
    finish_days(tx, account, now)


def count_name(tx: Session, account_id: uuid.UUID) -> str:
    """What statement and books call the last count of a till: its shifts are numbered as they are
    closed. The caller has the account's turn, or knows that nobody closes another."""
    closed = select(sql.count(Shift.id)).where(
        Shift.account_id == account_id, Shift.closed_at.is_not(None)
    )
    return f"count-{tx.scalar(closed)}"


def _lines(tx: Session, shift: Shift) -> defaultdict[date, list[StatementLine]]:
    """Book day → what was taken, given back and refunded on it."""
    moved = tx.scalars(
        select(Movement)
        .where(Movement.id.in_(_moved_in(shift.id)), Movement.account_id == shift.account_id)
        .order_by(Movement.event_at, Movement.id)
    )
    found: defaultdict[date, list[StatementLine]] = defaultdict(list)
    for row in moved:
        line = counted_line(row.rail_ref, MovementKind(row.kind), row.amount, row.event_at)
        found[row.book_day].append(line)
    return found


def _moved_in(shift_id: uuid.UUID) -> CompoundSelect[uuid.UUID]:
    """SQL: the ids of the movements in the till of a shift: its cash payments, what went back of them
    as a mistake, and the refunds that were paid in it."""
    taken = select(Movement.id).join(CashEntry, CashEntry.payment_id == Movement.payment_id)
    refunded = select(Movement.id).join(CashReturn, CashReturn.refund_id == Movement.refund_id)
    return union_all(
        taken.where(CashEntry.shift_id == shift_id, Movement.refund_id.is_(None)),
        refunded.where(CashReturn.shift_id == shift_id),
    )


def _book(tx: Session, account: MerchantAccount, name: str, difference: int, now: datetime) -> None:
    kind = MovementKind.COUNT_OVER if difference > 0 else MovementKind.COUNT_SHORT
    settled = Settled(kind, name, 1, abs(difference), CURRENCY, now)
    settlement.book(tx, account, [settled], now)


def _file(
    account: MerchantAccount,
    shift: Shift,
    day: date,
    lines: Sequence[StatementLine],
    now: datetime,
) -> StatementFile:
    content = {
        "account": account.slug,
        "day": day,
        "shift": shift.id,
        "opened_at": shift.opened_at,
        "closed_at": now,
        "opening": shift.opening,
        "expected": shift.expected,
        "counted": shift.counted,
        "lines": [(line.line_ref, line.gross, line.event_at) for line in lines],
    }
    at = now.astimezone(CITY_ZONE)
    name = f"{account.slug}-{day}-count-{at:%Y%m%d-%H%M%S}.json"
    return count_file(name, day, lines, _bytes(content), complete=False)


def _bytes(content: dict[str, object]) -> bytes:
    return json.dumps(content, default=str).encode()


def finish_days(tx: Session, account: MerchantAccount, now: datetime) -> int:
    """Say of every day that is over and that no open shift touched that no count is to come; how
    many days. The caller has the account's turn."""
    days = list(_finished(tx, account.id, now))
    for day in days:
        content: dict[str, object] = {"account": account.slug, "day": day, "complete": True}
        name = f"{account.slug}-{day}-all-counted.json"
        file = count_file(name, day, (), _bytes(content), complete=True)
        accept(tx, account.id, SETTLEMENT, day, file, now)
    return len(days)


def _finished(tx: Session, account_id: uuid.UUID, now: datetime) -> Iterator[date]:
    of_account = Shift.account_id == account_id
    first, working = tx.execute(
        select(
            sql.min(Shift.opened_at),
            sql.min(Shift.opened_at).filter(Shift.closed_at.is_(None)),
        ).where(of_account)
    ).one()
    told = tx.scalar(
        select(sql.max(Statement.day)).where(
            Statement.account_id == account_id, Statement.leg == SETTLEMENT, Statement.complete
        )
    )
    if first is not None:
        since = told + DAY if told else business_day(first)
        yield from days_between(since, business_day(working or now))


def days_between(since: date, until: date) -> Iterator[date]:
    """The days from `since` until before `until`."""
    while since < until:
        yield since
        since += DAY


def finish_all(db: sessionmaker[Session], now: datetime) -> int:
    """`finish_days` for every till in use, before days are reconciled; how many account-days."""
    with db() as tx:
        tills = tx.scalars(
            select(MerchantAccount.id).where(
                MerchantAccount.provider == CASH, MerchantAccount.retired_at.is_(None)
            )
        ).all()
    finished = 0
    for account_id in tills:
        with db.begin() as tx:
            alone(tx, account_id)
            finished += finish_days(tx, tx.get_one(MerchantAccount, account_id), now)
    return finished
