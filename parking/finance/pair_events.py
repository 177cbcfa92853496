"""What people did about pairs of a difference's sides, as lines of its timeline."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from parking.languages import mark
from payments.models import Movement
from reconciliation.matching import UNMATCH
from reconciliation.models import SETTLEMENT, AssignmentLog, Break, StatementLine
from reconciliation.resolving.log import namesakes
from reconciliation.rules.agreeing import LAPSED, REFUSED
from reconciliation.rules.by_hand import BY_HAND, MATCH
from reconciliation.rules.models import HandMatch

_PROPOSED = {
    MATCH: mark("Proposed to match by hand: line %(line)s with money %(movement)s"),
    UNMATCH: mark("Proposed to take apart: line %(line)s and money %(movement)s"),
}
_DONE = {
    MATCH: mark("Matched by hand: line %(line)s with money %(movement)s"),
    UNMATCH: mark("Taken apart: line %(line)s and money %(movement)s"),
}
_NOT_DONE = {
    REFUSED: mark("Proposal sent back: line %(line)s and money %(movement)s"),
    LAPSED: mark("Proposal lapsed, its sides had changed: line %(line)s and money %(movement)s"),
}


@dataclass(frozen=True, slots=True)
class PairEvent:
    """What happened to a pair: `sentence` is filled from `parts`, the references of its sides."""

    at: datetime
    actor: str
    sentence: str
    parts: Mapping[str, str]


def pair_events(tx: Session, row: Break) -> list[PairEvent]:
    """Everything about pairs that one of the difference's sides was, or was to be, part of. What was
    approved stands as what was done, by whoever approved it."""
    if row.leg != SETTLEMENT:
        return []
    told = [*_proposals(tx, row), *_acts(tx, row)]
    lines, movements = {one[3] for one in told}, {one[4] for one in told}
    line_refs = _references(tx, select(StatementLine.id, StatementLine.line_ref), lines)
    rail_refs = _references(tx, select(Movement.id, Movement.rail_ref), movements)
    return [
        PairEvent(at, actor, text, {"line": line_refs[line], "movement": rail_refs[money]})
        for at, actor, text, line, money in told
    ]


_Told = tuple[datetime, str, str, uuid.UUID, uuid.UUID]


def _proposals(tx: Session, row: Break) -> Iterator[_Told]:
    mine = or_(HandMatch.line_id == row.line_id, HandMatch.movement_id == row.movement_id)
    for one in tx.scalars(select(HandMatch).where(mine)):
        sides = one.line_id, one.movement_id
        yield one.proposed_at, one.proposed_by, _PROPOSED[one.act], *sides
        if one.decided_at and one.decided_by and one.outcome in _NOT_DONE:
            yield one.decided_at, one.decided_by, _NOT_DONE[one.outcome], *sides


def _acts(tx: Session, row: Break) -> Iterator[_Told]:
    """Of the log, which is read by its lines: this one's, and those its money was compared with."""
    lines = {row.line_id, *(one.line_id for one in namesakes(tx, row))} - {None}
    by_people = or_(
        and_(AssignmentLog.act == MATCH, AssignmentLog.rule == BY_HAND),
        AssignmentLog.act == UNMATCH,
    )
    mine = or_(
        AssignmentLog.line_id == row.line_id, AssignmentLog.counterpart_id == row.movement_id
    )
    acts = select(AssignmentLog).where(AssignmentLog.line_id.in_(lines), by_people, mine)
    for one in tx.scalars(acts.where(AssignmentLog.leg == SETTLEMENT)):
        yield one.at, one.actor, _DONE[one.act], one.line_id, one.counterpart_id


def _references(tx: Session, query: Any, ids: set[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    rows = tx.execute(query.where(query.selected_columns[0].in_(ids))).all()
    return {row[0]: row[1] for row in rows}
