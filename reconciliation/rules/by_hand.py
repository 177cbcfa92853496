"""A person pairs a line with a movement, or takes any pair apart.

Both sides must be open, of one account, kind and currency. What they differ by is booked
(`rules.differing`). Taking a match apart frees both sides: each is a difference again at once, the
next comparison judges them anew, and does not make this very pair again by itself. The log keeps who
did what. Whether one person may do it is `rules.agreeing`'s to say.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from payments import adjusting, audit
from payments.db import new_id
from payments.errors import Conflict, NotFound
from payments.models import MerchantAccount, Movement
from payments.setting_aside import SetAside
from reconciliation import explaining, totals
from reconciliation.breaks import BreakClass, Finding
from reconciliation.matching import RULE_SET, UNMATCH
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, StatementLine
from reconciliation.opening import write
from reconciliation.rules.differing import book_difference, booked_for
from reconciliation.rules.models import OtherLine
from reconciliation.sides import (
    Rows,
    Scope,
    Sides,
    counterpart_kind,
    line_matched,
    line_settled,
    movement_matched,
    movement_settled,
    signed_amount,
)
from reconciliation.turns import alone

BY_HAND = "by_hand"
#: The act of pairing in `AssignmentLog`; that of taking apart is `UNMATCH`.
MATCH = "match"
#: How far apart a line and a movement of the same amount may be to be suggested.
NEARBY = timedelta(minutes=30)
#: Suggestions shown at most.
MOST = 10


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does it, up to which amount alone, and when."""

    actor: str
    limit: int
    now: datetime


def suggestions(tx: Session, line: StatementLine | None, movement: Movement | None) -> list[Any]:
    """(line, movement) that agree in account, kind, currency and amount, are both open, and happened
    within `NEARBY` of each other, for an open line, an open movement, or both. Never a match: only a
    person can know."""
    pairs = _open_pairs().where(signed_amount() == StatementLine.gross)
    if line is not None:
        around = line.event_at - NEARBY, line.event_at + NEARBY
        pairs = pairs.where(StatementLine.id == line.id, Movement.event_at.between(*around))
    if movement is not None:
        around = movement.event_at - NEARBY, movement.event_at + NEARBY
        pairs = pairs.where(Movement.id == movement.id, StatementLine.event_at.between(*around))
    order = Movement.event_at, StatementLine.event_at, StatementLine.id, Movement.id
    return list(tx.execute(pairs.order_by(*order).limit(MOST)))


def _open_pairs() -> Rows:
    named = select(OtherLine.line_id).where(OtherLine.line_id == StatementLine.id)
    same = and_(
        Movement.account_id == StatementLine.account_id,
        Movement.kind == counterpart_kind(),
        Movement.currency == StatementLine.currency,
    )
    return (
        select(StatementLine, Movement)
        .join(Movement, same)
        .where(
            StatementLine.leg == SETTLEMENT,
            ~line_matched(SETTLEMENT),
            ~line_settled(SETTLEMENT),
            ~movement_matched(),
            ~movement_settled(),
            ~named.exists(),
        )
    )


@dataclass(frozen=True, slots=True)
class Two:
    """A line and a movement of one account; `difference` is theirs − ours, minor units."""

    scope: Scope
    line: StatementLine
    movement: Movement
    difference: int


@dataclass(frozen=True, slots=True)
class Paired(Two):
    """The two of a match."""

    match: Assignment


def open_two(tx: Session, line_id: uuid.UUID, movement_id: uuid.UUID, now: datetime) -> Two:
    """The two, if they can be paired; nobody else compares their account meanwhile.

    Raises `NotFound` when there is no such line, and `Conflict` when one is not open, and when they
    are of another account, kind or currency.
    """
    scope = _scope(tx, line_id, now)
    sides = StatementLine.id == line_id, Movement.id == movement_id
    found = tx.execute(_open_pairs().where(*sides)).one_or_none()
    if found is None:
        raise _unfit(tx, line_id, tx.get(Movement, movement_id))
    line, movement = found
    return Two(scope, line, movement, _difference(tx, line, movement))


def _unfit(tx: Session, line_id: uuid.UUID, movement: Movement | None) -> Conflict | NotFound:
    """Why the two cannot be paired."""
    line = tx.get_one(StatementLine, line_id)
    if movement is None or movement.account_id != line.account_id:
        return NotFound("This account has no such money.")
    sides = {"line": line.line_ref, "movement": movement.rail_ref}
    if line.currency != movement.currency:
        return Conflict("Line %(line)s and money %(movement)s are in two currencies.", **sides)
    if tx.scalar(select(counterpart_kind()).where(StatementLine.id == line_id)) != movement.kind:
        return Conflict(
            "Line %(line)s and money %(movement)s are of two kinds: a payment pairs with money "
            "received, a refund with money given back.", **sides,
        )  # fmt: skip
    taken = line_matched(SETTLEMENT) | line_settled(SETTLEMENT)
    if tx.scalar(select(StatementLine.id).where(StatementLine.id == line_id, taken)):
        return Conflict("Line %(line)s is matched or explained already.", **sides)
    return Conflict("Money %(movement)s is matched or explained already.", **sides)


def matched_two(tx: Session, line_id: uuid.UUID, now: datetime) -> Paired:
    """The line and what it is matched with; nobody else compares their account meanwhile.

    Raises `NotFound` without a match, and `Conflict` while a rule keeps its money set aside.
    """
    scope = _scope(tx, line_id, now)
    match = tx.scalar(
        select(Assignment).where(Assignment.leg == SETTLEMENT, Assignment.line_id == line_id)
    )
    if match is None or match.movement_id is None:
        raise NotFound("This line is not matched.")
    if tx.get(SetAside, match.movement_id) is not None:
        raise Conflict("A rule has set this money aside: it is not parking. Retire the rule first.")
    line, movement = tx.get_one(StatementLine, line_id), tx.get_one(Movement, match.movement_id)
    return Paired(scope, line, movement, _difference(tx, line, movement), match)


def _difference(tx: Session, line: StatementLine, movement: Movement) -> int:
    ours = tx.scalars(select(signed_amount()).where(Movement.id == movement.id)).one()
    return line.gross - ours


def pair(tx: Session, two: Two, deed: Deed) -> None:
    """Match what `open_two` found, and book what they differ by."""
    line, movement = two.line, two.movement
    tx.add(
        Assignment(
            id=line.id, leg=SETTLEMENT, account_id=line.account_id, line_id=line.id,
            movement_id=movement.id, rule=BY_HAND, rule_set=RULE_SET, matched_at=deed.now,
            matched_by=deed.actor,
        )
    )  # fmt: skip
    _log(tx, MATCH, line.id, movement.id, BY_HAND, deed)
    if two.difference:
        book_difference(tx, two.scope, line.id, two.difference, line.currency)
    explaining.explain(tx, two.scope, SETTLEMENT)
    _refresh(tx, two)


def take_apart(tx: Session, two: Paired, deed: Deed) -> None:
    """Free both sides of what `matched_two` found; what was booked for it is taken back."""
    match, line_id = two.match, two.line.id
    booked = booked_for(tx, line_id)
    if booked is not None and booked.cause is not None:
        adjusting.undo(tx, booked.cause, deed.now)
    _log(tx, UNMATCH, line_id, two.movement.id, match.rule, deed)
    tx.delete(match)
    tx.flush()
    _open_both(tx, two)
    _refresh(tx, two)


def _open_both(tx: Session, two: Two) -> None:
    line, movement = two.line, two.movement
    found = [
        (
            Sides(line.book_day, line.currency, line.id),
            Finding(BreakClass.MISSING_INTERNAL, line.gross),
        ),
        (
            Sides(movement.book_day, movement.currency, movement_id=movement.id),
            Finding(BreakClass.MISSING_EXTERNAL, two.difference - line.gross),
        ),
    ]
    write(tx, two.scope, SETTLEMENT, found, timing=False)


def _scope(tx: Session, line_id: uuid.UUID, now: datetime) -> Scope:
    """The account of the line, which nobody else compares meanwhile. Raises `NotFound`."""
    line = tx.get(StatementLine, line_id)
    if line is None or line.leg != SETTLEMENT:
        raise NotFound("There is no such line.")
    alone(tx, line.account_id)
    account = tx.get_one(MerchantAccount, line.account_id)
    return Scope(account, line.book_day, now, due_at=now, complete=False)


def _log(
    tx: Session, act: str, line_id: uuid.UUID, movement_id: uuid.UUID, rule: str, deed: Deed
) -> None:
    tx.add(
        AssignmentLog(
            id=new_id(), at=deed.now, actor=deed.actor, act=act, leg=SETTLEMENT, line_id=line_id,
            counterpart_id=movement_id, rule=rule, rule_set=RULE_SET,
        )
    )  # fmt: skip
    tx.flush()
    detail: dict[str, object] = {"movement": str(movement_id), "rule": rule}
    audit.append(tx, deed.actor, f"line.{act}", str(line_id), detail, deed.now)


def _refresh(tx: Session, two: Two) -> None:
    for day in sorted({two.line.book_day, two.movement.book_day}):
        totals.refresh(tx, two.scope.account_id, day, two.scope.now)
