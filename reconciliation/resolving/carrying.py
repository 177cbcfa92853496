"""Who has a difference goes on having it under another class, and when it comes back.

A new difference belongs to whoever had the last one of its sides: the one it supersedes, or one that a
match, a later file or a rule had explained until that was taken back. So it does not matter whether both
halves of a pair are named in one look or in two. What was done and said needs no copy: `log.timeline`
tells it under every name. Whoever has the line's difference comes before who has the movement's, where
two become one; where one becomes two, both go on with its owner.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.orm import Session

from reconciliation.models import Break
from reconciliation.sides import EXPLAINED, Scope, Sides

#: Sides named by one statement; SQLite allows 32,766 parameters.
CHUNK = 5_000

_Condition = Sequence[ColumnElement[bool]]


def keep_owners(tx: Session, scope: Scope, leg: str, sides: Collection[Sides]) -> int:
    """Give the differences of these sides that were opened just now to whoever had the last ones; how
    many. Costs look-ups alone while nobody had any."""
    own = Break.account_id == scope.account_id, Break.leg == leg
    before = (*own, Break.resolution.in_(EXPLAINED))
    new = (*own, Break.state == "open", Break.opened_at == scope.now, Break.owner.is_(None))
    given = 0
    for name in ("line_id", "movement_id", "payout_id"):
        for some in _chunks(sides, name):
            given += _hand_on(tx, name, some, before, new)
    return given


def _hand_on(
    tx: Session, name: str, some: Sequence[uuid.UUID], before: _Condition, new: _Condition
) -> int:
    side, given = getattr(Break, name), 0
    had = select(side).where(side.in_(some), *before, Break.owner.is_not(None)).distinct()
    owned = tx.scalars(had).all()
    if not owned:
        return 0
    earlier: defaultdict[uuid.UUID, list[Row[Any]]] = defaultdict(list)
    told = select(side, Break.id, Break.kind, Break.owner, Break.resolved_at)
    for row in tx.execute(told.where(side.in_(owned), *before)):
        earlier[row[0]].append(row)
    for of, row_id, kind in tx.execute(
        select(side, Break.id, Break.kind).where(side.in_(owned), *new)
    ).all():
        owner = _last(earlier[of], kind).owner
        hand_on = update(Break).where(Break.id == row_id, *new).values(owner=owner)
        given += tx.connection().execute(hand_on).rowcount if owner else 0
    return given


def _last(earlier: Sequence[Row[Any]], kind: str) -> Row[Any]:
    """The difference that stood last; of two that were explained together, by one pair, the one that
    was called the same."""
    return max(earlier, key=lambda row: (row.resolved_at, row.kind == kind, row.id))


def _chunks(sides: Collection[Sides], name: str) -> Iterator[Sequence[uuid.UUID]]:
    named = [side for one in sides if (side := getattr(one, name)) is not None]
    return (named[start : start + CHUNK] for start in range(0, len(named), CHUNK))
