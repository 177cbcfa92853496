"""The figures of a day, from its rows, by one statement; every report is a sum of these.

Money without a payment of ours (suspense) has the cost centre '' and the product ''. Money in
another currency than the account's cannot be added and stands only among the breaks.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Subquery,
    and_,
    case,
    cast,
    delete,
    false,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.belonging import owner
from payments.db import UtcDateTime
from payments.models import MerchantAccount, Movement, Notice, Payment
from payments.provider import MovementKind
from reconciliation import summaries
from reconciliation.days import DAY
from reconciliation.models import (
    BANK,
    SETTLEMENT,
    Assignment,
    Break,
    DayTotal,
    Statement,
    StatementLine,
)
from reconciliation.payouts.models import (
    StatementShare,
    carrier_of_line,
    carrier_of_payout,
    carrier_of_share,
)
from reconciliation.sides import (
    COMPARED,
    Rows,
    Scope,
    is_payout,
    lines_in_scope,
    match_of_movement,
)
from reconciliation.witnesses import told_elsewhere

#: Movements that are neither receipt, nor money back, nor charge: no figure of a day is made of them.
BESIDE = (
    MovementKind.PAYOUT.value,
    MovementKind.COUNT_OVER.value,
    MovementKind.COUNT_SHORT.value,
)

#: What is added up, in the order of every SELECT below.
FIGURES = (
    "count",
    "gross",
    "refunds",
    "fees",
    "confirmed_count",
    "confirmed_gross",
    "banked_count",
    "banked_gross",
    "breaks",
)


def refresh(tx: Session, account_id: uuid.UUID, day: date, now: datetime) -> None:
    """Write the totals of one account-day anew from its rows."""
    tx.execute(delete(DayTotal).where(DayTotal.account_id == account_id, DayTotal.day == day))
    found = computed(tx, account_id, day).subquery()
    values: dict[str, ColumnElement[Any]] = {
        "day": literal(day, Date),
        "account_id": literal(account_id),
        "computed_at": literal(now, UtcDateTime),
        **{column.key: column for column in found.c},
        "net": found.c.gross - found.c.refunds - found.c.fees,
    }
    tx.execute(insert(DayTotal).from_select(list(values), select(*values.values())))
    operator = tx.get_one(MerchantAccount, account_id).operator
    summaries.refresh_day(tx, operator, day, now)


def computed(tx: Session, account_id: uuid.UUID, day: date) -> Rows:
    """The figures of one account-day per cost centre and product, from the rows themselves."""
    arrived = _has_arrived(_arrived(tx, account_id, day))
    parts = _moved(account_id, day, arrived), _kept(account_id, day), _broken(account_id, day)
    # each part is added up before they are put together: it spares a sort of all of them
    return _summed(union_all(*(_summed(part.subquery()) for part in parts)).subquery())


def _summed(rows: Subquery) -> Rows:
    sums = [cast(sql.sum(rows.c[name]), BigInteger).label(name) for name in FIGURES]
    return select(rows.c.cost_centre, rows.c.product, *sums).group_by(
        rows.c.cost_centre, rows.c.product
    )


def _labels() -> tuple[ColumnElement[str], ColumnElement[str]]:
    return (
        sql.coalesce(Payment.cost_centre, "").label("cost_centre"),
        sql.coalesce(Payment.product, "").label("product"),
    )


def _arrived(tx: Session, account_id: uuid.UUID, day: date) -> Sequence[str | None]:
    """References of the payouts that the bank has credited whole, as far as they may carry money of
    `day`: a provider's clock may be hours ahead of ours, not days."""
    credited = and_(Assignment.leg == BANK, Assignment.payout_id == StatementLine.id)
    carrier = carrier_of_payout()
    query = (
        select(carrier)
        .select_from(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .outerjoin(Assignment, credited)
        .where(
            StatementLine.account_id == account_id,
            is_payout(),
            StatementLine.book_day >= day - DAY,
        )
        .group_by(carrier)
        .having(sql.count() == sql.count(Assignment.id))
    )
    return tx.scalars(query).all()


def _has_arrived(arrived: Sequence[str | None]) -> ColumnElement[bool]:
    """SQL: one of these payouts carries the line of an `Assignment`. Where none has arrived, which is
    every night before the bank's own file, no line is looked at."""
    if not arrived:
        return false()
    carried = (
        select(StatementLine.id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(StatementLine.id == Assignment.line_id, carrier_of_line().in_(arrived))
    )
    return carried.correlate(Assignment).exists()


def _moved(account_id: uuid.UUID, day: date, has_arrived: ColumnElement[bool]) -> Rows:
    received = Movement.kind == MovementKind.RECEIPT.value
    confirmed = and_(received, Assignment.movement_id.is_not(None), told_elsewhere())
    banked = and_(confirmed, has_arrived)

    def sums(rows: ColumnElement[bool]) -> tuple[ColumnElement[int], ColumnElement[int]]:
        return case((rows, 1), else_=0), case((rows, Movement.amount), else_=0)

    back, nothing = case((received, 0), else_=Movement.amount), literal(0)
    columns = (*sums(received), back, nothing, *sums(confirmed), *sums(banked), nothing)
    named = [column.label(name) for name, column in zip(FIGURES, columns, strict=True)]
    return (
        select(*_labels(), *named)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(Payment, Payment.id == owner())
        .outerjoin(Notice, Notice.id == Movement.notice_id)
        .outerjoin(Assignment, match_of_movement())
        .where(
            Movement.account_id == account_id,
            Movement.book_day == day,
            Movement.kind.in_(COMPARED),
            Movement.currency == MerchantAccount.currency,
        )
    )


def _kept(account_id: uuid.UUID, day: date) -> Rows:
    """The fees of a day. There are as many as receipts, and neither notice nor match to look up."""
    amounts = {name: literal(0) for name in FIGURES} | {"fees": Movement.amount.expression}
    return (
        select(*_labels(), *(column.label(name) for name, column in amounts.items()))
        .select_from(Movement)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(Payment, Payment.id == owner())
        .where(
            Movement.account_id == account_id,
            Movement.book_day == day,
            Movement.kind == MovementKind.FEE.value,
            Movement.currency == MerchantAccount.currency,
        )
    )


def _broken(account_id: uuid.UUID, day: date) -> Rows:
    zeros = [literal(0).label(name) for name in FIGURES[:-1]]
    by_code = aliased(Payment)
    payment_id = sql.coalesce(owner(), by_code.id)
    named = and_(by_code.account_id == account_id, by_code.code == StatementLine.order_code)
    return (
        select(*_labels(), *zeros, literal(1).label("breaks"))
        .select_from(Break)
        .outerjoin(Movement, Movement.id == Break.movement_id)
        .outerjoin(StatementLine, StatementLine.id == Break.line_id)
        .outerjoin(by_code, named)
        .outerjoin(Payment, Payment.id == payment_id)
        .where(Break.account_id == account_id, Break.day == day, Break.state == "open")
    )


def touched_days(tx: Session, scope: Scope, matched: frozenset[date]) -> frozenset[date]:
    """Business days other than `scope.day` too, whose figures this look may have changed: `matched`,
    those of movements that found their lines just now, of receipts whose payout has arrived, of
    breaks opened or resolved."""
    credits = lines_in_scope(scope, BANK, select(StatementLine.id)).subquery()
    arrived = (
        select(carrier_of_payout())
        .select_from(credits)
        .join(Assignment, and_(Assignment.leg == BANK, Assignment.line_id == credits.c[0]))
        .join(StatementLine, StatementLine.id == Assignment.payout_id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(Assignment.matched_at == scope.now)
    )
    banked = _days_carried(tx, scope, tx.scalars(arrived.distinct()).all())
    broken = select(Break.day).where(
        Break.account_id == scope.account_id,
        or_(Break.opened_at == scope.now, Break.resolved_at == scope.now),
    )
    return matched | banked | {scope.day, *tx.scalars(broken.distinct())}


def _days_carried(tx: Session, scope: Scope, arrived: Sequence[str | None]) -> frozenset[date]:
    """The business days of the receipts in files that have a share in these payouts."""
    if not arrived:
        return frozenset()
    files = (
        select(Statement.id)
        .join(StatementShare, StatementShare.statement_id == Statement.id)
        .where(
            Statement.account_id == scope.account_id,
            Statement.leg == SETTLEMENT,
            carrier_of_share().in_(arrived),
        )
    )
    days = (
        select(Movement.book_day)
        .join(Assignment, match_of_movement())
        .join(StatementLine, StatementLine.id == Assignment.line_id)
        .where(StatementLine.statement_id.in_(tx.scalars(files.distinct()).all()))
    )
    return frozenset(tx.scalars(days.distinct()))


def totals(tx: Session, day: date) -> Sequence[DayTotal]:
    """The stored figures of `day`."""
    return tx.scalars(
        select(DayTotal)
        .where(DayTotal.day == day)
        .order_by(DayTotal.account_id, DayTotal.cost_centre, DayTotal.product)
    ).all()
