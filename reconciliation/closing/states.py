"""Which days are closed: what a report has to say about operators that have not closed theirs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments.book_days import BookDay
from payments.models import MerchantAccount
from reconciliation.closing.certificates import revisions
from reconciliation.models import AccountDay, DayTotal
from reconciliation.sides import Rows

OPEN = "open"


@dataclass(frozen=True, slots=True)
class DayState:
    """How far one operator's day is: ``open``, ``closing`` or ``closed``. `number`, `revision` and
    `sha256` are those of its last certificate, which a day that was opened again still has."""

    operator: str
    day: date
    state: str
    number: int | None = None
    revision: int | None = None
    sha256: str | None = None


def closed_state(
    tx: Session, since: date, until: date, operator: str | None = None
) -> Sequence[DayState]:
    """Every (operator, day) from `since` to `until`, both included, that anything is known about, by
    day and operator. Costs days × accounts, never payments."""
    found = {*_known(tx, since, until), *(states := _states(tx, since, until))}
    last = revisions(tx, since, until)
    rows = []
    for who, day in sorted(found, key=lambda key: (key[1], key[0])):
        if operator in (None, who):
            certificate = last.get((who, day))
            told = certificate and (certificate.number, certificate.revision, certificate.sha256)
            rows.append(DayState(who, day, states.get((who, day), OPEN), *(told or ())))
    return rows


def _known(tx: Session, since: date, until: date) -> set[tuple[str, date]]:
    def of(day: InstrumentedAttribute[date], account_id: ColumnElement[uuid.UUID]) -> Rows:
        mine = MerchantAccount.id == account_id
        rows = select(MerchantAccount.operator, day.label("day")).join(MerchantAccount, mine)
        return rows.where(day.between(since, until)).distinct()

    both = union(
        of(AccountDay.day, AccountDay.account_id.expression),
        of(DayTotal.day, DayTotal.account_id.expression),
    )
    return {(operator, day) for operator, day in tx.execute(both)}


def _states(tx: Session, since: date, until: date) -> dict[tuple[str, date], str]:
    rows = select(BookDay).where(BookDay.day.between(since, until))
    return {(row.operator, row.day): row.state for row in tx.scalars(rows)}
