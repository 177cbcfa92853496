"""What rules there are, what one would name, and how much of a day they have named."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, cast, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.db import business_day
from payments.models import MerchantAccount
from payments.setting_aside import SetAside
from reconciliation.models import SETTLEMENT, Assignment, StatementLine
from reconciliation.rules.models import LineRule, OtherLine
from reconciliation.rules.naming import in_bounds, lines_in_suspense, loose_lines, named_by
from reconciliation.sides import Rows
from reconciliation.uploads.models import LineParty
from reconciliation.uploads.parties import parties_of

#: How far back a preview looks.
LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Sum:
    """So many lines, which together make `total`, signed towards us."""

    count: int
    total: int
    currency: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Lines of the last 90 days that a rule would name were it approved now, the newest first, their
    sums per currency, and who stands on the other side of each line, where that is known."""

    lines: Sequence[StatementLine]
    sums: Sequence[Sum]
    parties: Mapping[uuid.UUID, LineParty]


def rules_of(tx: Session, operator: str | None) -> Sequence[LineRule]:
    """Every version of every rule of one operator or of all, the newest first."""
    query = select(LineRule).order_by(LineRule.proposed_at.desc(), LineRule.id.desc())
    if operator is not None:
        query = query.where(LineRule.operator == operator)
    return tx.scalars(query).all()


def preview(tx: Session, rule: LineRule, now: datetime) -> Preview:
    """What `rule`, which need not be in the database, would name."""
    mine = select(MerchantAccount.id).where(MerchantAccount.operator == rule.operator)
    since = business_day(now) - LOOK_BACK
    named = select(OtherLine.line_id).where(OtherLine.line_id == StatementLine.id)
    sources = [loose_lines(rule.leg).where(~named.exists())]
    if rule.leg == SETTLEMENT:
        sources.append(lines_in_suspense())
    found: dict[uuid.UUID, tuple[int, str]] = {}
    for source in sources:
        told = source.where(
            StatementLine.account_id.in_(mine),
            StatementLine.leg == rule.leg,
            StatementLine.book_day >= since,
            in_bounds([rule]),
        )
        found |= {
            one.line_id: (one.gross, one.currency) for one in named_by([rule], tx.execute(told))
        }
    shown = select(StatementLine).where(StatementLine.id.in_(list(found)[-50:]))
    newest = shown.order_by(StatementLine.event_at.desc(), StatementLine.id)
    lines = tx.scalars(newest).all()
    parties = parties_of(tx, [line.id for line in lines])
    return Preview(lines, _sums(list(found.values())), parties)


def _sums(amounts: Sequence[tuple[int, str]]) -> list[Sum]:
    return [
        Sum(len(own), sum(own), currency)
        for currency in sorted({currency for _, currency in amounts})
        for own in [[amount for amount, of in amounts if of == currency]]
    ]


def named_by_rule(tx: Session, rule_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Rule → how many lines it names now, money in suspense included."""
    lines = select(OtherLine.rule_id, sql.count()).where(OtherLine.rule_id.in_(rule_ids))
    money = select(SetAside.because, sql.count()).where(SetAside.because.in_(rule_ids))
    found = dict.fromkeys(rule_ids, 0)
    for query in (lines.group_by(OtherLine.rule_id), money.group_by(SetAside.because)):
        for rule_id, count in tx.execute(query):
            found[rule_id] += count
    return found


def not_parking(tx: Session, day: date, account_ids: Sequence[uuid.UUID]) -> list[Sum]:
    """The lines of business day `day` that rules have named, per currency; with those whose money
    was set aside from suspense."""
    of_day = StatementLine.book_day == day, StatementLine.account_id.in_(account_ids)
    named = _added().join(OtherLine, OtherLine.line_id == StatementLine.id).where(*of_day)
    aside = (
        _added()
        .join(Assignment, Assignment.line_id == StatementLine.id)
        .join(SetAside, SetAside.movement_id == Assignment.movement_id)
        .where(Assignment.leg == SETTLEMENT, *of_day)
    )
    found: dict[str, tuple[int, int]] = {}
    for query in (named, aside):
        for currency, count, total in tx.execute(query):
            before = found.get(currency, (0, 0))
            found[currency] = before[0] + count, before[1] + int(total)
    return [Sum(count, total, currency) for currency, (count, total) in sorted(found.items())]


def _added() -> Rows:
    total = cast(sql.sum(StatementLine.gross), BigInteger)
    return select(StatementLine.currency, sql.count(), total).group_by(StatementLine.currency)
