"""A few rows of a statement into the books, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount, Movement
from payments.provider import MovementKind
from payments.service import record
from reconciliation.uploads.meaning import Row
from reconciliation.witnesses import STATEMENT

#: What a row can become, in the order people ask; `known` counts those of them that somebody had
#: told of before.
PAYMENT, SUSPENSE, REFUND, REVERSAL, OTHER = "payment", "suspense", "refund", "reversal", "other"
FATES = (PAYMENT, SUSPENSE, REFUND, REVERSAL, OTHER)
#: Likewise of an account that a company pays out (`announced`).
ANNOUNCED, ARRIVED, LEFT_OUT = "announced", "arrived", "left_out"
PAYOUT_FATES = (ANNOUNCED, ARRIVED, LEFT_OUT)
KNOWN = "known"


def record_rows(
    tx: Session, account: MerchantAccount, rows: Sequence[Row], now: datetime
) -> Counter[str]:
    """Record the money of `rows`; what became of them, counted."""
    known = _known(tx, account, rows)
    tally: Counter[str] = Counter()
    for row in rows:
        told = row.notice()
        if told is None or row.kind is None:
            tally[OTHER] += 1
            continue
        found = record(tx, account, told, now, source=STATEMENT, raw=row.words())
        tally[fate(row.kind, named=found.payment_id is not None)] += 1
        tally[KNOWN] += (row.kind.value, row.rail_ref, row.occurrence) in known
    return tally


def fate(kind: MovementKind | None, *, named: bool) -> str:
    """What a row of `kind` becomes; `named`: its text names exactly one payment or refund of ours."""
    if kind is MovementKind.RECEIPT:
        return PAYMENT if named else SUSPENSE
    if kind is MovementKind.REFUND:
        return REFUND
    return REVERSAL if kind is MovementKind.REVERSAL else OTHER


def _known(
    tx: Session, account: MerchantAccount, rows: Sequence[Row]
) -> frozenset[tuple[str, str, int]]:
    """Kind, name and number of the movements among `rows` that are in the books already."""
    found = select(Movement.kind, Movement.rail_ref, Movement.occurrence).where(
        Movement.account_id == account.id,
        Movement.kind.in_([kind.value for kind in MovementKind]),
        Movement.rail_ref.in_({row.rail_ref for row in rows}),
    )
    return frozenset((row.kind, row.rail_ref, row.occurrence) for row in tx.execute(found))
