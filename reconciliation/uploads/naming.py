"""Rows that the bank booked on a later day than they were made.

A transfer's name holds the day it was made (`payments.bank_transfers`), but a statement may know
only the day it was booked: after the bank's hours, and over a weekend, that is a later one. Such a
row is the transfer a feed told of, not a second one for which money would go back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.bank_transfers import transfer_ref
from payments.bulk import in_chunks
from payments.models import MerchantAccount, Movement
from payments.provider import MovementKind
from reconciliation.models import SETTLEMENT, StatementLine
from reconciliation.uploads.meaning import Row

#: A weekend and two holidays: booked so many days later at most.
LATEST = 4


def under_known_names(
    tx: Session, account: MerchantAccount, rows: Sequence[Row]
) -> tuple[Row, ...]:
    """`rows`, those under the name of a known movement that are it: reference, amount and direction
    agree, it was made at most `LATEST` days earlier, and no row of its own day claims it."""
    earlier = {row.rail_ref: _earlier(row) for row in rows if row.kind is not None}
    names = {*earlier, *(name for made in earlier.values() for name in made)}
    known = _known(tx, account, names)
    claimed = {row.rail_ref for row in rows} | _claimed(tx, account, earlier.values())
    return tuple(
        replace(row, rail_ref=_name(row, earlier[row.rail_ref], known, claimed))
        if row.kind is not None
        else row
        for row in rows
    )


def _earlier(row: Row) -> dict[str, date]:
    """The names the row would have, had it been made some days earlier, with that day."""
    days = (row.entry.booked_on - timedelta(days=n) for n in range(1, LATEST + 1))
    named = {transfer_ref(row.entry.reference, day, abs(row.entry.amount)): day for day in days}
    return {name: day for name, day in named.items() if name}


def _name(
    row: Row, earlier: dict[str, date], known: set[tuple[str, str]], claimed: set[str]
) -> str:
    if (row.kind, row.rail_ref) in known:
        return row.rail_ref
    free = (name for name in earlier if (row.kind, name) in known and name not in claimed)
    return next(free, row.rail_ref)


def _known(tx: Session, account: MerchantAccount, names: Iterable[str]) -> set[tuple[str, str]]:
    """Kind and name of the movements among `names`."""
    found: set[tuple[str, str]] = set()
    for some in in_chunks(names):
        query = select(Movement.kind, Movement.rail_ref).where(
            Movement.account_id == account.id,
            Movement.kind.in_([kind.value for kind in MovementKind]),
            Movement.rail_ref.in_(some),
        )
        found |= {(row.kind, row.rail_ref) for row in tx.execute(query)}
    return found


def _claimed(tx: Session, account: MerchantAccount, earlier: Iterable[dict[str, date]]) -> set[str]:
    """The names under which a stored line of that very day stands."""
    made = {name: day for names in earlier for name, day in names.items()}
    found: set[str] = set()
    for some in in_chunks(made):
        query = select(StatementLine.rail_ref, StatementLine.book_day).where(
            StatementLine.account_id == account.id,
            StatementLine.leg == SETTLEMENT,
            StatementLine.rail_ref.in_(some),
        )
        found |= {name for name, day in tx.execute(query) if name and made[name] == day}
    return found
