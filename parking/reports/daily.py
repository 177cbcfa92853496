"""The day's figure as the city announces it, joined to the names of lots and operators.

Every number comes from reconciliation's totals; this room only adds names, classes and dollars. The
report carries the instant its figures were computed, not the moment somebody asked, so that the
same rows give the same bytes whoever downloads them, whenever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from parking.lots.models import Operator
from parking.lots.service import lot_names
from parking.reports.words import SHIFT_OPEN
from parking.shifts.history import holders_of_tills, tills_open_on
from payments.errors import NotFound
from payments.provider import CASH
from reconciliation.models import DayTotal
from reconciliation.reports.daily import AccountPart, DailyReport, daily
from reconciliation.reports.figures import NAMES, Figures, added, without
from reconciliation.reports.footing import check_foots
from reconciliation.reports.period import Period, parts, unattached


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One merchant account's day, with the legal name of the operator whose money it is. Of a
    till, `holder` is the attendant's name; `uncounted`: a shift that touched this day is not closed."""

    part: AccountPart
    operator_name: str
    holder: str = ""
    uncounted: bool = False

    @property
    def state(self) -> str:
        """How far its day is; a till's waits until every shift that touched it is counted."""
        return SHIFT_OPEN if self.uncounted and self.part.state != "complete" else self.part.state

    @property
    def cash(self) -> bool:
        """Whether this is an attendant's till."""
        return self.part.provider == CASH

    @property
    def at_work(self) -> bool:
        """Whether this is a till with something to show for the day."""
        return self.cash and (self.uncounted or self.figures != Figures())

    @property
    def figures(self) -> Figures:
        return self.part.figures


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot's day, by number; `number` and `name` are empty, and the row the last, for
    money that belongs to no payment of ours."""

    number: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One vehicle class' day at one lot. `product` is the accounting label: ``parking:car`` for single
    stays, ``pass:car:full`` for monthly passes sold there."""

    lot: str
    product: str
    figures: Figures

    @property
    def vehicle_class(self) -> str:
        """The class alone; empty for money that belongs to no payment of ours."""
        return part_of(self.product, 1)

    @property
    def service(self) -> str:
        """``parking`` or ``pass``."""
        return part_of(self.product, 0)

    @property
    def hours(self) -> str:
        """Of a pass: ``day`` or ``full``; else empty."""
        return part_of(self.product, 2)


def part_of(product: str, position: int) -> str:
    """A part of an accounting label: the service, the vehicle class, the hours of a pass."""
    parts = product.split(":")
    return parts[position] if position < len(parts) else ""


@dataclass(frozen=True, slots=True)
class CityDay:
    """One business day of the city, or of one operator. `as_of`: when the oldest of its figures was
    computed; None when nothing was computed yet. `unattached`: the part of `total` that belongs to no
    payment of ours, tills apart."""

    day: date
    currency: str
    as_of: datetime | None
    total: Figures
    unattached: Figures
    by_account: Sequence[AccountRow]
    by_lot: Sequence[LotRow]
    by_class: Sequence[ClassRow]

    @property
    def states(self) -> dict[str, str]:
        """Merchant account → awaiting, partial, complete or, for a till, shift_open."""
        return {row.part.slug: row.state for row in self.by_account}

    @property
    def cash(self) -> Figures:
        """What attendants took in cash: the recorded exception."""
        return added(row.figures for row in self.by_account if row.cash)

    @property
    def cashless(self) -> Figures:
        """What the city announces: payments that were not in cash."""
        return without(self.by_provider, self.unattached)

    @property
    def by_provider(self) -> Figures:
        """Everything that was not cash, what is attached to no payment with it."""
        return added(row.figures for row in self.by_account if not row.cash)

    @property
    def cash_permille(self) -> int:
        """The share of payments made in cash, in thousandths, rounded half up."""
        return share(self.cash.count, self.cash.count + self.cashless.count)


def share(part: int, whole: int) -> int:
    """`part` of `whole` in thousandths, rounded half up; 0 of nothing."""
    return (2000 * part + whole) // (2 * whole) if whole else 0


def city_day(tx: Session, day: date, now: datetime, operator: str | None = None) -> CityDay:
    """The report of `day`, of one operator (by code) or of the city.

    Raises `DoesNotFoot` naming the rows when parts do not make the total, `NotFound` for an operator
    we do not know.
    """
    if operator is not None and tx.scalar(_known(operator)) is None:
        raise NotFound("There is no operator %(operator)s.", operator=operator)
    found = daily(tx, day, now=now, operator=operator)
    classes = _by_class(tx, found, operator)
    return CityDay(
        day=day,
        currency=found.currency,
        as_of=found.as_of if found.by_cost_centre else None,
        total=found.total,
        unattached=unattached(tx, Period(day, day, operator, found.currency)),
        by_account=_accounts(tx, found),
        by_lot=_lots(tx, found),
        by_class=classes,
    )


def _known(operator: str) -> Select[str]:
    return select(Operator.code).where(Operator.code == operator)


def _accounts(tx: Session, found: DailyReport) -> list[AccountRow]:
    codes = {part.operator for part in found.by_account}
    known = select(Operator.code, Operator.legal_name).where(Operator.code.in_(codes))
    names = {row.code: row.legal_name for row in tx.execute(known)}
    uncounted, holders = tills_open_on(tx, found.day), holders_of_tills(tx)
    return [
        AccountRow(
            part,
            names.get(part.operator, part.operator),
            holders.get(part.slug, ""),
            part.slug in uncounted,
        )
        for part in found.by_account
    ]


def _lots(tx: Session, found: DailyReport) -> list[LotRow]:
    names = lot_names(tx, [part.cost_centre for part in found.by_cost_centre])
    rows = [
        LotRow(part.cost_centre, names.get(part.cost_centre, ""), part.figures)
        for part in found.by_cost_centre
    ]
    return sorted(rows, key=lambda row: (not row.number, row.number))


def _by_class(tx: Session, found: DailyReport, operator: str | None) -> list[ClassRow]:
    """The same totals by lot and product. Raises `DoesNotFoot` unless they make each lot's own."""
    period = Period(found.day, found.day, operator, found.currency)
    split = parts(tx, period, DayTotal.cost_centre, DayTotal.product)
    rows = [ClassRow(row.labels[0], row.labels[1], row.figures) for row in split]
    for part in found.by_cost_centre:
        _check_classes(part.figures, [row for row in rows if row.lot == part.cost_centre])
    return sorted(rows, key=lambda row: (not row.lot, row.lot, row.product))


def _check_classes(lot: Figures, classes: Sequence[ClassRow]) -> None:
    for name in NAMES:
        parts = {f"{row.lot} {row.product}": getattr(row.figures, name) for row in classes}
        check_foots(name, getattr(lot, name), parts)
