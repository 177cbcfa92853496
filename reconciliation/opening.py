"""Settlement leg: whatever found no match becomes a break with both sides, as far as there are two.

SQL finds what is left over; `breaks` says what it is. Running again finds nothing new.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, literal, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.db import new_id
from payments.models import Movement, Payment
from payments.provider import LineKind, MovementKind
from payments.settlement import ask_soon
from reconciliation.breaks import (
    BreakClass,
    Finding,
    LooseLine,
    LooseMovement,
    Pair,
    classify_line,
    classify_movement,
    classify_pair,
)
from reconciliation.days import LATENESS
from reconciliation.explaining import supersede
from reconciliation.matching import line_order
from reconciliation.models import SETTLEMENT, Assignment, Break, StatementLine
from reconciliation.sides import (
    Rows,
    Scope,
    Sides,
    counterpart_kind,
    expected_fee,
    is_live,
    line_matched,
    line_paired,
    lines_in_scope,
    movement_matched,
    movement_paired,
    movements_in_scope,
    signed_amount,
)

#: Differences that the provider itself can explain when it is asked about the payment.
WORTH_ASKING = (
    BreakClass.MISSING_INTERNAL,
    BreakClass.STATUS_MISMATCH,
    BreakClass.REFUND_UNKNOWN,
    BreakClass.CHARGEBACK,
)


def open_breaks(tx: Session, scope: Scope) -> int:
    """Open the breaks of the settlement leg that are not open yet; how many."""
    opened = _open_pairs(tx, scope, _by_rail_reference(scope))
    opened += _open_pairs(tx, scope, _by_order_code(scope))
    opened += _open_lines(tx, scope)
    if scope.complete:
        opened += _open_movements(tx, scope)
    return opened


def write(
    tx: Session, scope: Scope, leg: str, found: Sequence[tuple[Sides, Finding]], *, timing: bool
) -> int:
    """Open breaks in place of those that named the same sides before; how many. An absence is a
    matter of `timing` while its line may still come."""
    supersede(tx, scope, leg, [sides for sides, _ in found])
    if found:
        tx.execute(insert(Break), [_row(scope, leg, *entry, timing) for entry in found])
    return len(found)


def _row(scope: Scope, leg: str, sides: Sides, finding: Finding, timing: bool) -> dict[str, object]:
    return {
        "id": new_id(),
        "leg": leg,
        "account_id": scope.account_id,
        "day": sides.day,
        "kind": finding.kind.value,
        "movement_id": sides.movement_id,
        "line_id": sides.line_id,
        "payout_id": sides.payout_id,
        "difference": finding.difference,
        "currency": sides.currency,
        "timing": timing and finding.kind is BreakClass.MISSING_EXTERNAL,
        "state": "open",
        "opened_at": scope.now,
    }


def _loose_pairs(scope: Scope) -> Rows:
    todo = lines_in_scope(scope, SETTLEMENT)
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
            expected_fee(scope).label("expected_fee"),
        )
        .select_from(todo)
        .join(StatementLine, StatementLine.id == todo.c[0])
        .where(
            Movement.account_id == scope.account_id,
            Movement.kind == counterpart_kind(),
            ~line_matched(SETTLEMENT),
            ~line_paired(SETTLEMENT),
            ~movement_matched(),
            ~movement_paired(),
        )
    )


def _by_rail_reference(scope: Scope) -> Rows:
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


def _by_order_code(scope: Scope) -> Rows:
    named = and_(Payment.code == StatementLine.order_code, StatementLine.rail_ref.is_(None))
    pairs = (
        _loose_pairs(scope)
        .join(Payment, and_(Payment.account_id == scope.account_id, named))
        .join(Movement, Movement.payment_id == Payment.id)
        .add_columns(
            sql.count().over(partition_by=StatementLine.id).label("movements"),
            sql.count().over(partition_by=Movement.id).label("lines"),
        )
        .subquery()
    )
    return select(pairs).where(pairs.c.movements == 1, pairs.c.lines == 1)


def _open_pairs(tx: Session, scope: Scope, query: Rows) -> int:
    judged = scope.fee_permyriad is not None
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(query):
        fee = row.expected_fee if judged else None
        finding = classify_pair(
            Pair(row.gross, row.their_currency, row.fee, row.ours, row.our_currency, fee)
        )
        if finding is not None:
            sides = Sides(row.book_day, row.our_currency, row.line_id, row.movement_id)
            found.append((sides, finding))
    return write(tx, scope, SETTLEMENT, found, timing=False)


def _open_lines(tx: Session, scope: Scope) -> int:
    """Lines without a counterpart; one whose name changed since the last look is renamed."""
    found: list[tuple[Sides, Finding]] = []
    unheard: list[uuid.UUID] = []
    for row in tx.execute(_loose_lines(scope)):
        line = LooseLine(row.kind, row.gross, row.taken, row.rivals, row.known, row.payment_state)
        finding = classify_line(line)
        if finding.kind == row.known_as:
            continue
        found.append((Sides(row.book_day, row.currency, row.id), finding))
        if row.payment_id is not None and finding.kind in WORTH_ASKING:
            unheard.append(row.payment_id)
    ask_soon(tx, unheard, scope.now)
    return write(tx, scope, SETTLEMENT, found, timing=False)


def _loose_lines(scope: Scope) -> Rows:
    todo, claim = lines_in_scope(scope, SETTLEMENT), aliased(Break)
    claimed = and_(claim.leg == SETTLEMENT, claim.line_id == StatementLine.id, is_live(claim))
    own_order = and_(
        Payment.account_id == scope.account_id, Payment.code == StatementLine.order_code
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
        .select_from(todo)
        .join(StatementLine, StatementLine.id == todo.c[0])
        .outerjoin(Payment, own_order)
        .outerjoin(claim, claimed)
        .where(
            StatementLine.kind != LineKind.PAYOUT.value,
            ~line_matched(SETTLEMENT),
            ~line_paired(SETTLEMENT),
            or_(claim.id.is_(None), claim.state == "open"),
        )
    )


def _same_money(
    scope: Scope, kind: ColumnElement[Any], *, matched: bool = False
) -> ColumnElement[bool]:
    """Whether we have a movement with the line's rail reference (that some line has already)."""
    found = select(Movement.id).where(
        Movement.account_id == scope.account_id,
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
        )
        .correlate(Payment, StatementLine)
    )
    return found.exists()


def _open_movements(tx: Session, scope: Scope) -> int:
    """Movements of a complete day without a line."""
    timing = scope.now < scope.due_at + LATENESS
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(_loose_movements(scope)):
        finding = classify_movement(LooseMovement(row.ours, row.taken, row.rivals))
        if finding.kind != row.known_as:
            sides = Sides(row.book_day, row.currency, movement_id=row.id)
            found.append((sides, finding))
    return write(tx, scope, SETTLEMENT, found, timing=timing)


def _loose_movements(scope: Scope) -> Rows:
    todo, claim, twin = movements_in_scope(scope, SETTLEMENT), aliased(Break), aliased(Movement)
    twin_matched = (
        select(twin.id)
        .join(Assignment, Assignment.movement_id == twin.id)
        .where(
            twin.account_id == Movement.account_id,
            twin.kind == Movement.kind,
            twin.rail_ref == Movement.rail_ref,
        )
        .exists()
    )
    rival = (
        select(StatementLine.id)
        .join(Payment, Payment.code == StatementLine.order_code)
        .where(
            Payment.id == Movement.payment_id,
            StatementLine.account_id == scope.account_id,
            StatementLine.leg == SETTLEMENT,
            StatementLine.rail_ref.is_(None),
            Movement.kind == counterpart_kind(),
            ~line_matched(SETTLEMENT),
            ~line_paired(SETTLEMENT),
        )
        .correlate(Movement)
        .exists()
    )
    return (
        select(
            Movement.id,
            Movement.book_day,
            Movement.currency,
            signed_amount().label("ours"),
            twin_matched.label("taken"),
            rival.label("rivals"),
            claim.kind.label("known_as"),
        )
        .select_from(todo)
        .join(Movement, Movement.id == todo.c[0])
        .outerjoin(claim, and_(claim.movement_id == Movement.id, is_live(claim)))
        .where(
            ~movement_matched(),
            ~movement_paired(),
            or_(claim.id.is_(None), claim.state == "open"),
        )
    )
