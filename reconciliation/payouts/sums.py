"""What payouts carry, from the shares of files: it costs files, however many lines there are."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments.provider import Control
from reconciliation.models import SETTLEMENT, Statement, StatementLine
from reconciliation.payouts.models import (
    JOINT,
    NAMED,
    StatementShare,
    carrier_of_payout,
    carrier_of_share,
)
from reconciliation.sides import (
    Rows,
    is_payout,
)

#: References asked for by one statement; SQLite allows 32,766 parameters.
CHUNK = 5_000

NOTHING = Control(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout's line with what it carries: `difference` is what it pays less what its lines make,
    None where nobody says which lines those are."""

    id: uuid.UUID
    line_ref: str
    day: date
    file_day: date
    currency: str
    carried: Control
    difference: int | None
    second: bool = False


def payouts(tx: Session, account_id: uuid.UUID, *which: ColumnElement[bool]) -> Sequence[Payout]:
    """The payouts of an account that fulfil `which`, with what they carry; joint ones of a file as one.
    Of several with one reference the first whose sum is right carries the lines, or else the first;
    the others are `second` and carry nothing."""
    rows = _rows(tx, account_id, *which)
    carried = carried_by(tx, account_id, {row.carrier for row in rows})
    return [one for alike in _alike(rows) for one in _told(alike, carried)]


def _rows(tx: Session, account_id: uuid.UUID, *which: ColumnElement[bool]) -> Sequence[Any]:
    """The payouts asked for, and the others under the same reference."""
    ours = (
        StatementLine.account_id == account_id,
        is_payout(),
    )
    file = Statement.id == StatementLine.statement_id
    asked = select(carrier_of_payout()).select_from(StatementLine).join(Statement, file)
    references = sorted(
        {one for one in tx.scalars(asked.where(*ours, *which).distinct()) if one is not None}
    )
    query = select(
        StatementLine.id,
        StatementLine.statement_id,
        carrier_of_payout().label("carrier"),
        StatementLine.line_ref,
        StatementLine.book_day,
        Statement.day,
        Statement.paid_by,
        StatementLine.currency,
        StatementLine.net,
    ).join(Statement, file)
    in_order = (StatementLine.book_day, StatementLine.line_ref, StatementLine.occurrence)
    found: list[Any] = []
    for start in range(0, len(references), CHUNK):
        some = carrier_of_payout().in_(references[start : start + CHUNK])
        found += tx.execute(query.where(*ours, some).order_by(*in_order))
    return found


def _alike(rows: Iterable[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """Payouts under the same reference; each is a list, of one but for joint ones."""
    found: defaultdict[str, defaultdict[object, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.carrier][row.statement_id if row.paid_by == JOINT else row.id].append(row)
    return (list(alike.values()) for alike in found.values())


def _told(
    alike: Sequence[Sequence[Any]], carried: Mapping[tuple[str, str], Control]
) -> Iterator[Payout]:
    makes = [_makes(rows[0], carried) for rows in alike]
    paid = [-sum(row.net for row in rows) for rows in alike]
    agree = (n for n, one in enumerate(makes) if one is not None and one.net == paid[n])
    first = next(agree, 0)
    for number, rows in enumerate(alike):
        second = number != first and makes[number] is not None
        told = NOTHING if second else makes[number]
        off = None if told is None else paid[number] - told.net
        row = rows[0]
        yield Payout(
            row.id, row.line_ref, row.book_day, row.day, row.currency, told or NOTHING, off, second
        )


def _makes(row: Any, carried: Mapping[tuple[str, str], Control]) -> Control | None:
    """What its lines make; None where nobody says which lines those are."""
    return carried.get((row.carrier, row.currency), None if row.paid_by == NAMED else NOTHING)


def carried_by(
    tx: Session, account_id: uuid.UUID, references: Collection[str]
) -> dict[tuple[str, str], Control]:
    """(reference, currency) → what the lines that a payout carries make."""
    found: dict[tuple[str, str], Control] = {}
    for batch, currency, *sums in _shares(tx, account_id, sorted(references)):
        key = batch, currency
        found[key] = found.get(key, NOTHING) + Control(*sums)
    return found


def _shares(tx: Session, account_id: uuid.UUID, references: Sequence[str]) -> Iterator[Any]:
    for start in range(0, len(references), CHUNK):
        yield from tx.execute(
            shares_of(account_id).where(carrier_of_share().in_(references[start : start + CHUNK]))
        )


def shares_of(account_id: uuid.UUID) -> Rows:
    """SQL: (reference of the payout, currency, count, gross, fee, net) of every share of an account."""
    share = StatementShare
    return (
        select(carrier_of_share(), share.currency, share.count, share.gross, share.fee, share.net)
        .select_from(share)
        .join(Statement, Statement.id == share.statement_id)
        .where(Statement.account_id == account_id, Statement.leg == SETTLEMENT)
    )
