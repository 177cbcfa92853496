"""What a report is asked for: which days, whose, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from payments.db import business_day
from payments.errors import NotFound, WrongUsage
from reconciliation.reports.period import Period
from reconciliation.reports.table import Column, Kind, Parameter

#: More days than this are asked for by mistake.
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Asked:
    """Business days `since` to `until`, both included, of one operator (by code) or of all; asked
    at `now`."""

    since: date
    until: date
    operator: str | None
    now: datetime

    @property
    def period(self) -> Period:
        """The days and accounts, as reconciliation knows them."""
        return Period(self.since, self.until, self.operator)

    def check(self, most: int = MOST_DAYS) -> None:
        """Raises `WrongUsage` for a period that ends before it begins, has not begun yet, or is
        longer than `most` days."""
        days = (self.until - self.since).days + 1
        if days < 1:
            raise WrongUsage(
                mark("The period ends on %(until)s, before it begins on %(since)s."),
                since=self.since, until=self.until,
            )  # fmt: skip
        if self.since > business_day(self.now):
            raise WrongUsage(
                mark("The period begins on %(since)s, which is after today."), since=self.since
            )
        if days > most:
            raise WrongUsage(
                mark("The period has %(days)s days; this report covers at most %(most)s."),
                days=days, most=most,
            )  # fmt: skip


def parameters(tx: Session, asked: Asked) -> tuple[Parameter, ...]:
    """The period and the operator, as they stand above a report. Raises `NotFound` for an operator
    we do not know."""
    told = (
        Parameter(Column("from", mark("From"), Kind.DATE), asked.since),
        Parameter(Column("to", mark("To"), Kind.DATE), asked.until),
    )
    if asked.operator is None:
        return told
    names = operator_names(tx)
    if asked.operator not in names:
        raise NotFound("There is no operator %(operator)s.", operator=asked.operator)
    code = Parameter(Column("operator", mark("Operator code")), asked.operator)
    name = Parameter(Column("operator_name", mark("Operator")), names[asked.operator])
    return (*told, name, code)


def ages_on(asked: Asked) -> Parameter:
    """The day up to which a report counts ages: a day later they are others."""
    return Parameter(Column("ages_on", mark("Ages on"), Kind.DATE), business_day(asked.now))


def operator_names(tx: Session) -> dict[str, str]:
    """Code → legal name of every operator, by name."""
    rows = tx.execute(select(Operator.code, Operator.legal_name).order_by(Operator.legal_name))
    return {row.code: row.legal_name for row in rows}
