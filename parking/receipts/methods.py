"""How an operator pays VAT, dated: what its receipts say from which tax point on.

*Deduction*: net and tax stand apart, at the rate of `vat.toml`. *Direct* (a percentage of revenue):
no tax is split off the price; the relief of a fifth that such taxpayers get (Resolution 204/2025) is
theirs to declare and is not reckoned here. *None*: a household below the threshold of Decree 254/2026
(VND 1 bn a year), which also owes no e-invoices.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.models import METHODS, Receipt, TaxMethod
from parking.receipts.vat import rate_at
from parking.watch.days import start_of
from payments import audit
from payments.db import business_day
from payments.errors import Conflict, WrongUsage

#: What each method is called in front of people.
METHOD_WORDS = {
    "deduction": mark("Deduction: net and VAT shown apart"),
    "direct": mark("Direct: a percentage of revenue, no VAT split"),
    "none": mark("None: household below the revenue threshold"),
}
DEFAULT = METHODS[0]


def method_on(tx: Session, operator_id: uuid.UUID, day: date) -> str:
    """The method in force at a tax point on `day`; by deduction where nobody set one."""
    query = select(TaxMethod.tax_method).where(
        TaxMethod.operator_id == operator_id, TaxMethod.valid_from <= day
    )
    return tx.scalar(query.order_by(TaxMethod.valid_from.desc()).limit(1)) or DEFAULT


def basis_points_at(method: str, point: datetime) -> int:
    """The rate a receipt with this tax point splits off; 0 where the method splits nothing."""
    return rate_at(point).basis_points if method == DEFAULT else 0


def methods_of(tx: Session, operator_id: uuid.UUID) -> Sequence[TaxMethod]:
    """Every method that was or will be in force, newest first."""
    query = select(TaxMethod).where(TaxMethod.operator_id == operator_id)
    return tx.scalars(query.order_by(TaxMethod.valid_from.desc())).all()


def set_method(
    tx: Session, operator: Operator, method: str, since: date, actor: str, now: datetime
) -> None:
    """From the day `since` on, receipts of `operator` follow `method`.

    Receipts that exist stay as they are: raises `Conflict` when some have a tax point on that day or
    later, naming the first day that is free. Raises `WrongUsage` for a method we do not know.
    """
    if method not in METHODS:
        raise WrongUsage(
            mark("%(method)s is no tax method; there are: %(known)s."),
            method=method[:20] or "—",
            known=", ".join(METHODS),
        )
    lock(tx, operator.id)
    before = method_on(tx, operator.id, since)
    _check_free(tx, operator, since)
    row = tx.get(TaxMethod, (operator.id, since))
    if row is None:
        row = TaxMethod(operator_id=operator.id, valid_from=since)
        tx.add(row)
    row.tax_method, row.by, row.at = method, actor, now
    tx.flush()
    detail: dict[str, object] = {"before": before, "after": method, "since": since}
    audit.append(tx, actor, "operator.tax_method", f"operator:{operator.code}", detail, now)


def _check_free(tx: Session, operator: Operator, since: date) -> None:
    mine = Receipt.operator_id == operator.id, Receipt.tax_point >= start_of(since)
    last = tx.scalar(
        select(Receipt.tax_point).where(*mine).order_by(Receipt.tax_point.desc()).limit(1)
    )
    if last is not None:
        raise Conflict(
            mark(
                "Receipts of %(operator)s exist up to %(last)s and stay as they are: the method can "
                "change from %(first)s on."
            ),
            operator=operator.legal_name,
            last=f"{business_day(last):%d/%m/%Y}",
            first=f"{business_day(last) + timedelta(days=1):%d/%m/%Y}",
        )


def lock(tx: Session, operator_id: uuid.UUID) -> None:
    """Whoever numbers, changes or reports documents of an operator goes one after another."""
    tx.execute(select(Operator.id).where(Operator.id == operator_id).with_for_update()).one()
