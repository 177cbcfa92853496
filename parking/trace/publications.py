"""Which published figures count the days of this money.

A figure holds what was recorded when its totals were computed. Whether one row came in time is certain
only where it was recorded after the figure was published: then it is not in it, and the step says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.reports.asked import operator_names
from parking.reports.kinds import KINDS
from parking.tax import form_01, vat_summary
from parking.trace.model import Stage, Step
from payments.models import MerchantAccount, Movement
from payments.provider import MovementKind
from reconciliation.models import StatementLine
from reconciliation.published import PublishedFigure

#: An account's business day.
Day = tuple[uuid.UUID, date]
#: The kinds that say what was collected: the others list differences, refunds or shifts.
COLLECTED = (
    *(name for name, kind in KINDS.items() if kind.figures),
    form_01.KIND,
    vat_summary.KIND,
)


def days_of(movements: Iterable[Movement]) -> dict[Day, datetime]:
    """The days on which this money counts, and when the last of it was recorded."""
    days: dict[Day, datetime] = {}
    for row in movements:
        if row.kind != MovementKind.PAYOUT:
            key = row.account_id, row.book_day
            days[key] = max(row.recorded_at, days.get(key, row.recorded_at))
    return days


def days_behind(tx: Session, payouts: Iterable[StatementLine]) -> list[Day]:
    """The days of the lines that these payouts pay for."""
    of_files = StatementLine.statement_id.in_({row.statement_id for row in payouts})
    query = select(StatementLine.account_id, StatementLine.book_day).where(of_files).distinct()
    return [(row.account_id, row.book_day) for row in tx.execute(query)]


def published(tx: Session, days: Sequence[Day], recorded: Mapping[Day, datetime]) -> Iterator[Step]:
    """Every publication that covers one of the days, the first one first; `recorded` says when the
    last money of a day was."""
    owners = _owners(tx, {account_id for account_id, _ in days})
    names, found = operator_names(tx), _covering(tx, {(owners[a], day) for a, day in days})
    newest = {(row.kind, row.parameters): row.number for row in found}
    for row in found:
        late = any(
            at > row.published_at
            for (account_id, day), at in recorded.items()
            if row.since <= day <= row.until and row.operator in (None, owners[account_id])
        )
        yield _step(row, names, late, late and newest[row.kind, row.parameters] == row.number)


def _owners(tx: Session, accounts: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    query = select(MerchantAccount.id, MerchantAccount.operator)
    return {
        row.id: row.operator for row in tx.execute(query.where(MerchantAccount.id.in_(accounts)))
    }


def _covering(tx: Session, days: Iterable[tuple[str, date]]) -> Sequence[PublishedFigure]:
    """The figures about these operators' days, by number."""
    about = [
        and_(
            PublishedFigure.since <= day,
            PublishedFigure.until >= day,
            or_(PublishedFigure.operator.is_(None), PublishedFigure.operator == operator),
        )
        for operator, day in sorted(days)
    ]
    if not about:
        return ()
    query = select(PublishedFigure).where(PublishedFigure.kind.in_(COLLECTED), or_(*about))
    return tx.scalars(query.order_by(PublishedFigure.number)).all()


def _step(row: PublishedFigure, names: Mapping[str, str], late: bool, missing: bool) -> Step:
    stands = mark(
        "This day is counted in published figure %(number)s, revision %(revision)s: %(kind)s,"
        " %(days)s, %(operator)s"
    )
    came_later = mark(
        "Recorded after published figure %(number)s, revision %(revision)s: %(kind)s,"
        " %(days)s, %(operator)s"
    )
    return Step(
        Stage.PUBLISHED,
        came_later if late else stands,
        str(row.number),
        {
            "number": row.number,
            "revision": row.revision,
            "days": " – ".join(f"{day:%d/%m/%Y}" for day in sorted({row.since, row.until})),
            "owner": row.operator,
        },
        {
            "kind": KINDS[row.kind].title,
            "operator": names.get(row.operator, row.operator) if row.operator else _ALL,
        },
        recorded_at=row.published_at,
        by=row.published_by,
        missing=missing,
        id=row.id,
    )


_ALL = mark("All operators")
