"""Breaks that a later fact explains resolve themselves and say so; what is merely old stays open."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Update,
    and_,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from payments.db import new_id
from payments.models import Movement
from reconciliation.models import SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.sides import LATE, MATCHED, SUPERSEDED, Rows, Scope, Sides, match_of_movement
from reconciliation.worklists import NEW_LINES

#: Sides named by one statement; SQLite allows 32,766 parameters.
CHUNK = 5_000

Side = InstrumentedAttribute[uuid.UUID] | InstrumentedAttribute[uuid.UUID | None]


def explain(tx: Session, scope: Scope, leg: str) -> int:
    """Resolve the open breaks whose sides are matched now; how many."""
    late = _resolve_late(tx, scope) if leg == SETTLEMENT else 0
    line = _matched(leg, "line_id", Assignment.line_id)
    of_movement = _matched(leg, "movement_id", Assignment.line_id)
    of_payout = _matched(leg, "payout_id", Assignment.line_id)
    explained = or_(line.is_not(None), of_movement.is_not(None), of_payout.is_not(None))
    matched = _resolution(scope, MATCHED).where(_open(scope, leg), explained)
    sides = {
        "line_id": sql.coalesce(Break.line_id, of_movement, of_payout),
        "movement_id": sql.coalesce(
            Break.movement_id, _matched(leg, "line_id", Assignment.movement_id)
        ),
        "payout_id": sql.coalesce(Break.payout_id, _matched(leg, "line_id", Assignment.payout_id)),
    }
    return late + _run(tx, matched.values(sides))


def _resolve_late(tx: Session, scope: Scope) -> int:
    """A movement that was missing in its day's file and stands in a later one was merely late."""
    later = (
        select(Assignment.line_id)
        .join(StatementLine, StatementLine.id == Assignment.line_id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            Assignment.leg == SETTLEMENT,
            Assignment.movement_id == Break.movement_id,
            Statement.day > Break.day,
        )
        .correlate(Break)
        .scalar_subquery()
    )
    late = _resolution(scope, LATE).where(
        _open(scope, SETTLEMENT), Break.line_id.is_(None), later.is_not(None)
    )
    return _run(tx, late.values(kind=LATE, line_id=later))


def note_late(tx: Session, scope: Scope, matched: frozenset[date]) -> int:
    """Write down as late, and resolved, what was late but never stood open because both files came
    before the first look: the outcome must not depend on the order of arrival. `matched` are the
    days of the movements that found their lines just now."""
    rows: list[dict[str, object]] = []
    if _has_later_files(tx, scope):
        rows += _late(tx, scope, Movement.book_day == scope.day)
    if any(day < scope.day for day in matched):
        found_now = StatementLine.id.in_(select(NEW_LINES.c.id))
        rows += _late(tx, scope, and_(Statement.day == scope.day, found_now))
    if rows:
        tx.execute(insert(Break), rows)
    return len(rows)


def _has_later_files(tx: Session, scope: Scope) -> bool:
    later = select(Statement.id).where(
        Statement.account_id == scope.account_id,
        Statement.leg == SETTLEMENT,
        Statement.day > scope.day,
    )
    return tx.scalar(later.limit(1)) is not None


def _late(tx: Session, scope: Scope, which: ColumnElement[bool]) -> Sequence[dict[str, object]]:
    always: dict[str, object] = {
        "leg": SETTLEMENT,
        "account_id": scope.account_id,
        "kind": LATE,
        "difference": 0,
        "state": "resolved",
        "opened_at": scope.now,
        "resolved_at": scope.now,
        "resolution": LATE,
    }
    names = ("movement_id", "line_id", "day", "currency")
    found = tx.execute(_later_lines(scope).where(which))
    return [{"id": new_id(), **always, **dict(zip(names, row, strict=True))} for row in found]


def _later_lines(scope: Scope) -> Rows:
    """Movements, not noted as late yet, with the line of a later file, their own file being whole."""
    own = aliased(Statement)
    own_file = select(own.id).where(
        own.account_id == scope.account_id,
        own.leg == SETTLEMENT,
        own.day == Movement.book_day,
        own.complete,
    )
    noted = select(Break.id).where(Break.movement_id == Movement.id, Break.kind == LATE)
    return (
        select(Movement.id, StatementLine.id, Movement.book_day, Movement.currency)
        .join(Assignment, match_of_movement())
        .join(StatementLine, StatementLine.id == Assignment.line_id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            Movement.account_id == scope.account_id,
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            Statement.day > Movement.book_day,
            own_file.exists(),
            ~noted.exists(),
        )
    )


def supersede(tx: Session, scope: Scope, leg: str, sides: Collection[Sides]) -> None:
    """Resolve the open breaks of these sides: their difference goes on under another name."""
    for name in ("line_id", "movement_id", "payout_id"):
        taken = [side for one in sides if (side := getattr(one, name)) is not None]
        for start in range(0, len(taken), CHUNK):
            own = getattr(Break, name).in_(taken[start : start + CHUNK])
            resolve(tx, scope, leg, SUPERSEDED, own)


def resolve(
    tx: Session, scope: Scope, leg: str, resolution: str, which: ColumnElement[bool]
) -> int:
    """Resolve the open breaks of `leg` that fulfil `which`, for such a later fact; how many."""
    return _run(tx, _resolution(scope, resolution).where(_open(scope, leg), which))


def end_timing(tx: Session, scope: Scope) -> None:
    """What has not come when the time for late lines is over is no longer a matter of timing."""
    if scope.now >= scope.late_at:
        over = update(Break).where(
            Break.account_id == scope.account_id, Break.day == scope.day, Break.state == "open"
        )
        _run(tx, over.values(timing=False))


def _open(scope: Scope, leg: str) -> ColumnElement[bool]:
    return and_(Break.account_id == scope.account_id, Break.leg == leg, Break.state == "open")


def _resolution(scope: Scope, resolution: str) -> Update:
    return update(Break).values(
        state="resolved",
        resolution=resolution,
        resolved_at=scope.now,
        difference=0,
        timing=False,
    )


def _matched(leg: str, side: str, wanted: Side) -> ScalarSelect[uuid.UUID | None]:
    """`wanted` of the match that uses the break's own `side`; NULL while that is not matched."""
    found = select(wanted).where(
        Assignment.leg == leg, getattr(Assignment, side) == getattr(Break, side)
    )
    return found.correlate(Break).scalar_subquery()


def _run(tx: Session, statement: Update) -> int:
    return tx.connection().execute(statement).rowcount
