"""What only a provider's statement tells: the fee it kept, the money it passed on to the bank, and by
how much the count of a till differs from its receipts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, case, insert, literal, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from payments import ledger
from payments.book_days import any_stopped, first_open_of
from payments.bulk import Ids
from payments.db import UtcDateTime, business_day, new_id
from payments.models import MerchantAccount, Movement, Payment, Refund, Transfer
from payments.provider import MovementKind

#: Number, rail_ref, occurrence, amount, currency, event_at, book_day, payment_id.
SettledRow = tuple[int, str, int, int, str, datetime, date, uuid.UUID | None]

#: Movements inserted by one statement; SQLite allows 32,766 parameters.
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Settled:
    """A fee or a count's difference (`rail_ref`: the settlement line's own reference) or a payout
    (`rail_ref`: the batch's).

    `amount` > 0, minor units. `payment_id` names the payment a fee was charged for, if it is known.
    """

    kind: MovementKind
    rail_ref: str
    occurrence: int
    amount: int
    currency: str
    event_at: datetime
    payment_id: uuid.UUID | None = None


def book(
    tx: Session, account: MerchantAccount, settled: Iterable[Settled], now: datetime
) -> frozenset[date]:
    """Write a movement and its transfer for each of `settled` that is not in the books yet; the
    days they were booked on. A repeat is harmless: a movement's key is unique for ever."""
    entries = list(settled)
    told_for = (business_day(entry.event_at) for entry in entries)
    open_days = first_open_of(tx, account.operator, told_for, now)
    movements = [_movement(account, entry, open_days, now) for entry in entries]
    booked: set[date] = set()
    for start in range(0, len(movements), CHUNK):
        booked |= _book(tx, account, movements[start : start + CHUNK])
    return frozenset(booked)


def _movement(
    account: MerchantAccount, entry: Settled, open_days: Mapping[date, date], now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "account_id": account.id,
        "kind": entry.kind.value,
        "rail_ref": entry.rail_ref,
        "occurrence": entry.occurrence,
        "amount": entry.amount,
        "currency": entry.currency,
        "payment_id": entry.payment_id,
        "refund_id": None,
        "event_at": entry.event_at,
        "recorded_at": now,
        # a statement speaks for its own business day, however late it is read: a day is closed after
        # its file has come, so a fee stands on the day of the receipt it was kept from
        "book_day": open_days[business_day(entry.event_at)],
    }


def _book(tx: Session, account: MerchantAccount, rows: Sequence[dict[str, Any]]) -> set[date]:
    insert_new = _insert(tx).on_conflict_do_nothing().returning(Movement.id)
    new = set(tx.scalars(insert_new, rows))
    booked = [row for row in rows if row["id"] in new]
    if booked:
        tx.execute(insert(Transfer), [ledger.transfer_of(account, row) for row in booked])
    return {row["book_day"] for row in booked}


def _insert(tx: Session) -> Any:
    """SQL: an INSERT of movements in the words of the database, both of which know ON CONFLICT."""
    dialect = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(Movement)


def book_all(
    tx: Session,
    account: MerchantAccount,
    kind: MovementKind,
    rows: Select[*SettledRow],
    now: datetime,
) -> frozenset[date]:
    """As `book`, for movements of one `kind` that the database itself can name and has numbered."""
    found, ids = rows.subquery(), Ids()
    number, rail_ref, occurrence, amount, currency, event_at, book_day, payment_id = found.c
    movement: dict[str, ColumnElement[Any]] = {
        "id": ids.at(tx, number),
        "account_id": literal(account.id),
        "kind": literal(kind.value),
        "rail_ref": rail_ref,
        "occurrence": occurrence,
        "amount": amount,
        "currency": currency,
        "payment_id": payment_id,
        "event_at": event_at,
        "recorded_at": literal(now, UtcDateTime),
        "book_day": _open_day(tx, account.operator, book_day, now),
    }
    # `true`: without a condition SQLite takes ON CONFLICT for a join's ON
    made = select(*movement.values()).where(true())
    write = _insert(tx).from_select(list(movement), made).on_conflict_do_nothing()
    tx.connection().execute(write)
    _transfer_all(tx, account, kind, ids)
    return frozenset(tx.scalars(select(Movement.book_day).where(ids.made(Movement.id)).distinct()))


def _open_day(
    tx: Session, operator: str, day: ColumnElement[date], now: datetime
) -> ColumnElement[date]:
    """SQL: `day`, or the first open day after it."""
    if not any_stopped(tx, operator):
        return day
    told_for = tx.scalars(select(day).distinct()).all()
    open_days = first_open_of(tx, operator, told_for, now)
    later = {old: literal(new, Date) for old, new in open_days.items() if new != old}
    return case(later, value=day, else_=day) if later else day


def _transfer_all(tx: Session, account: MerchantAccount, kind: MovementKind, ids: Ids) -> None:
    """The transfers of the movements with these `ids`. What only statements tell is booked alike
    whether its payment is known or not."""
    entry = ledger.entry_for(kind, account, known=False, asked=False)
    transfer: dict[str, ColumnElement[Any]] = {
        "id": Ids().like(tx, Movement.id.expression),
        "operator": literal(account.operator),
        "kind": literal(entry.kind),
        "debit": literal(entry.debit),
        "credit": literal(entry.credit),
        "amount": Movement.amount.expression,
        "currency": Movement.currency.expression,
        "movement_id": Movement.id.expression,
        "book_day": Movement.book_day.expression,
        "recorded_at": Movement.recorded_at.expression,
    }
    made = select(*transfer.values()).where(ids.made(Movement.id))
    tx.connection().execute(insert(Transfer).from_select(list(transfer), made))


def ask_soon(tx: Session, payments: Iterable[uuid.UUID], now: datetime) -> None:
    """Let the next poll ask about these payments, and about their refunds that nobody settled yet:
    a statement told of money that we never heard of."""
    asked = sorted(set(payments))
    for start in range(0, len(asked), CHUNK):
        some = asked[start : start + CHUNK]
        tx.execute(update(Payment).where(Payment.id.in_(some)).values(next_poll_at=now))
        unsettled = Refund.payment_id.in_(some) & (Refund.state == "asked")
        tx.execute(update(Refund).where(unsettled).values(next_poll_at=now))
