"""Payouts: what files bring to them is what their lines make, and each agrees with it or is a break."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from payments.provider import Control, LineKind
from reconciliation.days import is_complete
from reconciliation.models import (
    PAYOUT,
    SETTLEMENT,
    AccountDay,
    Break,
    Statement,
    StatementLine,
)
from reconciliation.payouts.carrying import next_batch
from reconciliation.payouts.models import LATER, PayoutBatch, StatementShare
from reconciliation.payouts.sums import Payout, payouts
from reconciliation.proofs.violation import Violation
from reconciliation.sides import Rows, is_live

SHARES, PAYOUTS = "shares_equal_their_lines", "payouts_equal_their_lines"


def shares_equal_their_lines(tx: Session) -> Iterator[Violation]:
    """What each file brings to each payout is what its lines make, and a file without a payout is
    carried by the next one."""
    for name, batch in tx.execute(_differing_shares()).all():
        yield Violation(SHARES, f"statement_share {name} {batch}", "its lines make another sum")
    following = next_batch()
    strays = select(Statement.name, Statement.batch, following).where(
        Statement.leg == SETTLEMENT,
        Statement.paid_by == LATER,
        Statement.batch.is_distinct_from(following),
        _compared_since(Statement.account_id),
    )
    for name, batch, wanted in tx.execute(strays).all():
        found = f"carried by {batch or 'none'}, the next payout is {wanted or 'none'}"
        yield Violation(SHARES, f"statement {name}", found)


def _differing_shares() -> Rows:
    """(file, reference of the payout) where sums of lines and share together do not cancel out."""
    both = union_all(_of_lines(), _of_shares()).subquery()
    sums = [sql.sum(both.c[name]) for name in ("count", "gross", "fee", "net")]
    differing: ColumnElement[bool] = sums[0] != 0
    for one in sums[1:]:
        differing = differing | (one != 0)
    return (
        select(Statement.name, both.c.batch)
        .join(Statement, Statement.id == both.c.statement_id)
        .group_by(Statement.name, both.c.statement_id, both.c.batch, both.c.currency)
        .having(differing)
    )


def _of_lines() -> Rows:
    line = StatementLine
    return select(
        line.statement_id,
        sql.coalesce(line.batch, "").label("batch"),
        line.currency,
        literal(1).label("count"),
        line.gross.label("gross"),
        line.fee.label("fee"),
        line.net.label("net"),
    ).where(line.leg == SETTLEMENT, line.kind != LineKind.PAYOUT.value)


def _of_shares() -> Rows:
    share = StatementShare
    return select(
        share.statement_id, share.batch, share.currency, -share.count, -share.gross, -share.fee,
        -share.net,
    )  # fmt: skip


def _compared_since(account_id: Any) -> ColumnElement[bool]:
    """Some day of the account was compared after the statement came."""
    return (
        select(AccountDay.day)
        .where(
            AccountDay.account_id == account_id,
            AccountDay.day >= Statement.day,
            AccountDay.reconciled_at >= Statement.received_at,
        )
        .correlate(Statement)
        .exists()
    )


def payouts_equal_their_lines(tx: Session) -> Iterator[Violation]:
    """Every payout of a complete and compared file pays what its lines make, or stands in one
    difference that says how much it is off."""
    compared = and_(_compared_since(StatementLine.account_id), Statement.complete)
    for account_id in tx.scalars(select(MerchantAccount.id)).all():
        batches, breaks = _batches(tx, account_id), _breaks(tx, account_id)
        for payout in payouts(tx, account_id, compared):
            claims = batches[payout.id], breaks[payout.id]
            found = _unjudged(tx, account_id, payout, *claims) or _doubt(payout, *claims)
            if found:
                yield Violation(PAYOUTS, f"statement_line {payout.line_ref}", found)


def _batches(tx: Session, account_id: uuid.UUID) -> Mapping[uuid.UUID, Sequence[PayoutBatch]]:
    found: defaultdict[uuid.UUID, list[PayoutBatch]] = defaultdict(list)
    for row in tx.scalars(select(PayoutBatch).where(PayoutBatch.account_id == account_id)):
        found[row.payout_id].append(row)
    return found


def _breaks(tx: Session, account_id: uuid.UUID) -> Mapping[uuid.UUID, Sequence[Break]]:
    found: defaultdict[uuid.UUID, list[Break]] = defaultdict(list)
    live = select(Break).where(Break.account_id == account_id, Break.leg == PAYOUT, is_live())
    for row in tx.scalars(live):
        if row.payout_id is not None:
            found[row.payout_id].append(row)
    return found


def _unjudged(
    tx: Session,
    account_id: uuid.UUID,
    payout: Payout,
    batches: Sequence[PayoutBatch],
    breaks: Sequence[Break],
) -> str | None:
    claims = len(batches) + len(breaks)
    due = not claims and payout.difference is not None
    if claims > 1 or (due and is_complete(tx, account_id, SETTLEMENT, payout.file_day)):
        return f"claimed {claims} times on payout"
    return None


def _doubt(payout: Payout, batches: Sequence[PayoutBatch], breaks: Sequence[Break]) -> str | None:
    for batch in batches:
        stored = Control(batch.count, batch.gross, batch.fee, batch.net)
        if stored != payout.carried or payout.difference:
            return f"matched with {stored.net}, its lines make {payout.carried.net}"
    for row in breaks:
        if row.state == "open" and row.difference != payout.difference:
            return f"said to be off by {row.difference}, is off by {payout.difference}"
    return None
