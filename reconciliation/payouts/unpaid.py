"""Money of lines that no payout has carried although its time has come: the provider keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Exists, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.provider import LineKind
from reconciliation.breaks import BreakClass, Finding
from reconciliation.models import PAYOUT, SETTLEMENT, Break, Statement, StatementLine
from reconciliation.opening import write
from reconciliation.payouts.models import (
    LATER,
    StatementShare,
    carrier_of_line,
    carrier_of_share,
)
from reconciliation.sides import (
    Scope,
    Sides,
    is_live,
    is_payout,
)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """What one file's lines make that no payout carries. `line_id` is the first of them."""

    line_id: uuid.UUID
    day: date
    currency: str
    net: int


def open_unpaid(tx: Session, scope: Scope) -> int:
    """Open a difference for each file whose money nobody has announced `scope.lateness` after its day,
    while together the provider owes it to us; how many."""
    found = list(_unpaid(tx, scope))
    if sum(one.net for one in found) <= 0:
        return 0
    known = select(Break.line_id).where(
        Break.leg == PAYOUT, Break.line_id.in_([one.line_id for one in found]), is_live()
    )
    said = frozenset(tx.scalars(known))
    new = [
        (
            Sides(one.day, one.currency, one.line_id),
            Finding(BreakClass.MISSING_EXTERNAL, -one.net),
        )
        for one in found
        if one.net and one.line_id not in said
    ]
    return write(tx, scope, PAYOUT, new, timing=False)


def _unpaid(tx: Session, scope: Scope) -> Iterator[Unpaid]:
    carrier, share = carrier_of_share(), StatementShare
    query = (
        select(_first_line().label("line_id"), Statement.day, share.currency, share.net)
        .select_from(share)
        .join(Statement, Statement.id == share.statement_id)
        .where(
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            Statement.day <= scope.day - scope.lateness,
            share.currency == scope.account.currency,
            or_(carrier.is_not(None), Statement.paid_by == LATER),
            ~is_announced(carrier),
        )
        .order_by(Statement.day, Statement.id, share.batch)
    )
    return (Unpaid(*row) for row in tx.execute(query).all())


def _first_line() -> ColumnElement[uuid.UUID]:
    return (
        select(StatementLine.id)
        .where(
            StatementLine.statement_id == StatementShare.statement_id,
            sql.coalesce(StatementLine.batch, "") == StatementShare.batch,
            StatementLine.currency == StatementShare.currency,
            StatementLine.kind != LineKind.PAYOUT.value,
        )
        .order_by(StatementLine.position)
        .limit(1)
        .correlate(StatementShare)
        .scalar_subquery()
    )


def is_announced(carrier: ColumnElement[str | None]) -> Exists:
    """SQL: whether the account of `Statement` has a payout of that reference."""
    payout = aliased(StatementLine)
    return (
        select(payout.id)
        .where(
            payout.account_id == Statement.account_id,
            is_payout(payout),
            payout.rail_ref == carrier,
        )
        .correlate(Statement, StatementShare, StatementLine)
        .exists()
    )


def paid_since() -> ColumnElement[bool]:
    """SQL: the `Break` is about a file's money that was not announced, and is now."""
    announced = (
        select(StatementLine.id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(StatementLine.id == Break.line_id, is_announced(carrier_of_line()))
        .correlate(Break)
    )
    return Break.payout_id.is_(None) & announced.exists()
