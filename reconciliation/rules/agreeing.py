"""How many people it takes to pair two sides by hand, or to take a pair apart.

One person decides up to a limit (the setting BREAK_APPROVAL_ABOVE); above it they propose, and somebody
else approves. A pair weighs what is most of its line, its movement and what they differ by: matching
the wrong two of a large amount hides as much as writing one off. Taking apart weighs the same, whoever
made the pair, a rule included: else one person alone could undo what two had agreed on. Another
currency than that of the limit always takes two. A proposal leaves everything as it is, so its
day cannot be closed with it unless something else explains the sides.
"""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from payments import audit
from payments.errors import Conflict, NotFound
from reconciliation.matching import UNMATCH
from reconciliation.models import Break
from reconciliation.resolving.deciding import LIMIT_CURRENCY, already_proposed, two_people
from reconciliation.rules import by_hand
from reconciliation.rules.by_hand import MATCH, Deed, Paired, Two
from reconciliation.rules.models import HandMatch
from reconciliation.sides import SUPERSEDED
from reconciliation.turns import alone

APPROVED, REFUSED, LAPSED = "approved", "refused", "lapsed"


def pair(tx: Session, line_id: uuid.UUID, movement_id: uuid.UUID, deed: Deed) -> HandMatch | None:
    """Match the two; above the limit, propose it. Raises as `by_hand.open_two` does, and `Conflict`
    while another proposal waits for one of them."""
    two = by_hand.open_two(tx, line_id, movement_id, deed.now)
    if not _alone(two, deed):
        return _propose(tx, MATCH, two, deed)
    by_hand.pair(tx, two, deed)
    return None


def take_apart(tx: Session, line_id: uuid.UUID, deed: Deed) -> HandMatch | None:
    """Take the line's match apart; above the limit, propose it. Raises as `by_hand.matched_two` does,
    and `Conflict` while another proposal waits for one of them."""
    two = by_hand.matched_two(tx, line_id, deed.now)
    if not _alone(two, deed):
        return _propose(tx, UNMATCH, two, deed)
    by_hand.take_apart(tx, two, deed)
    return None


def approve(tx: Session, asked_id: uuid.UUID, deed: Deed) -> HandMatch:
    """Let happen what somebody else proposed.

    Raises `NotFound`, `NeedsAnother` for the same person, and `Conflict` when it is decided already or
    the sides are no longer as they were.
    """
    asked = _undecided(tx, asked_id)
    two_people(asked.proposed_by, deed.actor)
    if asked.act == MATCH:
        by_hand.pair(tx, _still_open(tx, asked, deed), deed)
    else:
        by_hand.take_apart(tx, _still_paired(tx, asked, deed), deed)
    return _decide(tx, asked, APPROVED, deed)


def refuse(tx: Session, asked_id: uuid.UUID, deed: Deed) -> HandMatch:
    """Send a proposal back; whoever proposed may take it back so. Raises `NotFound` and `Conflict`."""
    return _decide(tx, _undecided(tx, asked_id), REFUSED, deed)


def waiting(tx: Session, row: Break) -> HandMatch | None:
    """The proposal about the sides of a difference that waits for a second person."""
    found = select(HandMatch).join(Break, waits_for()).where(Break.id == row.id)
    return tx.scalar(found.order_by(HandMatch.id).limit(1))


def waits_for() -> ColumnElement[bool]:
    """SQL: the proposal is about a side of the difference, which is as it was then."""
    about = or_(HandMatch.line_id == Break.line_id, HandMatch.movement_id == Break.movement_id)
    as_it_was = or_(
        and_(HandMatch.act == MATCH, Break.state == "open"),
        and_(HandMatch.act == UNMATCH, Break.state == "resolved", Break.resolution != SUPERSEDED),
    )
    return and_(HandMatch.outcome.is_(None), about, as_it_was)


def _alone(two: Two, deed: Deed) -> bool:
    return two.line.currency == LIMIT_CURRENCY and _weight(two) <= deed.limit


def _weight(two: Two) -> int:
    return max(abs(two.line.gross), two.movement.amount, abs(two.difference))


def _propose(tx: Session, act: str, two: Two, deed: Deed) -> HandMatch:
    _nothing_waits(tx, two, deed)
    made = HandMatch(
        account_id=two.line.account_id, act=act, line_id=two.line.id, movement_id=two.movement.id,
        amount=_weight(two), difference=two.difference, currency=two.line.currency,
        proposed_by=deed.actor, proposed_at=deed.now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    _note(tx, made, "propose", deed)
    return made


def _nothing_waits(tx: Session, two: Two, deed: Deed) -> None:
    """Let lapse what the sides have left behind. Raises `Conflict` for what still waits."""
    sides = or_(HandMatch.line_id == two.line.id, HandMatch.movement_id == two.movement.id)
    for asked in tx.scalars(select(HandMatch).where(HandMatch.outcome.is_(None), sides)).all():
        if _fits(tx, asked, deed):
            raise already_proposed(asked.proposed_by)
        _decide(tx, asked, LAPSED, deed)


def _fits(tx: Session, asked: HandMatch, deed: Deed) -> bool:
    """Whether what was proposed could still be done."""
    look = _still_open if asked.act == MATCH else _still_paired
    try:
        look(tx, asked, deed)
    except (Conflict, NotFound):
        return False
    return True


def _still_open(tx: Session, asked: HandMatch, deed: Deed) -> Two:
    """The two that are to be matched. Raises as `by_hand.open_two` does."""
    return by_hand.open_two(tx, asked.line_id, asked.movement_id, deed.now)


def _still_paired(tx: Session, asked: HandMatch, deed: Deed) -> Paired:
    """The two that are to be taken apart. Raises `Conflict` when they are no longer a pair."""
    changed = Conflict("The pair has changed since this was proposed.")
    try:
        two = by_hand.matched_two(tx, asked.line_id, deed.now)
    except NotFound as gone:
        raise changed from gone
    if two.movement.id != asked.movement_id:
        raise changed
    return two


def _undecided(tx: Session, asked_id: uuid.UUID) -> HandMatch:
    """The proposal, while nobody else decides about its account."""
    asked = tx.get(HandMatch, asked_id)
    if asked is None:
        raise NotFound("There is no such proposal.")
    alone(tx, asked.account_id)
    tx.refresh(asked)
    if asked.outcome is not None:
        raise Conflict("This proposal is decided already.")
    return asked


def _decide(tx: Session, asked: HandMatch, outcome: str, deed: Deed) -> HandMatch:
    asked.outcome, asked.decided_by, asked.decided_at = outcome, deed.actor, deed.now
    tx.flush()
    _note(tx, asked, outcome, deed)
    return asked


def _note(tx: Session, asked: HandMatch, act: str, deed: Deed) -> None:
    detail: dict[str, object] = {
        "act": asked.act, "line": str(asked.line_id), "movement": str(asked.movement_id),
        "amount": asked.amount, "difference": asked.difference, "currency": asked.currency,
    }  # fmt: skip
    audit.append(tx, deed.actor, f"hand_match.{act}", str(asked.id), detail, deed.now)
