"""Arrivals of payouts beside what the company announced, and beside what earlier files told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.bulk import in_chunks
from payments.models import MerchantAccount
from reconciliation.models import BANK, StatementLine
from reconciliation.sides import is_payout
from reconciliation.uploads.arriving import Arrival, arrived
from reconciliation.uploads.meaning import Row
from reconciliation.uploads.recording import ANNOUNCED, ARRIVED, KNOWN, LEFT_OUT


def fates_of(tx: Session, account: MerchantAccount, rows: Sequence[Row]) -> list[str]:
    """What becomes of each of `rows` (`arriving.arrivals_of`): the arrival of a payout that the company
    has announced by now, another arrival, or nothing."""
    ours: set[str | None] = set()
    for refs in in_chunks(row.payout for row in arrived(rows)):
        ours.update(_announced(tx, account, refs))
    return [_fate(row, ours) for row in rows]


def _fate(row: Row, ours: Collection[str | None]) -> str:
    if not isinstance(row, Arrival):
        return LEFT_OUT
    return ANNOUNCED if row.payout in ours else ARRIVED


def _announced(tx: Session, account: MerchantAccount, refs: Sequence[str]) -> Sequence[str | None]:
    payouts = select(StatementLine.rail_ref).where(
        StatementLine.account_id == account.id, is_payout(), StatementLine.rail_ref.in_(refs)
    )
    return tx.scalars(payouts).all()


def beside_earlier(
    tx: Session, account: MerchantAccount, rows: Sequence[Row]
) -> tuple[tuple[Arrival, ...], Counter[str]]:
    """The arrivals among `rows`, and how many of `rows` become what. One that an earlier file told of
    stays with the payout that was read in its text then: a mapping that was changed since must not
    make a second credit of it."""
    arrivals, counted = arrived(rows), Counter(fates_of(tx, account, rows))
    known = _known(tx, account, arrivals)
    counted[KNOWN] = sum(_place(row) in known for row in arrivals)
    return tuple(
        replace(row, payout=known.get(_place(row), row.payout)) for row in arrivals
    ), counted


_Place = tuple[str, datetime, int]


def _place(row: Row) -> _Place:
    line = row.line()
    return line.line_ref, line.event_at, line.gross


def _known(tx: Session, account: MerchantAccount, arrivals: Sequence[Arrival]) -> dict[_Place, str]:
    found: dict[_Place, str] = {}
    for refs in in_chunks(row.line().line_ref for row in arrivals):
        stored = select(StatementLine).where(
            StatementLine.account_id == account.id,
            StatementLine.leg == BANK,
            StatementLine.line_ref.in_(refs),
        )
        for line in tx.scalars(stored):
            if line.rail_ref is not None:
                found[line.line_ref, line.event_at, line.gross] = line.rail_ref
    return found
