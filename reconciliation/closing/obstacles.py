"""What keeps a day from being closed: whatever of it nobody has compared, counted or explained yet."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount, Movement
from payments.provider import CASH
from reconciliation.days import DAY
from reconciliation.models import SETTLEMENT, AccountDay, Assignment, Break, DayTotal
from reconciliation.sides import COMPARED, is_live


class ObstacleKind(StrEnum):
    """An account whose file has not come, or not all of it; a till that was not counted; money that
    was not compared since it came; a difference that nobody explained."""

    AWAITING = "awaiting"
    PARTIAL = "partial"
    UNCOUNTED = "uncounted"
    UNCOMPARED = "uncompared"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that is not explained. `subject` names it for ever: ``account:<slug>``,
    ``uncompared:<slug>`` or ``break:<id>``. `count` payments of `amount` minor units are uncompared;
    a break has its difference there, its class in `what`, and the `leg` it is about."""

    subject: str
    kind: ObstacleKind
    operator: str
    day: date
    account: str
    count: int = 0
    amount: int = 0
    currency: str = "VND"
    what: str = ""
    break_id: uuid.UUID | None = None
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `since` to `until`, both included, of one operator, or of all (None)."""

    operator: str | None
    since: date
    until: date

    @property
    def days(self) -> Iterator[date]:
        return (self.since + n * DAY for n in range((self.until - self.since).days + 1))


def obstacles(tx: Session, operator: str, day: date) -> Sequence[Obstacle]:
    """Everything of one operator's day that is not explained."""
    found = [*waiting(tx, Span(operator, day, day)).get((operator, day), ())]
    awaiting = {one.account for one in found if one.kind != ObstacleKind.BREAK}
    return [*found, *_uncompared(tx, operator, day, awaiting)]


def waiting(tx: Session, span: Span) -> Mapping[tuple[str, date], Sequence[Obstacle]]:
    """(operator, day) → the accounts that wait for a file or a count, and the open differences. Money
    not compared yet is left out: it costs a look at every payment."""
    found: dict[tuple[str, date], list[Obstacle]] = defaultdict(list)
    for obstacle in (*_accounts(tx, span), *_breaks(tx, span)):
        found[obstacle.operator, obstacle.day].append(obstacle)
    return found


def _accounts(tx: Session, span: Span) -> Iterator[Obstacle]:
    """An account in use is asked for every day since it was first compared, and whoever had money
    for that day."""
    states, moved = _states(tx, span), _moved(tx, span)
    for account, first in _known_accounts(tx, span):
        for day in span.days:
            known = first is not None and first <= day and account.retired_at is None
            state = states.get((account.id, day))
            if state == "complete" or not (state or known or (account.id, day) in moved):
                continue
            kind = ObstacleKind(state or "awaiting")
            if account.provider == CASH:
                kind = ObstacleKind.UNCOUNTED
            subject = f"account:{account.slug}"
            yield Obstacle(subject, kind, account.operator, day, account.slug)


def _known_accounts(tx: Session, span: Span) -> Sequence[tuple[MerchantAccount, date | None]]:
    firsts = select(AccountDay.account_id, sql.min(AccountDay.day).label("first"))
    first = firsts.group_by(AccountDay.account_id).subquery()
    query = (
        select(MerchantAccount, first.c.first)
        .outerjoin(first, first.c.account_id == MerchantAccount.id)
        .where(_of(span))
        .order_by(MerchantAccount.slug)
    )
    return [(account, day) for account, day in tx.execute(query)]


def _of(span: Span) -> ColumnElement[bool]:
    return true() if span.operator is None else MerchantAccount.operator == span.operator


def _states(tx: Session, span: Span) -> Mapping[tuple[uuid.UUID, date], str]:
    rows = select(AccountDay.account_id, AccountDay.day, AccountDay.state)
    between = rows.where(AccountDay.day.between(span.since, span.until))
    return {(account, day): state for account, day, state in tx.execute(between)}


def _moved(tx: Session, span: Span) -> frozenset[tuple[uuid.UUID, date]]:
    between = DayTotal.day.between(span.since, span.until)
    rows = select(DayTotal.account_id, DayTotal.day).where(between).distinct()
    return frozenset((account, day) for account, day in tx.execute(rows))


def _breaks(tx: Session, span: Span) -> Iterator[Obstacle]:
    query = (
        select(
            Break.id, MerchantAccount.operator, Break.day, MerchantAccount.slug, Break.difference,
            Break.currency, Break.kind, Break.leg,
        )
        .join(MerchantAccount, MerchantAccount.id == Break.account_id)
        .where(
            _of(span),
            Break.day.between(span.since, span.until),
            Break.state != "resolved",
            ~Break.timing,
        )
        .order_by(Break.day, MerchantAccount.slug, Break.kind, Break.id)
    )  # fmt: skip
    for id_, operator, day, slug, difference, currency, kind, leg in tx.execute(query):
        yield Obstacle(
            f"break:{id_}", ObstacleKind.BREAK, operator, day, slug, 1, difference, currency, kind,
            id_, leg,
        )  # fmt: skip


def _uncompared(tx: Session, operator: str, day: date, awaiting: set[str]) -> Iterator[Obstacle]:
    """Money that came after its complete account-day was compared: neither matched nor a difference."""
    paired = and_(Assignment.leg == SETTLEMENT, Assignment.movement_id == Movement.id)
    told_of = and_(Break.leg == SETTLEMENT, Break.movement_id == Movement.id)
    query = (
        select(MerchantAccount.slug, Movement.currency, sql.count(), sql.sum(Movement.amount))
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(Assignment, paired)
        .where(
            MerchantAccount.operator == operator,
            Movement.book_day == day,
            Movement.kind.in_(COMPARED),
            Assignment.id.is_(None),
            ~select(Break.id).where(told_of, is_live(Break)).exists(),
        )
        .group_by(MerchantAccount.slug, Movement.currency)
        .order_by(MerchantAccount.slug, Movement.currency)
    )
    for slug, currency, count, amount in tx.execute(query):
        if slug not in awaiting:
            yield Obstacle(
                f"uncompared:{slug}", ObstacleKind.UNCOMPARED, operator, day, slug, int(count),
                int(amount), currency,
            )  # fmt: skip
