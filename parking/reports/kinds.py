"""Every report there is, by the name a person types, and the one way to make one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.reports.aged import aged
from parking.reports.asked import Asked, operator_names
from parking.reports.city import city
from parking.reports.reconciled import reconciled
from parking.reports.refunded import refunded
from parking.reports.remitted import remitted
from parking.reports.taxed import form_01_of, vat_of
from parking.reports.worked import worked
from parking.tax import form_01, vat_summary
from payments.errors import NotFound
from reconciliation.reports.footing import check
from reconciliation.reports.period import unclosed
from reconciliation.reports.table import Report, Sentence


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A kind of report: its title and how it is built; `figures`: it says what was collected on
    days that can be closed."""

    title: str
    build: Callable[[Session, Asked], Report]
    figures: bool = True


#: A report of years looks for open days so far back; the page of closings shows them all.
LOOK_BACK = timedelta(days=91)
ALL_OF_THEM = mark(
    "%(operator)s: %(count)s days since %(since)s are not closed (%(first)s to %(last)s)."
)
LOOKED_BACK = mark(
    "%(operator)s: %(count)s days since %(since)s are not closed (%(first)s to %(last)s); earlier days"
    " stand on the page of closings."
)

KINDS = {
    "city": ReportKind(mark("Cashless parking payments"), city),
    "daily": ReportKind(mark("Daily reconciliation"), reconciled),
    "remittance": ReportKind(mark("Remittance statement"), remitted),
    "ageing": ReportKind(mark("Ages of open differences"), aged, figures=False),
    "shifts": ReportKind(mark("Shifts and attendants"), worked, figures=False),
    "refunds": ReportKind(mark("Refunds"), refunded, figures=False),
    form_01.KIND: ReportKind(form_01.TITLE, form_01_of, figures=False),
    vat_summary.KIND: ReportKind(vat_summary.TITLE, vat_of, figures=False),
}


def kind_named(name: str) -> ReportKind:
    """The kind of that name. Raises `NotFound` naming those there are."""
    if name not in KINDS:
        raise NotFound(
            mark("There is no report %(kind)s; there are %(known)s."),
            kind=name[:40], known=", ".join(KINDS),
        )  # fmt: skip
    return KINDS[name]


def make(tx: Session, name: str, asked: Asked) -> Report:
    """The report of that kind, checked: whatever is written, shown or published comes from here.

    Raises `DoesNotFoot` naming the rows that differ, `WrongUsage` for a period that makes no sense,
    `NotFound` for a kind or an operator we do not know.
    """
    kind = kind_named(name)
    report = kind.build(tx, asked)
    check(report)
    if not kind.figures:
        return report
    return replace(report, warnings=(*_not_closed(tx, asked), *report.warnings))


def _not_closed(tx: Session, asked: Asked) -> Iterator[Sentence]:
    names = operator_names(tx)
    since = max(asked.since, asked.until - LOOK_BACK)
    told = LOOKED_BACK if since > asked.since else ALL_OF_THEM
    for late in unclosed(tx, replace(asked.period, since=since)):
        yield Sentence(
            told,
            {
                "operator": names.get(late.operator, late.operator),
                "count": late.days,
                "since": since,
                "first": late.first,
                "last": late.last,
            },
        )
