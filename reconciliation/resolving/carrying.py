"""Who has a difference goes on having it when a new file gives it another class.

The one that named the same sides before is superseded by a new one. What was done and said needs no
copy: `log.timeline` tells it under every name. Whoever has the line's difference comes before who has
the movement's, where two become one; where one becomes two, both go on with its owner.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reconciliation.models import Break
from reconciliation.sides import SUPERSEDED, Scope, Sides

#: Sides named by one statement; SQLite allows 32,766 parameters.
CHUNK = 5_000


def keep_owners(tx: Session, scope: Scope, leg: str, sides: Collection[Sides]) -> int:
    """Give the differences of these sides that were opened just now to whoever had those they
    supersede; how many. Costs look-ups alone while nobody had any."""
    given = 0
    for name in ("line_id", "movement_id", "payout_id"):
        side = getattr(Break, name)
        same = (Break.account_id == scope.account_id, Break.leg == leg)
        superseded = (
            Break.owner.is_not(None),
            Break.resolution == SUPERSEDED,
            Break.resolved_at == scope.now,
        )
        new = (Break.state == "open", Break.opened_at == scope.now, Break.owner.is_(None))
        for some in _chunks(sides, name):
            had = select(side, Break.owner).where(side.in_(some), *same, *superseded)
            for row_side, owner in tx.execute(had.order_by(Break.id)).all():
                hand_on = update(Break).where(side == row_side, *same, *new).values(owner=owner)
                given += tx.connection().execute(hand_on).rowcount
    return given


def _chunks(sides: Collection[Sides], name: str) -> Iterator[Sequence[uuid.UUID]]:
    named = [side for one in sides if (side := getattr(one, name)) is not None]
    return (named[start : start + CHUNK] for start in range(0, len(named), CHUNK))
