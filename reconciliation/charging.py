"""What statements tell that nobody else does: fees kept, payouts that arrived. `payments` books them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments import settlement
from payments.provider import MovementKind
from payments.settlement import Settled, SettledRow
from reconciliation.matching import MATCHER, payment_named
from reconciliation.models import BANK, SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.sides import Rows, Scope, is_live, line_matched, lines_in_scope, match_of_line
from reconciliation.worklists import PAIRS, numbered


def book_fees(tx: Session, scope: Scope) -> frozenset[date]:
    """Book the fee of every line of the day's files that has one and is not booked; on which days.

    Whatever the line is for: what the provider says it kept, it kept.
    """

    def book(fees: Select[*SettledRow]) -> frozenset[date]:
        return settlement.book_all(tx, scope.account, MovementKind.FEE, fees, scope.now)

    return book(_of_pairs(tx)) | book(_of_others(scope))


def _of_pairs(tx: Session) -> Select[*SettledRow]:
    pair = PAIRS.c
    return select(
        numbered(tx, PAIRS).label("number"),
        pair.line_ref,
        pair.occurrence,
        pair.fee,
        pair.currency,
        pair.event_at,
        pair.book_day,
        pair.payment_id,
    ).where(pair.leg == SETTLEMENT, pair.fee > 0)


def _of_others(scope: Scope) -> Select[*SettledRow]:
    """The fees of the day's lines that no look has found a counterpart for, and that a person may have
    paired before the first."""
    looked_at = select(Assignment.id).where(
        match_of_line(SETTLEMENT), Assignment.matched_by == MATCHER
    )
    return (
        select(
            sql.row_number().over().label("number"),
            StatementLine.line_ref,
            StatementLine.occurrence,
            StatementLine.fee,
            StatementLine.currency,
            StatementLine.event_at,
            StatementLine.book_day,
            payment_named(
                StatementLine.order_code.expression, StatementLine.currency.expression, scope
            ),
        )
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            Statement.day == scope.day,
            StatementLine.fee > 0,
            ~looked_at.exists(),
        )
    )


def book_payouts(tx: Session, scope: Scope) -> frozenset[date]:
    """Book every credit that paid one of the provider's payouts and is not booked; on which days."""
    claim = aliased(Break)
    paired = (
        select(claim.id)
        .where(
            claim.leg == BANK,
            claim.line_id == StatementLine.id,
            claim.payout_id.is_not(None),
            is_live(claim),
        )
        .exists()
    )
    told: Rows = select(
        StatementLine.rail_ref,
        StatementLine.gross,
        StatementLine.currency,
        StatementLine.event_at,
        StatementLine.line_ref,
    ).where(StatementLine.gross > 0, or_(line_matched(BANK), paired))
    arrived = lines_in_scope(scope, BANK, told).subquery().c
    payouts = [
        Settled(MovementKind.PAYOUT, batch, 1, gross, currency, event_at)
        for batch, gross, currency, event_at, _ in tx.execute(
            select(*arrived).order_by(arrived.event_at, arrived.line_ref)
        )
        if batch is not None
    ]
    return settlement.book(tx, scope.account, payouts, scope.now)
