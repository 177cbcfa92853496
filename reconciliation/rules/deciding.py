"""Rules pass through two people: one proposes, another approves; either may retire what stands.

A rule is never changed. Its next version is proposed like a new rule, and approving it retires the one
before. What a retired rule had named on days that are not closed is a difference again, at once, and
its money waits in suspense again; the next comparison says what it is.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments import audit
from payments.book_days import takes_no_rows
from payments.db import new_id
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.models import MerchantAccount
from payments.setting_aside import take_back
from qr.errors import Explained
from reconciliation import totals
from reconciliation.breaks import BreakClass, Finding
from reconciliation.models import SETTLEMENT, StatementLine
from reconciliation.opening import write
from reconciliation.resolving.deciding import two_people
from reconciliation.rules.models import TOLERANCE, WINDOW, LineRule, OtherLine
from reconciliation.rules.naming import GIVEN_BACK, log
from reconciliation.rules.words import SHORTEST, tidy, too_short
from reconciliation.sides import Scope, Sides
from reconciliation.turns import alone

#: Letters of a label.
LONGEST_LABEL = 60
#: The largest tolerance in minor units: rounding, never a price.
WIDEST = 1_000
#: Days of the longest window: a month's money is not awaited for longer.
LONGEST_WINDOW = 31


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule shall say; see `LineRule`. `series` names the rule that this is to follow."""

    operator: str
    account_id: uuid.UUID | None
    leg: str
    words: str
    sign: int
    least: int | None
    most: int | None
    label: str
    series: uuid.UUID | None = None
    party: str = ""


def checked(tx: Session, proposal: Proposal) -> LineRule:
    """The rule that `proposal` makes, not in the database yet; without proposer.

    Raises `WrongUsage` for words, or another side, that say too little, for a label that says nothing,
    and for bounds that hold nothing; `NotFound` for an account of another operator, or a rule there is none of.
    """
    asked = [said for said in (proposal.words, proposal.party) if said.strip()]
    for said in asked or [""]:
        _refuse_short(said)
    if not SHORTEST <= len(proposal.label) <= LONGEST_LABEL:
        raise WrongUsage(
            "Please say in a few words what such money is, %(most)s letters at most.",
            most=LONGEST_LABEL,
        )
    least, most = proposal.least, proposal.most
    lowest = 1 if least is None else least
    if lowest < 1 or (most is not None and most < lowest):
        raise WrongUsage(
            "From %(least)s to %(most)s there is no amount: the bounds are at least 1, and in order.",
            least=lowest, most="∞" if most is None else most,
        )  # fmt: skip
    account = proposal.account_id and tx.get(MerchantAccount, proposal.account_id)
    if proposal.account_id and (not account or account.operator != proposal.operator):
        raise NotFound("%(operator)s has no such account.", operator=proposal.operator)
    return _rule(tx, proposal)


def _refuse_short(words: str) -> None:
    if too_short(words):
        raise WrongUsage(
            "“%(words)s” says too little: every phrase needs at least %(least)s letters or digits.",
            words=words, least=SHORTEST,
        )  # fmt: skip


def _rule(tx: Session, proposal: Proposal) -> LineRule:
    values = asdict(proposal) | {"words": tidy(proposal.words), "party": tidy(proposal.party)}
    if proposal.series is None:
        return LineRule(**values | {"series": new_id(), "version": 1})
    newest = tx.scalar(
        select(sql.max(LineRule.version)).where(
            LineRule.series == proposal.series, LineRule.operator == proposal.operator
        )
    )
    if newest is None:
        raise NotFound("There is no such rule.")
    return LineRule(**values, version=newest + 1)


def propose(tx: Session, proposal: Proposal, actor: str, now: datetime) -> LineRule:
    """Write the rule down; it counts once somebody else approves it. Raises as `checked` does."""
    return _write_down(tx, checked(tx, proposal), actor, now)


def propose_tolerance(
    tx: Session, account: MerchantAccount, tolerance: int, actor: str, now: datetime
) -> LineRule:
    """As `propose`: by how many minor units the two sides of a pair may differ on `account`. Each new
    one is the next version of the account's. Raises `WrongUsage` unless it is 1 to `WIDEST`."""
    if not 0 < tolerance <= WIDEST:
        raise WrongUsage(
            "A tolerance is 1 to %(most)s, not %(tolerance)s.", most=WIDEST, tolerance=tolerance
        )
    rule = _next(tx, TOLERANCE, account.operator, account)
    rule.tolerance = tolerance
    return _write_down(tx, rule, actor, now)


def propose_window(
    tx: Session,
    operator: str,
    account: MerchantAccount | None,
    days: int,
    actor: str,
    now: datetime,
) -> LineRule:
    """As `propose_tolerance`: after how many days what has not come is missing, on `account` or on all
    accounts of `operator`. Raises `WrongUsage` unless it is 0 to `LONGEST_WINDOW`."""
    if not 0 <= days <= LONGEST_WINDOW:
        raise WrongUsage(
            "A window is 0 to %(most)s days, not %(days)s.", most=LONGEST_WINDOW, days=days
        )
    rule = _next(tx, WINDOW, operator, account)
    rule.days = days
    return _write_down(tx, rule, actor, now)


def _next(tx: Session, kind: str, operator: str, account: MerchantAccount | None) -> LineRule:
    """The next version of the one rule of this kind that a place has."""
    account_id = account.id if account else None
    before = tx.scalar(
        select(LineRule)
        .where(
            LineRule.kind == kind,
            LineRule.operator == operator,
            LineRule.account_id == account_id,
        )
        .order_by(LineRule.version.desc())
        .limit(1)
    )
    return LineRule(
        series=before.series if before else new_id(),
        version=before.version + 1 if before else 1,
        operator=operator, account_id=account_id, kind=kind,
        leg=SETTLEMENT, words="", sign=1, label=kind,
    )  # fmt: skip


def _write_down(tx: Session, rule: LineRule, actor: str, now: datetime) -> LineRule:
    rule.proposed_by, rule.proposed_at = actor, now
    tx.add(rule)
    tx.flush()
    _note(tx, rule, "propose", actor, now)
    return rule


def approve(tx: Session, rule_id: uuid.UUID, actor: str, now: datetime) -> LineRule:
    """Let the rule count, in place of the version before it; approving again is harmless.

    Raises `NotFound`, `NeedsAnother` for the person who proposed it, and `Conflict` when the rule was
    retired or refused, or a newer version counts.
    """
    rule = _locked(tx, rule_id)
    if rule.approved_at is not None and rule.retired_at is None:
        return rule
    if rule.retired_at is not None:
        raise Conflict("The rule “%(label)s” was retired before.", label=called(rule))
    two_people(rule.proposed_by, actor)
    for other in _standing(tx, rule.series):
        if other.version > rule.version:
            raise Conflict("A newer version of “%(label)s” counts already.", label=called(rule))
        _retire(tx, other, actor, now)
    rule.approved_by, rule.approved_at = actor, now
    tx.flush()
    _note(tx, rule, "approve", actor, now)
    return rule


def called(rule: LineRule) -> str | Explained:
    """What people call a rule: its label, or, where its kind says everything, what it decides."""
    if rule.kind == TOLERANCE:
        return Complaint("Tolerance")
    if rule.kind == WINDOW:
        return Complaint("Missing after %(count)s days", count=rule.days)
    return rule.label


def _standing(tx: Session, series: uuid.UUID) -> list[LineRule]:
    counts = LineRule.approved_at.is_not(None), LineRule.retired_at.is_(None)
    return list(tx.scalars(select(LineRule).where(LineRule.series == series, *counts)))


def retire(tx: Session, rule_id: uuid.UUID, actor: str, now: datetime) -> LineRule:
    """End a rule, or refuse one that is not approved yet; again is harmless. Raises `NotFound`."""
    rule = _locked(tx, rule_id)
    if rule.retired_at is None:
        _retire(tx, rule, actor, now)
    return rule


def _locked(tx: Session, rule_id: uuid.UUID) -> LineRule:
    rule = tx.get(LineRule, rule_id, with_for_update=True, populate_existing=True)
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


def _retire(tx: Session, rule: LineRule, actor: str, now: datetime) -> None:
    accounts = select(MerchantAccount).where(MerchantAccount.operator == rule.operator)
    if rule.account_id is not None:
        accounts = accounts.where(MerchantAccount.id == rule.account_id)
    rule.retired_by, rule.retired_at = actor, now
    tx.flush()
    for account in tx.scalars(accounts.order_by(MerchantAccount.id)).all():
        # a comparison that has read the rule must end first, or it would name lines behind us
        alone(tx, account.id)
        _give_back(tx, rule, account, actor, now)
    back = take_back(tx, rule.id, now)
    _note(tx, rule, "retire", actor, now, {"suspense": len(back)})


def _give_back(
    tx: Session, rule: LineRule, account: MerchantAccount, actor: str, now: datetime
) -> None:
    """Make differences of the account's lines that `rule` names, on days that are not closed."""
    named = select(StatementLine).join(OtherLine, OtherLine.line_id == StatementLine.id)
    lines = tx.scalars(
        named.where(
            OtherLine.rule_id == rule.id,
            OtherLine.account_id == account.id,
            ~takes_no_rows(
                select(MerchantAccount.operator)
                .where(MerchantAccount.id == account.id)
                .scalar_subquery(),
                StatementLine.book_day.expression,
            ),
        )
    ).all()
    if not lines:
        return
    log(tx, rule.leg, GIVEN_BACK, [(line.id, rule) for line in lines], actor, now)
    freed = OtherLine.line_id.in_([line.id for line in lines])
    tx.execute(delete(OtherLine).where(OtherLine.rule_id == rule.id, freed))
    found = [
        (
            Sides(line.book_day, line.currency, line.id),
            Finding(BreakClass.MISSING_INTERNAL, line.gross),
        )
        for line in lines
    ]
    today = max(line.book_day for line in lines)
    scope = Scope(account, today, now, due_at=now, complete=False)
    write(tx, scope, rule.leg, found, timing=False)
    for day in sorted({line.book_day for line in lines}):
        totals.refresh(tx, account.id, day, now)


def _note(
    tx: Session,
    rule: LineRule,
    act: str,
    actor: str,
    now: datetime,
    more: dict[str, object] | None = None,
) -> None:
    detail: dict[str, object] = {
        "label": rule.label, "version": rule.version, "leg": rule.leg, "words": rule.words, "party": rule.party,
        "sign": rule.sign, "tolerance": rule.tolerance, "days": rule.days, "least": rule.least,
        "most": rule.most,
    }  # fmt: skip
    audit.append(tx, actor, f"line_rule.{act}", str(rule.id), detail | (more or {}), now)
