"""What statements tell that nobody else does: fees kept, payouts that arrived. `payments` books them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments import settlement
from payments.belonging import owner
from payments.models import Movement, Payment
from payments.provider import MovementKind
from payments.settlement import Settled, SettledRow
from reconciliation.models import BANK, SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.sides import Scope, is_live, line_matched, lines_in_scope, match_of_line


def book_fees(tx: Session, scope: Scope) -> frozenset[date]:
    """Book the fee of every line of the day's files that has one and is not booked; on which days.

    Whatever the line is for: what the provider says it kept, it kept.
    """
    return settlement.book_all(tx, scope.account, MovementKind.FEE, _fees(scope), scope.now)


def _fees(scope: Scope) -> Select[*SettledRow]:
    named = select(Payment.id).where(
        Payment.account_id == StatementLine.account_id,
        Payment.code == StatementLine.order_code,
        Payment.currency == StatementLine.currency,
    )
    matched = aliased(Movement)
    same_currency = and_(
        matched.id == Assignment.movement_id, matched.currency == StatementLine.currency
    )
    return (
        select(
            StatementLine.line_ref,
            StatementLine.occurrence,
            StatementLine.fee,
            StatementLine.currency,
            StatementLine.event_at,
            StatementLine.book_day,
            # a scalar subquery is asked only of the few lines that nothing was matched with
            sql.coalesce(owner(matched), named.correlate(StatementLine).scalar_subquery()),
        )
        .join(Statement, Statement.id == StatementLine.statement_id)
        .outerjoin(Assignment, match_of_line(SETTLEMENT))
        .outerjoin(matched, same_currency)
        .where(
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            Statement.day == scope.day,
            StatementLine.fee > 0,
        )
    )


def book_payouts(tx: Session, scope: Scope) -> frozenset[date]:
    """Book every credit that paid one of the provider's payouts and is not booked; on which days."""
    todo, claim = lines_in_scope(scope, BANK), aliased(Break)
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
    arrived = (
        select(
            StatementLine.rail_ref,
            StatementLine.gross,
            StatementLine.currency,
            StatementLine.event_at,
        )
        .select_from(todo)
        .join(StatementLine, StatementLine.id == todo.c[0])
        .where(StatementLine.gross > 0, or_(line_matched(BANK), paired))
        .order_by(StatementLine.event_at, StatementLine.line_ref)
    )
    payouts = [
        Settled(MovementKind.PAYOUT, batch, 1, gross, currency, event_at)
        for batch, gross, currency, event_at in tx.execute(arrived)
        if batch is not None
    ]
    return settlement.book(tx, scope.account, payouts, scope.now)
