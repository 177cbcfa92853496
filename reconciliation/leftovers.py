"""Settlement leg: the lines and movements that found no match, alone or with whom they might belong.

Queries only; what they find is named by `breaks` and written down by `opening`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import aliased

from payments.models import Movement, Payment
from payments.provider import MovementKind
from reconciliation.matching import line_order
from reconciliation.models import SETTLEMENT, Assignment, Break, StatementLine
from reconciliation.sides import (
    Rows,
    Scope,
    counterpart_kind,
    expected_fee,
    is_live,
    line_paired,
    movement_matched,
    movement_paired,
    movement_settled,
    signed_amount,
)
from reconciliation.worklists import LOOSE_LINES, LOOSE_MOVEMENTS


def _loose_pairs(scope: Scope) -> Rows:
    fee = expected_fee(scope)
    return (
        select(
            StatementLine.id.label("line_id"),
            Movement.id.label("movement_id"),
            Movement.book_day,
            StatementLine.gross,
            StatementLine.currency.label("their_currency"),
            StatementLine.fee,
            signed_amount().label("ours"),
            Movement.currency.label("our_currency"),
            (literal(None) if fee is None else fee).label("expected_fee"),
        )
        .select_from(LOOSE_LINES)
        .join(StatementLine, StatementLine.id == LOOSE_LINES.c.id)
        .where(
            Movement.account_id == StatementLine.account_id,
            Movement.kind == counterpart_kind(),
            ~line_paired(SETTLEMENT),
            ~movement_matched(),
            ~movement_paired(),
            ~movement_settled(),
        )
    )


def pairs_by_rail_reference(scope: Scope) -> Rows:
    alike = (Movement.kind, Movement.rail_ref)
    line_rank = sql.dense_rank().over(partition_by=alike, order_by=line_order())
    movement_rank = sql.dense_rank().over(
        partition_by=alike, order_by=(Movement.occurrence, Movement.id)
    )
    pairs = (
        _loose_pairs(scope)
        .join(Movement, Movement.rail_ref == StatementLine.rail_ref)
        .add_columns(line_rank.label("line_rank"), movement_rank.label("movement_rank"))
        .subquery()
    )
    return select(pairs).where(pairs.c.line_rank == pairs.c.movement_rank)


def pairs_by_order_code(scope: Scope) -> Rows:
    named = and_(Payment.code == StatementLine.order_code, StatementLine.rail_ref.is_(None))
    pairs = (
        _loose_pairs(scope)
        .join(Payment, and_(Payment.account_id == StatementLine.account_id, named))
        .join(Movement, Movement.payment_id == Payment.id)
        .add_columns(
            sql.count().over(partition_by=StatementLine.id).label("movements"),
            sql.count().over(partition_by=Movement.id).label("lines"),
        )
        .subquery()
    )
    return select(pairs).where(pairs.c.movements == 1, pairs.c.lines == 1)


def lines(scope: Scope) -> Rows:
    claim = aliased(Break)
    claimed = and_(claim.leg == SETTLEMENT, claim.line_id == StatementLine.id, is_live(claim))
    own_order = and_(
        Payment.account_id == StatementLine.account_id, Payment.code == StatementLine.order_code
    )
    return (
        select(
            StatementLine.id,
            StatementLine.book_day,
            StatementLine.currency,
            StatementLine.kind,
            StatementLine.gross,
            _same_money(scope, counterpart_kind(), matched=True).label("taken"),
            _candidates(scope).label("rivals"),
            or_(
                Payment.id.is_not(None),
                _same_money(scope, literal(MovementKind.RECEIPT.value)),
            ).label("known"),
            Payment.id.label("payment_id"),
            Payment.state.label("payment_state"),
            claim.kind.label("known_as"),
        )
        .select_from(LOOSE_LINES)
        .join(StatementLine, StatementLine.id == LOOSE_LINES.c.id)
        .outerjoin(Payment, own_order)
        .outerjoin(claim, claimed)
        .where(
            ~line_paired(SETTLEMENT),
            or_(claim.id.is_(None), claim.state == "open"),
        )
    )


def _same_money(
    scope: Scope, kind: ColumnElement[Any], *, matched: bool = False
) -> ColumnElement[bool]:
    """Whether we have a movement with the line's rail reference (that some line has already)."""
    found = select(Movement.id).where(
        Movement.account_id == StatementLine.account_id,
        Movement.kind == kind,
        Movement.rail_ref == StatementLine.rail_ref,
    )
    if matched:
        found = found.where(or_(movement_matched(), movement_paired()))
    return found.exists()


def _candidates(scope: Scope) -> ColumnElement[bool]:
    """Whether a line without a rail reference could still be one of several movements."""
    found = (
        select(Movement.id)
        .where(
            Movement.payment_id == Payment.id,
            Movement.kind == counterpart_kind(),
            StatementLine.rail_ref.is_(None),
            ~movement_matched(),
            ~movement_paired(),
            ~movement_settled(),
        )
        .correlate(Payment, StatementLine)
    )
    return found.exists()


def movements(scope: Scope) -> Rows:
    claim, twin = aliased(Break), aliased(Movement)
    twin_matched = (
        select(twin.id)
        .join(Assignment, and_(Assignment.leg == SETTLEMENT, Assignment.movement_id == twin.id))
        .where(
            twin.account_id == Movement.account_id,
            twin.kind == Movement.kind,
            twin.rail_ref == Movement.rail_ref,
        )
        .exists()
    )
    return (
        select(
            Movement.id,
            Movement.book_day,
            Movement.currency,
            signed_amount().label("ours"),
            twin_matched.label("taken"),
            Movement.id.in_(_rivals(scope)).label("rivals"),
            claim.kind.label("known_as"),
        )
        .select_from(LOOSE_MOVEMENTS)
        .join(Movement, Movement.id == LOOSE_MOVEMENTS.c.id)
        .outerjoin(claim, and_(claim.movement_id == Movement.id, is_live(claim)))
        .where(
            ~movement_paired(),
            or_(claim.id.is_(None), claim.state == "open"),
        )
    )


def _rivals(scope: Scope) -> Rows:
    """Movements that a line without a rail reference could be. A question of its own: asked anew for
    each movement it would read all lines of the account each time."""
    candidate = aliased(Movement)
    named = and_(Payment.account_id == scope.account_id, Payment.code == StatementLine.order_code)
    return (
        select(candidate.id)
        .select_from(LOOSE_LINES)
        .join(StatementLine, StatementLine.id == LOOSE_LINES.c.id)
        .join(Payment, named)
        .join(candidate, candidate.payment_id == Payment.id)
        .where(
            StatementLine.rail_ref.is_(None),
            candidate.kind == counterpart_kind(),
            ~line_paired(SETTLEMENT),
        )
    )
