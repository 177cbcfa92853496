"""What the tax office asks for, as reports like any other: of one operator, whole months or quarters."""

from __future__ import annotations

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.lots.service import operator_by_code
from parking.reports.asked import Asked
from parking.tax import form_01, vat_summary
from parking.tax.periods import Period, month_of, quarter_of
from payments.errors import WrongUsage
from reconciliation.reports.table import Report


def form_01_of(tx: Session, asked: Asked) -> Report:
    """Form 01/TTGD of the month or quarter asked for: the table filed last, or a draft while there is
    none. Raises `WrongUsage` for other days, or for several operators."""
    asked.check()
    wanted = Period(asked.since, asked.until)
    if wanted not in (month_of(asked.since), quarter_of(asked.since)):
        raise WrongUsage(
            mark("Form 01/TTGD is of a whole month or quarter: ask from its first to its last day.")
        )
    return form_01.newest(tx, _operator(tx, asked), wanted)


def vat_of(tx: Session, asked: Asked) -> Report:
    """The VAT summary of the days asked for. Raises `WrongUsage` for several operators."""
    asked.check()
    return vat_summary.vat_summary(tx, _operator(tx, asked), Period(asked.since, asked.until))


def _operator(tx: Session, asked: Asked) -> Operator:
    if asked.operator is None:
        raise WrongUsage(mark("Taxes are reported per operator: please choose one."))
    return operator_by_code(tx, asked.operator)
