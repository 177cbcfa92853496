"""Settlement leg: our movements and the provider's lines that agree in everything become matches.

Passes in order, exact ones only; each match keeps the rule and the rule set that made it. Where two
candidates would do, nothing is matched: a person decides (`breaks`).

| rule           | agrees in                                                                        |
|----------------|----------------------------------------------------------------------------------|
| rail_reference | the rail's transaction reference, kind, amount, currency, fee as agreed          |
| order_code     | our code on a line that carries no rail reference, kind, amount, currency, fee   |

Truly identical rows on both sides are paired in their order: exchanging them changes nothing.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, insert, literal, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.db import UtcDateTime, new_id
from payments.models import Movement, Payment
from payments.provider import LineKind
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, StatementLine
from reconciliation.sides import (
    Rows,
    Scope,
    counterpart_kind,
    expected_fee,
    line_matched,
    line_settled,
    lines_in_scope,
    movement_matched,
    movement_settled,
    signed_amount,
)

#: Changes with every change of a rule below, so that each match can be judged by its own rules.
RULE_SET = 1
MATCHER = "reconciliation"


def match(tx: Session, scope: Scope) -> int:
    """Match what can be matched without doubt; how many new matches."""
    found = _insert(tx, scope, "rail_reference", _same_rail_reference(scope))
    found += _insert(tx, scope, "order_code", _same_order_code(scope))
    return found


def agreeing(scope: Scope) -> ColumnElement[bool]:
    """A line and a movement that agree in account, kind, amount, currency and fee."""
    return and_(
        Movement.account_id == StatementLine.account_id,
        Movement.kind == counterpart_kind(),
        Movement.currency == StatementLine.currency,
        signed_amount() == StatementLine.gross,
        StatementLine.fee == expected_fee(scope),
    )


def line_order() -> tuple[ColumnElement[Any], ...]:
    """The order of lines among their like: by when, then by their own names; never by arrival."""
    return (
        StatementLine.event_at.expression,
        StatementLine.line_ref.expression,
        StatementLine.occurrence.expression,
        StatementLine.id.expression,
    )


def _pairs(scope: Scope) -> Rows:
    todo = lines_in_scope(scope, SETTLEMENT)
    return (
        select(StatementLine.id.label("line_id"), Movement.id.label("movement_id"))
        .select_from(todo)
        .join(StatementLine, StatementLine.id == todo.c[0])
        .where(
            StatementLine.kind != LineKind.PAYOUT.value,
            ~line_matched(SETTLEMENT),
            ~line_settled(SETTLEMENT),
            ~movement_matched(),
            ~movement_settled(),
        )
    )


def _same_rail_reference(scope: Scope) -> Rows:
    alike = (Movement.kind, Movement.rail_ref, Movement.amount, Movement.currency)
    line_rank = sql.dense_rank().over(partition_by=alike, order_by=line_order())
    movement_rank = sql.dense_rank().over(
        partition_by=alike, order_by=(Movement.occurrence, Movement.id)
    )
    pairs = (
        _pairs(scope)
        .join(Movement, and_(agreeing(scope), Movement.rail_ref == StatementLine.rail_ref))
        .add_columns(line_rank.label("line_rank"), movement_rank.label("movement_rank"))
        .subquery()
    )
    return select(pairs.c.line_id, pairs.c.movement_id).where(
        pairs.c.line_rank == pairs.c.movement_rank
    )


def _same_order_code(scope: Scope) -> Rows:
    named = and_(
        Payment.account_id == StatementLine.account_id,
        Payment.code == StatementLine.order_code,
        StatementLine.rail_ref.is_(None),
    )
    pairs = (
        _pairs(scope)
        .join(Payment, named)
        .join(Movement, and_(agreeing(scope), Movement.payment_id == Payment.id))
        .add_columns(
            sql.count().over(partition_by=StatementLine.id).label("movements"),
            sql.count().over(partition_by=Movement.id).label("lines"),
        )
        .subquery()
    )
    return select(pairs.c.line_id, pairs.c.movement_id).where(
        pairs.c.movements == 1, pairs.c.lines == 1
    )


def _insert(tx: Session, scope: Scope, rule: str, pairs: Rows) -> int:
    found = pairs.subquery()
    return insert_matches(
        tx, scope, SETTLEMENT, rule, found.c.line_id, movement_id=found.c.movement_id
    )


def insert_matches(
    tx: Session,
    scope: Scope,
    leg: str,
    rule: str,
    line_id: ColumnElement[uuid.UUID],
    **counterpart: ColumnElement[uuid.UUID],
) -> int:
    """Insert a match, and its entry in the log, for every pair of `line_id` and the counterpart
    (``movement_id`` or ``payout_id``). A match has its line's id: a line is used once."""
    values: dict[str, ColumnElement[Any]] = {
        "id": line_id,
        "leg": literal(leg),
        "account_id": literal(scope.account_id),
        "line_id": line_id,
        "rule": literal(rule),
        "rule_set": literal(RULE_SET, BigInteger),
        "matched_at": literal(scope.now, UtcDateTime),
        "matched_by": literal(MATCHER),
        **counterpart,
    }
    assign = insert(Assignment).from_select(list(values), select(*values.values()))
    matched = tx.execute(
        assign.returning(
            Assignment.line_id, sql.coalesce(Assignment.movement_id, Assignment.payout_id)
        )
    ).all()
    if matched:
        log = [_entry(scope, leg, rule, *pair) for pair in matched]
        tx.execute(insert(AssignmentLog), log)
    return len(matched)


def _entry(
    scope: Scope, leg: str, rule: str, line_id: uuid.UUID, counterpart_id: uuid.UUID
) -> dict[str, object]:
    return {
        "id": new_id(),
        "at": scope.now,
        "actor": MATCHER,
        "act": "match",
        "leg": leg,
        "line_id": line_id,
        "counterpart_id": counterpart_id,
        "rule": rule,
        "rule_set": RULE_SET,
    }
