"""Which lines a rule names, and which money in suspense.

After the passes, before differences are opened: what was matched, and what a difference or a person's
decision already claims together with a counterpart, no rule takes. Nor does it take a line that names
a payment or a refund of ours, or that has the reference of a movement or a payout of the account. A
receipt in suspense whose own line a rule names stays matched with that line (the bank did receive
it) and is set aside: it leaves the queue.

Without an approved rule all this is one look-up per account.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.db import new_id
from payments.models import Movement
from payments.provider import LineKind
from payments.setting_aside import is_receipt_in_suspense, set_aside
from reconciliation.matching import MATCHER
from reconciliation.models import (
    BANK,
    SETTLEMENT,
    Assignment,
    AssignmentLog,
    Break,
    StatementLine,
)
from reconciliation.rules.models import OTHER_KIND, LineRule, OtherLine
from reconciliation.rules.words import is_party, names_us, phrases_of, says
from reconciliation.sides import (
    NOT_PARKING,
    Rows,
    Scope,
    is_live,
    is_payout,
    line_matched,
    match_of_line,
)
from reconciliation.uploads.models import LineParty
from reconciliation.worklists import NEW_LINES

#: Lines that people count, and what leaves for the bank: never a rule's business.
NEVER = (LineKind.COUNT.value, LineKind.PAYOUT.value)

#: Acts in `AssignmentLog`: a rule named a line, and gave it back. The counterpart is the rule.
NAMED, GIVEN_BACK = "name", "give_back"

#: What transfers that set money aside are caused by; the line and the rule follow.
CAUSE = "other:"


@dataclass(frozen=True, slots=True)
class Named:
    """A line and the rule it is named by."""

    line_id: uuid.UUID
    rule: LineRule
    gross: int
    currency: str


class Rules:
    """The rules that count for one look at an account, the oldest first."""

    def __init__(self, tx: Session, scope: Scope) -> None:
        self._scope = scope
        every = tx.scalars(_rules_of(scope)).all()
        others = [rule for rule in every if rule.kind == OTHER_KIND]
        self._any_ever = bool(others)
        self._standing = [rule for rule in others if rule.retired_at is None]
        #: By how many minor units the sides of a pair may differ; the newest rule says.
        self.tolerance = 0
        for rule in every:
            if rule.tolerance is not None and rule.retired_at is None:
                self.tolerance = rule.tolerance

    def leave_out_named(self, tx: Session) -> None:
        """Lines that a rule has named are not looked at again."""
        if self._any_ever:
            named = select(OtherLine.line_id).where(OtherLine.account_id == self._scope.account_id)
            tx.connection().execute(delete(NEW_LINES).where(NEW_LINES.c.id.in_(named)))

    def name(self, tx: Session, leg: str) -> int:
        """Name the lines of `leg` that are left over, and set money in suspense aside; how many open
        differences that explained."""
        rules = [rule for rule in self._standing if rule.leg == leg]
        if not rules:
            return 0
        if leg == SETTLEMENT:
            _set_aside(tx, rules, self._scope)
        loose = loose_lines(leg).join(NEW_LINES, NEW_LINES.c.id == StatementLine.id)
        found = list(named_by(rules, tx.execute(loose.where(in_bounds(rules)))))
        if not found:
            return 0
        _write(tx, self._scope, leg, found)
        self.leave_out_named(tx)
        return _explain(tx, self._scope, leg)


def _rules_of(scope: Scope) -> Any:
    return (
        select(LineRule)
        .where(
            LineRule.operator == scope.account.operator,
            or_(LineRule.account_id.is_(None), LineRule.account_id == scope.account_id),
            LineRule.approved_at.is_not(None),
        )
        .order_by(LineRule.approved_at, LineRule.id)
    )


def loose_lines(leg: str) -> Rows:
    """(id, text, gross, currency, account_id, event_at, and who stands on the other side: party_name,
    party_account) of the lines of `leg` that no match, claim or counterpart speaks for."""
    claim, twin, payout = aliased(Break), aliased(Movement), aliased(StatementLine)
    with_other = or_(claim.movement_id.is_not(None), claim.payout_id.is_not(None))
    claims = select(claim.id).where(
        claim.leg == leg,
        claim.line_id == StatementLine.id,
        is_live(claim),
        or_(claim.state != "open", with_other),
    )
    ours = select(twin.id).where(
        twin.account_id == StatementLine.account_id, twin.rail_ref == StatementLine.rail_ref
    )
    paid_out = select(payout.id).where(
        payout.account_id == StatementLine.account_id,
        is_payout(payout),
        payout.rail_ref == StatementLine.rail_ref,
    )
    return _told().where(
        StatementLine.leg == leg,
        or_(StatementLine.kind.not_in(NEVER), StatementLine.leg == BANK),
        StatementLine.order_code.is_(None),
        ~line_matched(leg),
        ~claims.exists(),
        ~(paid_out if leg == BANK else ours).exists(),
    )


def lines_in_suspense() -> Rows:
    """The same of lines whose money is in the books, and waits in suspense."""
    return (
        _told()
        .join(Assignment, match_of_line(SETTLEMENT))
        .join(Movement, Movement.id == Assignment.movement_id)
        .where(StatementLine.order_code.is_(None), is_receipt_in_suspense())
    )


def _told() -> Rows:
    return (
        select(
            StatementLine.id,
            StatementLine.text,
            StatementLine.gross,
            StatementLine.currency,
            StatementLine.account_id,
            StatementLine.event_at,
            sql.coalesce(LineParty.name, "").label("party_name"),
            sql.coalesce(LineParty.account, "").label("party_account"),
        )
        .outerjoin(LineParty, LineParty.line_id == StatementLine.id)
        .order_by(StatementLine.event_at, StatementLine.id)
    )


def in_bounds(rules: Iterable[LineRule]) -> ColumnElement[bool]:
    """SQL: the line's sign and amount are within those of one of `rules`."""
    return or_(*(_bounds(rule) for rule in rules))


def _bounds(rule: LineRule) -> ColumnElement[bool]:
    amount = sql.abs(StatementLine.gross)
    asked = [StatementLine.gross > 0 if rule.sign > 0 else StatementLine.gross < 0]
    if rule.account_id is not None:
        asked.append(StatementLine.account_id == rule.account_id)
    if rule.least is not None:
        asked.append(amount >= rule.least)
    if rule.most is not None:
        asked.append(amount <= rule.most)
    return and_(*asked)


def named_by(rules: Sequence[LineRule], lines: Iterable[Any]) -> Iterator[Named]:
    """Each of `lines` with the first of `rules` that names it; a line that names us is nobody's."""
    wanted = [(rule, phrases_of(rule.words), phrases_of(rule.party)) for rule in rules]
    for line in lines:
        fitting = (one for one, words, party in wanted if _fits(one, words, party, line))
        rule = next(fitting, None)
        if rule is not None and not names_us(line.text):
            yield Named(line.id, rule, line.gross, line.currency)


def _fits(rule: LineRule, phrases: tuple[str, ...], party: tuple[str, ...], line: Any) -> bool:
    amount = abs(line.gross)
    return (
        (line.gross > 0) == (rule.sign > 0)
        and (rule.account_id is None or rule.account_id == line.account_id)
        and (rule.least is None or amount >= rule.least)
        and (rule.most is None or amount <= rule.most)
        and says(line.text, phrases)
        and is_party(line.party_name, line.party_account, party)
    )


def _write(tx: Session, scope: Scope, leg: str, found: Sequence[Named]) -> None:
    rows = [
        {"line_id": one.line_id, "leg": leg, "account_id": scope.account_id,
         "rule_id": one.rule.id, "at": scope.now}
        for one in found
    ]  # fmt: skip
    tx.execute(insert(OtherLine), rows)
    acts = [(one.line_id, one.rule) for one in found]
    log(tx, leg, NAMED, acts, MATCHER, scope.now)


def log(
    tx: Session,
    leg: str,
    act: str,
    lines: Iterable[tuple[uuid.UUID, LineRule]],
    actor: str,
    now: datetime,
) -> None:
    """Write down what a rule did to each of `lines`, with its label and version."""
    rows = [
        {"id": new_id(), "at": now, "actor": actor, "act": act, "leg": leg, "line_id": line_id,
         "counterpart_id": rule.id, "rule": rule.label, "rule_set": rule.version}
        for line_id, rule in lines
    ]  # fmt: skip
    tx.execute(insert(AssignmentLog), rows)


def _explain(tx: Session, scope: Scope, leg: str) -> int:
    """Resolve the open differences about lines that were named just now; how many."""
    named = select(OtherLine.line_id).where(
        OtherLine.account_id == scope.account_id, OtherLine.at == scope.now
    )
    explained = (
        update(Break)
        .where(Break.leg == leg, Break.state == "open", Break.line_id.in_(named))
        .values(
            state="resolved",
            resolution=NOT_PARKING,
            resolved_at=scope.now,
            difference=0,
            timing=False,
        )
    )
    return tx.connection().execute(explained).rowcount


def _set_aside(tx: Session, rules: Sequence[LineRule], scope: Scope) -> None:
    mine = StatementLine.account_id == scope.account_id
    lines = tx.execute(lines_in_suspense().where(mine, in_bounds(rules))).all()
    for one in named_by(rules, lines):
        # nobody may attach it meanwhile: `payments.attaching` asks for the same lock
        movement = tx.scalar(
            select(Movement)
            .join(Assignment, Assignment.movement_id == Movement.id)
            .where(
                Assignment.leg == SETTLEMENT,
                Assignment.line_id == one.line_id,
                is_receipt_in_suspense(),
            )
            .with_for_update(of=Movement)
        )
        if movement is not None:
            cause = f"{CAUSE}{one.line_id}:{one.rule.id}"
            set_aside(tx, movement, cause, one.rule.id, scope.now)
