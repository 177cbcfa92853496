"""What a second person says to a proposal about a difference, whatever was proposed: how to explain it, or
that its side be paired by hand or taken apart.

A list of differences holds both, and a pair stands in it twice, once for each side. Whoever decides
about both rows at once decides once, and both count as done.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reconciliation.resolving import deciding, tending
from reconciliation.resolving.deciding import Case, Decision
from reconciliation.resolving.models import BreakAct
from reconciliation.rules import agreeing
from reconciliation.rules.by_hand import Deed
from reconciliation.rules.models import HandMatch


def approve(tx: Session, case: Case, decision: Decision) -> BreakAct | HandMatch:
    """Let happen what somebody else proposed. Raises as `deciding.approve` and `agreeing.approve` do."""
    return _decide(tx, case, decision, deciding.approve, agreeing.approve)


def refuse(tx: Session, case: Case, decision: Decision) -> BreakAct | HandMatch:
    """Send a proposal back. Raises as `deciding.refuse` and `agreeing.refuse` do."""
    return _decide(tx, case, decision, deciding.refuse, agreeing.refuse)


def _decide(
    tx: Session,
    case: Case,
    decision: Decision,
    on_words: Callable[[Session, Case, Decision], BreakAct],
    on_pair: Callable[[Session, uuid.UUID, Deed], HandMatch],
) -> BreakAct | HandMatch:
    """Decide with `on_words` what was proposed about the difference, with `on_pair` what about its sides."""
    pair = _pair(tx, case, decision)
    if pair is None:
        return on_words(tx, case, decision)
    if pair.outcome is None:
        on_pair(tx, pair.id, Deed(decision.actor, decision.limit, decision.now))
        _say(tx, case, decision)
    return pair


def _pair(tx: Session, case: Case, decision: Decision) -> HandMatch | None:
    """The proposal about the difference's sides, if nothing is proposed about the difference itself:
    one that waits, or one that this very decision has decided by its other side."""
    if deciding.waiting(tx, case.row) is not None:
        return None
    return agreeing.waiting(tx, case.row) or _decided(tx, case.row.line_id, case.row.movement_id,
                                                      decision)  # fmt: skip


def _decided(
    tx: Session, line_id: uuid.UUID | None, movement_id: uuid.UUID | None, decision: Decision
) -> HandMatch | None:
    about = or_(HandMatch.line_id == line_id, HandMatch.movement_id == movement_id)
    mine = HandMatch.decided_by == decision.actor, HandMatch.decided_at == decision.now
    return tx.scalar(select(HandMatch).where(about, *mine).limit(1))


def _say(tx: Session, case: Case, decision: Decision) -> None:
    """A proposal of a pair has no words of its own, so the difference keeps them."""
    if decision.words.strip():
        tending.comment(tx, case, decision.words, decision.actor, decision.now)
