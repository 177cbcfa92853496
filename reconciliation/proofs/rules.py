"""What may change about rules and pairs is what the sealed logs say: who decided about a rule or a pair
made by hand, which lines a rule names, and which money it set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from payments import ledger
from payments.adjusting import UNDO
from payments.models import Audit, Transfer
from payments.setting_aside import SetAside
from reconciliation.models import AssignmentLog, StatementLine
from reconciliation.proofs.violation import Violation
from reconciliation.rules.agreeing import APPROVED, LAPSED, REFUSED
from reconciliation.rules.models import HandMatch, LineRule, OtherLine
from reconciliation.rules.naming import CAUSE, GIVEN_BACK, NAMED
from reconciliation.sides import Rows

_DECIDED, _PROPOSE = (APPROVED, REFUSED, LAPSED), "hand_match.propose"
_APPROVE, _RETIRE = "line_rule.approve", "line_rule.retire"

#: Who decided and when.
_Word = tuple[str, datetime]


def decisions_about_rules_are_in_the_trail(tx: Session) -> Iterator[Violation]:
    """Whoever approved or retired a rule did so in the audit trail, at that moment; and who did it
    there stands with the rule."""
    rule = "decisions_about_rules_are_in_the_trail"
    said = _said(tx, (_APPROVE, _RETIRE))
    for found in tx.scalars(select(LineRule).order_by(LineRule.id)):
        for act, by, at in (
            (_APPROVE, found.approved_by, found.approved_at),
            (_RETIRE, found.retired_by, found.retired_at),
        ):
            told = said.get((act, str(found.id)))
            stands = None if by is None and at is None else (by, at)
            if stands != told:
                words = f"{act}: {by or 'nobody'}, the trail says {told[0] if told else 'nobody'}"
                yield Violation(rule, f"line_rule {found.id}", words)


def _said(tx: Session, acts: Collection[str]) -> Mapping[tuple[str, str], _Word]:
    """(act, subject) → the word of the trail."""
    rows = select(Audit.act, Audit.subject, Audit.actor, Audit.at)
    decided = rows.where(Audit.act.in_(acts)).order_by(Audit.id)
    return {(act, subject): (actor, at) for act, subject, actor, at in tx.execute(decided)}


def pairs_by_hand_took_two_people(tx: Session) -> Iterator[Violation]:
    """Whoever approved a pair by hand did so in the audit trail and had not proposed it; what waits
    there was not approved, and whoever proposed it stands there, too."""
    rule, acts = "pairs_by_hand_took_two_people", {f"hand_match.{one}": one for one in _DECIDED}
    said = _said(tx, (*acts, _PROPOSE))
    for found in tx.scalars(select(HandMatch).order_by(HandMatch.id)):
        told = {
            outcome: said[act, str(found.id)]
            for act, outcome in acts.items()
            if (act, str(found.id)) in said
        }
        decided = {found.outcome: (found.decided_by, found.decided_at)} if found.outcome else {}
        asked = said.get((_PROPOSE, str(found.id)))
        alone = found.outcome == APPROVED and found.decided_by == found.proposed_by
        if alone or told != decided or asked != (found.proposed_by, found.proposed_at):
            words = f"{found.outcome or 'undecided'} by {found.decided_by or 'nobody'}"
            yield Violation(rule, f"hand_match {found.id}", words)


def named_lines_are_in_the_log(tx: Session) -> Iterator[Violation]:
    """A line stands as named by a rule exactly when the last word of the log about it says so."""
    rule, last = "named_lines_are_in_the_log", aliased(AssignmentLog)
    standing: Rows = (
        select(StatementLine.line_ref, OtherLine.rule_id, last.act, last.counterpart_id)
        .join(OtherLine, OtherLine.line_id == StatementLine.id)
        .outerjoin(last, and_(last.line_id == OtherLine.line_id, _is_last_word(last)))
        .where(or_(last.id.is_(None), last.act != NAMED, last.counterpart_id != OtherLine.rule_id))
    )
    for line_ref, rule_id, act, by in tx.execute(standing):
        found = f"named by rule {rule_id}, the log says {act or 'nothing'} {by or ''}".rstrip()
        yield Violation(rule, f"statement_line {line_ref}", found)
    named = select(OtherLine.line_id).where(OtherLine.line_id == last.line_id)
    gone = (
        select(StatementLine.line_ref, last.counterpart_id)
        .join(last, last.line_id == StatementLine.id)
        .where(last.act == NAMED, _is_last_word(last), ~named.exists())
    )
    for line_ref, by in tx.execute(gone):
        yield Violation(rule, f"statement_line {line_ref}", f"no longer named by rule {by}")


def _is_last_word(about: type[AssignmentLog]) -> ColumnElement[bool]:
    """SQL: no rule said anything about the line of this entry after it."""
    later, acts = aliased(AssignmentLog), (NAMED, GIVEN_BACK)
    after = select(later.id).where(
        later.line_id == about.line_id, later.act.in_(acts), later.id > about.id
    )
    return about.act.in_(acts) & ~after.exists()


def what_rules_booked_is_set_aside(tx: Session) -> Iterator[Violation]:
    """What a rule moved out of suspense, and nobody took back, is set aside."""
    back = aliased(Transfer)
    undone = select(back.id).where(back.cause == UNDO + Transfer.cause)
    kept = select(SetAside.movement_id).where(SetAside.cause == Transfer.cause)
    strays = select(Transfer.cause).where(
        Transfer.cause.startswith(CAUSE),
        Transfer.kind == ledger.ADJUSTED,
        ~undone.exists(),
        ~kept.exists(),
    )
    for cause in tx.scalars(strays):
        found = "nothing is set aside by it"
        yield Violation("what_rules_booked_is_set_aside", f"transfer {cause}", found)
