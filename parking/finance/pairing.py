"""Which sides might belong to the one side of a difference, and which a person named."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.finance.sides import Sides
from parking.web.actors import names_of
from payments.errors import NotFound
from payments.models import Movement
from reconciliation.models import SETTLEMENT, Assignment, StatementLine
from reconciliation.rules.agreeing import waiting
from reconciliation.rules.by_hand import MATCH, suggestions
from reconciliation.rules.models import HandMatch


@dataclass(frozen=True, slots=True)
class Candidate:
    """The other side that might belong here. `amount` is signed towards us, minor units."""

    reference: str
    amount: int
    currency: str
    event_at: datetime


@dataclass(frozen=True, slots=True)
class Pairing:
    """`candidates`: None when nothing can be paired here; `apart`: the matched line of an explained
    difference, which can be taken apart; `asked`: what waits for a second person instead."""

    candidates: Sequence[Candidate] | None = None
    apart: uuid.UUID | None = None
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair that somebody proposed to make, or to take apart, with the references of its sides."""

    proposal: HandMatch
    name: str
    line: str
    movement: str

    @property
    def apart(self) -> bool:
        return self.proposal.act != MATCH


def pairing_of(tx: Session, sides: Sides) -> Pairing:
    """What a person may pair on the page of this difference, or take apart."""
    it = sides.difference
    if it.leg != SETTLEMENT:
        return Pairing()
    proposal = waiting(tx, it)
    if proposal is not None:
        return Pairing(asked=_asked(tx, proposal))
    if it.state != "open":
        match = select(Assignment.line_id).where(
            Assignment.leg == SETTLEMENT, Assignment.line_id == it.line_id
        )
        return Pairing(apart=tx.scalar(match))
    line, movement = _sides(tx, sides)
    if (line is None) == (movement is None):
        return Pairing()
    ours = movement is None
    return Pairing([_candidate(row, ours) for row in suggestions(tx, line, movement)])


def _asked(tx: Session, proposal: HandMatch) -> Asked:
    names = names_of(tx, {proposal.proposed_by})
    return Asked(
        proposal,
        names.get(proposal.proposed_by, proposal.proposed_by),
        tx.get_one(StatementLine, proposal.line_id).line_ref,
        tx.get_one(Movement, proposal.movement_id).rail_ref,
    )


def _sides(tx: Session, sides: Sides) -> tuple[StatementLine | None, Movement | None]:
    it = sides.difference
    return (
        tx.get(StatementLine, it.line_id) if it.line_id else None,
        tx.get(Movement, it.movement_id) if it.movement_id else None,
    )


def _candidate(row: Any, ours: bool) -> Candidate:
    line, movement = row
    reference, at = (
        (movement.rail_ref, movement.event_at) if ours else (line.line_ref, line.event_at)
    )
    return Candidate(reference, line.gross, line.currency, at)


def pair_named(tx: Session, sides: Sides, reference: str) -> tuple[uuid.UUID, uuid.UUID]:
    """(line, movement): the difference's own side, and the one of the same account with this
    reference. Raises `NotFound` unless there is exactly one."""
    line, movement = _sides(tx, sides)
    account = sides.account.id
    if movement is None and line is not None:
        ours = select(Movement.id).where(
            Movement.account_id == account, Movement.rail_ref == reference
        )
        return line.id, _only(tx.scalars(ours).all(), reference)
    if movement is not None and line is None:
        theirs = select(StatementLine.id).where(
            StatementLine.account_id == account,
            StatementLine.leg == SETTLEMENT,
            StatementLine.line_ref == reference,
        )
        return _only(tx.scalars(theirs).all(), reference), movement.id
    raise NotFound("There is nothing to pair here.")


def _only(found: Sequence[uuid.UUID], reference: str) -> uuid.UUID:
    if len(found) != 1:
        raise NotFound(
            "There are %(count)s sides with the reference “%(reference)s” on this account, not one.",
            count=len(found), reference=reference[:60],
        )  # fmt: skip
    return found[0]
