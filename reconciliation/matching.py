"""Settlement leg: our movements and the provider's lines that agree in everything become matches.

Passes in order, exact ones only; each match keeps the rule and the rule set that made it. Where two
candidates would do, nothing is matched: a person decides (`breaks`).

| rule           | agrees in                                                                        |
|----------------|----------------------------------------------------------------------------------|
| rail_reference | the rail's transaction reference, kind, amount, currency, fee as agreed          |
| order_code     | our code on a line that carries no rail reference, kind, amount, currency, fee   |
| rail_reference~N | the rail's transaction reference; the amounts differ by at most N minor units   |

Truly identical rows on both sides are paired in their order: exchanging them changes nothing.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Exists,
    ScalarSelect,
    Subquery,
    and_,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.belonging import owner
from payments.bulk import MANY, Ids, take_stock
from payments.db import UtcDateTime
from payments.models import Movement, Payment
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, StatementLine
from reconciliation.sides import (
    Rows,
    Scope,
    expected_fee,
    movement_matched,
    movement_settled,
    signed_amount,
)
from reconciliation.worklists import NEW_LINES, PAIRS, REPEATED, numbered

#: Changes with every change of a rule below, so that each match can be judged by its own rules.
RULE_SET = 1
MATCHER = "reconciliation"
#: Beginning of the name of the rule that lets amounts differ; how much stands behind it.
NEAR = "rail_reference~"

#: A query of pairs; its columns are some of `PAIRS`.
Pairs = Rows | CompoundSelect[Any]

#: The act of a person who takes a match apart, in `AssignmentLog`.
UNMATCH = "unmatch"


def match(tx: Session, scope: Scope, tolerance: int = 0) -> int:
    """Match what can be matched without doubt; how many new matches. Up to `tolerance` minor units the
    amounts of a pair by rail reference may differ. A pair that a person undid is not made again."""
    passes: list[tuple[str, Pairs]] = [
        ("rail_reference", union_all(_same_rail_reference(scope), _twins(scope))),
        ("order_code", _same_order_code(scope)),
    ]
    if tolerance:
        passes.append((f"{NEAR}{tolerance}", _near_rail_reference(scope, tolerance)))
    undone, found = _undone(tx), 0
    for rule, pairs in passes:
        if undone:
            own = pairs.subquery()
            pairs = select(own).where(tuple_(own.c.line_id, own.c.movement_id).not_in(undone))
        found += insert_matches(tx, scope, SETTLEMENT, rule, pairs)
    log_matches(tx, scope, SETTLEMENT)
    return found


def line_order() -> tuple[ColumnElement[Any], ...]:
    """The order of lines among their like: by when, then by their own names; never by arrival."""
    return (
        StatementLine.event_at.expression,
        StatementLine.line_ref.expression,
        StatementLine.occurrence.expression,
        StatementLine.id.expression,
    )


def _undone(tx: Session) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """The (line, movement) among the new lines that a person has taken apart."""
    # a literal: only then does SQLite see that the index of these few rows has all it needs
    by_people = AssignmentLog.act == literal_column(f"'{UNMATCH}'")
    pairs = select(AssignmentLog.line_id, AssignmentLog.counterpart_id).where(by_people)
    undone = [(row[0], row[1]) for row in tx.execute(pairs.distinct())]
    if not undone:
        return []
    lines = {line_id for line_id, _ in undone}
    new = set(tx.scalars(select(NEW_LINES.c.id).where(NEW_LINES.c.id.in_(lines))))
    return [one for one in undone if one[0] in new]


def _pairs(scope: Scope) -> Rows:
    """New lines and unmatched movements that agree in kind, amount, currency and fee."""
    line, fee = NEW_LINES.c, expected_fee(scope)
    agreed = () if fee is None else (line.fee == fee,)
    return _alike(scope).where(signed_amount() == line.gross, *agreed)


def _near_rail_reference(scope: Scope, tolerance: int) -> Rows:
    """Pairs of one line and one movement whose amounts differ by little; and so may the fee."""
    line, fee = NEW_LINES.c, expected_fee(scope)
    off = line.gross - signed_amount()
    agreed = () if fee is None else (sql.abs(line.fee - fee) <= tolerance,)
    matched = select(Assignment.id).where(
        Assignment.leg == SETTLEMENT, Assignment.line_id == line.id
    )
    return (
        _alike(scope)
        .join(Movement, Movement.rail_ref == line.rail_ref)
        .where(
            off != 0, sql.abs(off) <= tolerance, *agreed, ~_is_repeated(), ~matched.exists()
        )
    )  # fmt: skip


def _alike(scope: Scope) -> Rows:
    """New lines and unmatched movements that agree in kind and currency."""
    line = NEW_LINES.c
    return (
        select(
            line.id.label("line_id"),
            Movement.id.label("movement_id"),
            line.line_ref,
            line.occurrence,
            line.fee,
            line.currency,
            line.event_at,
            line.book_day,
            sql.coalesce(owner(), payment_named(line.order_code, line.currency, scope)).label(
                "payment_id"
            ),
            Movement.book_day.label("moved_on"),
        )
        .select_from(NEW_LINES)
        .where(
            line.leg == SETTLEMENT,
            Movement.account_id == scope.account_id,
            Movement.kind == line.wanted,
            Movement.currency == line.currency,
            ~movement_matched(),
            ~movement_settled(),
        )
    )


def payment_named(
    code: ColumnElement[Any], currency: ColumnElement[Any], scope: Scope
) -> ScalarSelect[uuid.UUID]:
    """SQL: the payment of the account that a line of the enclosing query names by its code."""
    own = aliased(Payment)
    named = own.account_id == scope.account_id, own.code == code, own.currency == currency
    return select(own.id).where(*named).scalar_subquery()


def _same_rail_reference(scope: Scope) -> Rows:
    """Pairs of one line and one movement: all but a few, and no sorting is needed to tell who belongs
    to whom."""
    line = NEW_LINES.c
    return _pairs(scope).join(Movement, Movement.rail_ref == line.rail_ref).where(~_is_repeated())


def _twins(scope: Scope) -> Rows:
    """Lines and movements that share their reference with others, paired in their order."""
    line = NEW_LINES.c
    alike = (Movement.rail_ref, Movement.kind, Movement.amount, Movement.currency)
    own_order = (line.event_at, line.line_ref, line.occurrence, line.id)
    line_rank = sql.dense_rank().over(partition_by=alike, order_by=own_order)
    movement_rank = sql.dense_rank().over(
        partition_by=alike, order_by=(Movement.occurrence, Movement.id)
    )
    pairs = (
        _pairs(scope)
        .join(Movement, Movement.rail_ref == line.rail_ref)
        .where(_is_repeated())
        .add_columns(line_rank.label("line_rank"), movement_rank.label("movement_rank"))
        .subquery()
    )
    return _but(pairs, "line_rank", "movement_rank").where(
        pairs.c.line_rank == pairs.c.movement_rank
    )


def _but(pairs: Subquery, *ranks: str) -> Rows:
    """The columns of `pairs` without those that only told which of them are pairs."""
    return select(*(column for column in pairs.c if column.key not in ranks))


def _is_repeated() -> Exists:
    """Whether other new lines, or several movements, have the line's reference."""
    named = NEW_LINES.c.rail_ref == REPEATED.c.rail_ref
    return select(REPEATED.c.rail_ref).where(named).correlate(NEW_LINES).exists()


def _same_order_code(scope: Scope) -> Rows:
    line = NEW_LINES.c
    named = and_(Payment.account_id == scope.account_id, Payment.code == line.order_code)
    pairs = (
        _pairs(scope)
        .join(Payment, and_(named, line.rail_ref.is_(None)))
        .join(Movement, Movement.payment_id == Payment.id)
        .add_columns(
            sql.count().over(partition_by=line.id).label("movements"),
            sql.count().over(partition_by=Movement.id).label("lines"),
        )
        .subquery()
    )
    return _but(pairs, "movements", "lines").where(pairs.c.movements == 1, pairs.c.lines == 1)


def insert_matches(tx: Session, scope: Scope, leg: str, rule: str, pairs: Pairs) -> int:
    """Insert a match for each of `pairs`, all of them of `rule`; how many. A match has its line's id: a
    line is used once."""
    found = {column.key: column for column in pairs.subquery().c}
    told: dict[str, ColumnElement[Any]] = {"leg": literal(leg), "rule": literal(rule), **found}
    # listed before the first is written: a scan of matches would else meet those that are being
    # written, and take longer with each of them
    tx.connection().execute(insert(PAIRS).from_select(list(told), select(*told.values())))
    pair = PAIRS.c
    values: dict[str, ColumnElement[Any]] = {
        "id": pair.line_id,
        "leg": pair.leg,
        "account_id": literal(scope.account_id),
        "line_id": pair.line_id,
        "movement_id": pair.movement_id,
        "payout_id": pair.payout_id,
        "rule": pair.rule,
        "rule_set": literal(RULE_SET, BigInteger),
        "matched_at": literal(scope.now, UtcDateTime),
        "matched_by": literal(MATCHER),
    }
    made = select(*values.values()).where(pair.leg == leg, pair.rule == rule)
    assign = insert(Assignment).from_select(list(values), made.order_by(pair.line_id))
    # without the option an INSERT's rowcount is -1 on PostgreSQL
    written = tx.connection().execute(assign.execution_options(preserve_rowcount=True)).rowcount
    if written >= MANY:
        take_stock(tx, Assignment.__tablename__)
    return written


def days_matched(tx: Session) -> frozenset[date]:
    """The business days of the movements that this look has found lines for."""
    days = select(PAIRS.c.moved_on).where(PAIRS.c.leg == SETTLEMENT)
    return frozenset(tx.scalars(days.distinct()))


def log_matches(tx: Session, scope: Scope, leg: str) -> None:
    """Write down the matches that this look has made on `leg`."""
    pair = PAIRS.c
    values: dict[str, ColumnElement[Any]] = {
        "id": Ids().at(tx, numbered(tx, PAIRS)),
        "at": literal(scope.now, UtcDateTime),
        "actor": literal(MATCHER),
        "act": literal("match"),
        "leg": pair.leg,
        "line_id": pair.line_id,
        "counterpart_id": sql.coalesce(pair.movement_id, pair.payout_id),
        "rule": pair.rule,
        "rule_set": literal(RULE_SET, BigInteger),
    }
    made = select(*values.values()).where(pair.leg == leg)
    tx.connection().execute(insert(AssignmentLog).from_select(list(values), made))
