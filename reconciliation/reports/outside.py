"""The provider's side of a period, and what explains that it differs from ours.

Per merchant account the lines of its files say what the provider says. That it differs from our
totals is explained beside the breaks by pairs that agree within a tolerance, by pairs whose two sides
were booked on different days at the period's edge, by movements whose file has not come, and by
lines that a rule names as not parking. Lines in another currency than the account's are breaks and in no sum.

These are read from the lines of the period: a look at a day costs its lines, not the history.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.models import MerchantAccount, Movement
from payments.provider import LineKind
from reconciliation.models import (
    BANK,
    PAYOUT,
    SETTLEMENT,
    Assignment,
    Break,
    Statement,
    StatementLine,
)
from reconciliation.payouts.models import PayoutBatch
from reconciliation.reports.period import Period
from reconciliation.rules.models import OtherLine
from reconciliation.sides import (
    COMPARED,
    Rows,
    is_live,
    is_payout,
    movement_matched,
    signed_amount,
)

#: What a payout's credit differs in, where the bank has one of another amount.
Otherwise = aliased(Break, name="otherwise")

#: Lines that speak of no payment: what was paid out, and what a till held beyond its receipts.
NO_PAYMENT = (LineKind.PAYOUT.value, LineKind.COUNT.value)


@dataclass(frozen=True, slots=True)
class Outside:
    """What one account's files say of the period. `gross` and `refunds` are both positive;
    `net` = gross − refunds − fees; `matched` lines have their movement."""

    count: int = 0
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    net: int = 0
    matched: int = 0


@dataclass(frozen=True, slots=True)
class AtBank:
    """Payouts announced in files of the period: what the lines they carry make, after all fees, by how
    much they are `off` that, what nobody names lines for, and how much of them the bank's lines credit,
    also where that is another amount. `announced` = carried + off + untold."""

    payouts: int = 0
    announced: int = 0
    credited: int = 0
    carried: int = 0
    off: int = 0

    @property
    def untold(self) -> int:
        return self.announced - self.carried - self.off


def outside(tx: Session, period: Period) -> Mapping[uuid.UUID, Outside]:
    """Merchant account → what its files say of the period's days."""
    back = or_(StatementLine.kind == LineKind.REFUND.value, StatementLine.gross < 0)
    gross = case((back, 0), else_=StatementLine.gross)
    returned = case((back, -StatementLine.gross), else_=0)
    query = (
        _lines(period)
        .outerjoin(
            Assignment,
            and_(Assignment.leg == SETTLEMENT, Assignment.line_id == StatementLine.id),
        )
        .where(StatementLine.kind.not_in(NO_PAYMENT))
        .add_columns(
            sql.count().filter(~back),
            *(_sum(column) for column in (gross, returned, StatementLine.fee, StatementLine.net)),
            sql.count(Assignment.id),
        )
        .group_by(StatementLine.account_id)
    )
    return {row[0]: Outside(*map(int, row[1:])) for row in tx.execute(query)}


def _lines(period: Period) -> Rows:
    return (
        select(StatementLine.account_id)
        .join(MerchantAccount, MerchantAccount.id == StatementLine.account_id)
        .where(
            StatementLine.leg == SETTLEMENT,
            period.within(StatementLine.book_day),
            StatementLine.currency == MerchantAccount.currency,
            period.accounts(),
        )
    )


def _sum(column: Any) -> ColumnElement[int]:
    return cast(sql.coalesce(sql.sum(column), 0), BigInteger)


def _arrived_otherwise() -> ColumnElement[bool]:
    return and_(
        Otherwise.leg == BANK,
        Otherwise.payout_id == StatementLine.id,
        Otherwise.line_id.is_not(None),
        is_live(Otherwise),
    )


def at_bank(tx: Session, period: Period) -> Mapping[uuid.UUID, AtBank]:
    """Merchant account → its payouts in files of the period's days, their lines and their credits."""
    arrived = and_(Assignment.leg == BANK, Assignment.payout_id == StatementLine.id)
    credited = case(
        (Assignment.id.is_not(None), -StatementLine.gross),
        (Otherwise.id.is_not(None), -StatementLine.gross + Otherwise.difference),
        else_=0,
    )
    differing = and_(Break.leg == PAYOUT, Break.payout_id == StatementLine.id, is_live())
    carried = case(
        (PayoutBatch.id.is_not(None), PayoutBatch.net - StatementLine.fee),
        (Break.id.is_not(None), -StatementLine.gross - Break.difference),
        else_=0,
    )
    sums = (-StatementLine.gross, credited, carried, Break.difference)
    query = (
        select(StatementLine.account_id, sql.count(), *(_sum(one) for one in sums))
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(MerchantAccount, MerchantAccount.id == StatementLine.account_id)
        .outerjoin(Assignment, arrived)
        .outerjoin(Otherwise, _arrived_otherwise())
        .outerjoin(PayoutBatch, PayoutBatch.payout_id == StatementLine.id)
        .outerjoin(Break, differing)
        .where(
            Statement.leg == SETTLEMENT,
            period.within(Statement.day),
            is_payout(),
            period.accounts(),
        )
        .group_by(StatementLine.account_id)
    )
    return {row[0]: AtBank(*map(int, row[1:])) for row in tx.execute(query)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Pairs and movements that explain a part of an account's difference. `reason`: ``tolerance``,
    ``other_day``, ``awaiting`` or ``not_parking``."""

    account_id: uuid.UUID
    reason: str
    count: int
    amount: int


def explanations(tx: Session, period: Period) -> Iterator[Explanation]:
    """What explains a difference beside the breaks; rows of nothing are left out."""
    for account_id, off, apart, count_off, count_apart in tx.execute(_pairs(period)):
        if count_off:
            yield Explanation(account_id, "tolerance", int(count_off), int(off))
        if count_apart:
            yield Explanation(account_id, "other_day", int(count_apart), int(apart))
    for account_id, count, amount in tx.execute(_awaiting(period)):
        yield Explanation(account_id, "awaiting", int(count), -int(amount))
    for account_id, count, amount in tx.execute(_not_parking(period)):
        yield Explanation(account_id, "not_parking", int(count), int(amount))


def _pairs(period: Period) -> Rows:
    """Matched pairs that disagree within a tolerance, and those with one side in the period."""
    line_in, ours_in = period.within(StatementLine.book_day), period.within(Movement.book_day)
    both = and_(line_in, ours_in)
    difference = StatementLine.gross - signed_amount()
    off = and_(both, difference != 0)
    apart = case(
        (and_(line_in, ~ours_in), StatementLine.gross),
        (and_(ours_in, ~line_in), -signed_amount()),
        else_=0,
    )
    columns = (
        _sum(case((both, difference), else_=0)),
        _sum(apart),
        sql.count().filter(off),
        sql.count().filter(~both),
    )
    return (
        select(Assignment.account_id, *columns)
        .join(StatementLine, StatementLine.id == Assignment.line_id)
        .join(Movement, Movement.id == Assignment.movement_id)
        .join(MerchantAccount, MerchantAccount.id == Assignment.account_id)
        .where(Assignment.leg == SETTLEMENT, period.accounts(), or_(line_in, ours_in))
        .group_by(Assignment.account_id)
        .having(or_(sql.count().filter(off) > 0, sql.count().filter(~both) > 0))
        .order_by(Assignment.account_id)
    )


def _awaiting(period: Period) -> Rows:
    """Movements without a line that nothing was said about yet: their file is not there."""
    named = select(Break.id).where(Break.movement_id == Movement.id, is_live()).exists()
    return (
        select(Movement.account_id, sql.count(), _sum(signed_amount()))
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .where(
            period.within(Movement.book_day),
            period.accounts(),
            Movement.kind.in_(COMPARED),
            Movement.currency == MerchantAccount.currency,
            ~movement_matched(),
            ~named,
        )
        .group_by(Movement.account_id)
        .order_by(Movement.account_id)
    )


def _not_parking(period: Period) -> Rows:
    """Lines that a rule has named."""
    return (
        _lines(period)
        .join(OtherLine, OtherLine.line_id == StatementLine.id)
        .add_columns(sql.count(), _sum(StatementLine.gross))
        .group_by(StatementLine.account_id)
        .order_by(StatementLine.account_id)
    )
