"""Payout leg: a payout that pays exactly what its lines make is a match; what differs is a break, and so
is money of lines that nobody has paid out in time."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from payments.db import new_id
from reconciliation.breaks import BreakClass, Finding
from reconciliation.days import is_complete
from reconciliation.explaining import resolve
from reconciliation.matching import MATCHER, RULE_SET
from reconciliation.models import PAYOUT, SETTLEMENT, AssignmentLog, Break, Statement, StatementLine
from reconciliation.opening import write
from reconciliation.payouts.carrying import carry
from reconciliation.payouts.models import PayoutBatch, StatementShare, carrier_of_share
from reconciliation.payouts.sums import Payout, payouts
from reconciliation.payouts.unpaid import open_unpaid, paid_since
from reconciliation.sides import MATCHED, Scope, Sides, is_live, is_payout

#: The rule, and what the log says when a later file made a match of it untrue.
RULE, LAPSE = "batch_sum", "lapse"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many differences were opened, how many resolved."""

    opened: int = 0
    resolved: int = 0


def compare_payouts(tx: Session, scope: Scope) -> Compared:
    """Compare the payouts of the day's files with their lines, and those that carry more than before."""
    if not _has_payouts(tx, scope):
        return Compared()
    touched = carry(tx, scope) | _named_today(tx, scope)
    found = payouts(tx, scope.account_id, _to_look_at(touched))
    due = [one for one in found if one.difference is not None and _is_due(tx, scope, one)]
    claims = _claims(tx, due)
    todo = [one for one in due if one.id not in claims or claims[one.id].state == "open"]
    agreeing = [one for one in todo if one.difference == 0]
    differing = [one for one in todo if one.difference]
    resolved = resolve(
        tx, scope, PAYOUT, MATCHED, or_(Break.payout_id.in_(_ids(agreeing)), paid_since())
    )
    _match(tx, scope, agreeing)
    opened = _open(tx, scope, differing, claims) + open_unpaid(tx, scope)
    return Compared(opened, resolved)


def _ids(some: Iterable[Payout]) -> list[uuid.UUID]:
    return [one.id for one in some]


def _has_payouts(tx: Session, scope: Scope) -> bool:
    found = select(StatementLine.id).where(
        StatementLine.account_id == scope.account_id, is_payout()
    )
    return tx.scalar(found.limit(1)) is not None


def _named_today(tx: Session, scope: Scope) -> frozenset[str]:
    """The references of the payouts that carry lines of the day's files."""
    carrier = carrier_of_share()
    query = (
        select(carrier)
        .select_from(StatementShare)
        .join(Statement, Statement.id == StatementShare.statement_id)
        .where(
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            Statement.day == scope.day,
        )
    )
    return frozenset(batch for batch in tx.scalars(query.distinct()) if batch is not None)


def _to_look_at(touched: Collection[str]) -> ColumnElement[bool]:
    """Payouts that carry something else now, and those that are not matched."""
    batch = aliased(PayoutBatch)
    matched = select(batch.id).where(batch.payout_id == StatementLine.id)
    return or_(StatementLine.rail_ref.in_(sorted(touched)), ~matched.exists())


def _is_due(tx: Session, scope: Scope, payout: Payout) -> bool:
    """Whether every line that the payout carries should have been told: its own file is complete, or
    late."""
    late_at = scope.late_at + (payout.file_day - scope.day)
    return scope.now >= late_at or is_complete(tx, scope.account_id, SETTLEMENT, payout.file_day)


def _claims(tx: Session, some: Iterable[Payout]) -> Mapping[uuid.UUID | None, Break]:
    """Payout → what is said of it: an open difference, or one that a person has explained."""
    live = select(Break).where(Break.leg == PAYOUT, Break.payout_id.in_(_ids(some)), is_live())
    return {row.payout_id: row for row in tx.scalars(live)}


def _match(tx: Session, scope: Scope, agreeing: Sequence[Payout]) -> None:
    """Write down the matches that are not known yet, or whose lines are others now."""
    known = {row.payout_id: row.count for row in _batches(tx, agreeing)}
    new = [one for one in agreeing if known.get(one.id) != one.carried.count]
    _lapse(tx, scope, new)
    for one in new:
        made = _batch(scope, one)
        tx.add_all((made, _log(scope, "match", made)))
    tx.flush()


def _batches(tx: Session, some: Iterable[Payout]) -> Sequence[PayoutBatch]:
    return tx.scalars(select(PayoutBatch).where(PayoutBatch.payout_id.in_(_ids(some)))).all()


def _lapse(tx: Session, scope: Scope, some: Iterable[Payout]) -> None:
    """Take back matches that are not true any more; the log keeps them."""
    for batch in _batches(tx, some):
        tx.add(_log(scope, LAPSE, batch))
        tx.delete(batch)
    tx.flush()


def _batch(scope: Scope, payout: Payout) -> PayoutBatch:
    sums = payout.carried
    return PayoutBatch(
        id=new_id(),
        payout_id=payout.id,
        account_id=scope.account_id,
        count=sums.count,
        gross=sums.gross,
        fee=sums.fee,
        net=sums.net,
        rule=RULE,
        rule_set=RULE_SET,
        matched_at=scope.now,
        matched_by=MATCHER,
    )


def _log(scope: Scope, act: str, batch: PayoutBatch) -> AssignmentLog:
    return AssignmentLog(
        at=scope.now,
        actor=MATCHER,
        act=act,
        leg=PAYOUT,
        line_id=batch.payout_id,
        counterpart_id=batch.id,
        rule=batch.rule,
        rule_set=batch.rule_set,
    )


def _open(
    tx: Session,
    scope: Scope,
    differing: Sequence[Payout],
    claims: Mapping[uuid.UUID | None, Break],
) -> int:
    _lapse(tx, scope, differing)
    said = {payout_id: (row.kind, row.difference) for payout_id, row in claims.items()}
    found = [
        (Sides(one.day, one.currency, payout_id=one.id), finding)
        for one in differing
        if said.get(one.id) != ((finding := _finding(one)).kind.value, finding.difference)
    ]
    return write(tx, scope, PAYOUT, found, timing=False)


def _finding(payout: Payout) -> Finding:
    kind = BreakClass.DUPLICATE_EXTERNAL if payout.second else BreakClass.AMOUNT_MISMATCH
    return Finding(kind, payout.difference or 0)
