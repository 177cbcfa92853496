"""Who told of a movement: somebody besides us, or only a file that one of us handed in.

A bank statement that people upload brings money into the books, and its lines stand beside that
money afterwards. They agree by construction, so they prove nothing: a movement that only uploaded
statements told of is matched, and yet not confirmed. It is derived from the notices, never stored,
and ends the moment a feed, a webhook or an answer tells of the same movement.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.models import MerchantAccount, Movement, Notice, Retelling
from payments.provider import MovementKind
from reconciliation.models import Assignment, Statement, StatementLine
from reconciliation.sides import COMPARED, Rows, match_of_movement

#: Source of the notices that an uploaded statement makes.
STATEMENT = "statement"


def told_elsewhere() -> ColumnElement[bool]:
    """SQL: somebody besides uploaded statements told of the movement. Its first `Notice` must be
    joined, by an outer join: fees and payouts have none."""
    later = aliased(Notice)
    again = (
        select(Retelling.notice_id)
        .join(later, later.id == Retelling.notice_id)
        .where(Retelling.movement_id == Movement.id, later.source != STATEMENT)
        .correlate(Movement)
    )
    return or_(Notice.source.is_distinct_from(STATEMENT), again.exists())


def _only_stated() -> Rows:
    """Receipts that only uploaded statements told of, with the day of the line that tells of each."""
    return (
        select(Movement.id, Movement.amount, Statement.day, Statement.name)
        .join(Notice, Notice.id == Movement.notice_id)
        .outerjoin(Assignment, match_of_movement())
        .outerjoin(StatementLine, StatementLine.id == Assignment.line_id)
        .outerjoin(Statement, Statement.id == StatementLine.statement_id)
        .where(Movement.kind == MovementKind.RECEIPT.value, ~told_elsewhere())
    )


def only_stated(tx: Session, movements: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Those of `movements` that only uploaded statements told of → the name of the file whose line
    stands beside it; '' before it was compared."""
    rows = tx.execute(_only_stated().where(Movement.id.in_(movements)))
    return {row.id: row.name or "" for row in rows}


def only_stated_on(tx: Session, accounts: list[str], day: date) -> tuple[int, int]:
    """Count and sum of the receipts of `day` on these accounts (slugs) that only uploaded
    statements told of."""
    ids = select(MerchantAccount.id).where(MerchantAccount.slug.in_(accounts))
    found = _only_stated().where(Movement.account_id.in_(ids), Movement.book_day == day)
    rows = found.subquery()
    count, total = tx.execute(
        select(sql.count(), sql.coalesce(sql.sum(rows.c.amount), 0)).select_from(rows)
    ).one()
    return int(count), int(total)


def last_told(account_id: uuid.UUID, *days: ColumnElement[bool]) -> Select[date, datetime]:
    """SQL: (book day, when the last word about its money was recorded), of the `days` asked for."""
    mine = and_(Movement.account_id == account_id, Movement.kind.in_(COMPARED), *days)
    again: Rows = (
        select(Movement.book_day, Notice.recorded_at)
        .join(Retelling, Retelling.movement_id == Movement.id)
        .join(Notice, Notice.id == Retelling.notice_id)
        .where(mine)
    )
    first: Rows = select(Movement.book_day, Movement.recorded_at).where(mine)
    told = union_all(first, again).subquery()
    return select(told.c.book_day, sql.max(told.c.recorded_at)).group_by(told.c.book_day)
