"""What a pass costs: so many times the month's price of the dearest of its lots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.rules import tariff_row
from parking.tariffs import TariffBook
from payments.errors import WrongUsage


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be bought: for which vehicle class, for which `hours` (day or full) of the day, at
    the price for which `holder` (regular, school or employee)."""

    vehicle_class: str
    hours: str
    holder: str


@dataclass(frozen=True, slots=True)
class MonthPrice:
    """Minor units of `currency` for each calendar month."""

    amount: int
    currency: str


def month_price(tariffs: TariffBook, lots: Sequence[Lot], kind: Kind, day: date) -> MonthPrice:
    """The price of a month that begins on `day` at all of `lots`: that of the dearest of them, since
    whoever may park there must not get it for less by adding a cheaper lot.

    Raises `WrongUsage` naming the lot that sells no such pass, for lots of several operators or
    currencies, and for no lot at all.
    """
    if len({lot.operator_id for lot in lots}) != 1:
        raise WrongUsage(mark("Please choose one or more lots of one operator."))
    found = [_at(tariffs, lot, kind, day) for lot in lots]
    if len({price.currency for price in found}) != 1:
        raise WrongUsage(mark("These lots charge in different currencies; sell a pass for each."))
    return max(found, key=lambda price: price.amount)


def _at(tariffs: TariffBook, lot: Lot, kind: Kind, day: date) -> MonthPrice:
    version = tariffs.in_force(tariff_row(lot, kind.vehicle_class).tariff_code, day)
    vehicle = version.vehicle(kind.vehicle_class)
    amount = vehicle.monthly_price(kind.hours, kind.holder)
    if amount is None:
        raise WrongUsage(
            mark("Lot %(lot)s sells no such pass: its tariff has no monthly price for it."),
            lot=lot.number,
        )
    return MonthPrice(amount, version.currency)


def kinds_at(tariffs: TariffBook, lot: Lot, day: date) -> list[tuple[Kind, MonthPrice]]:
    """Everything that `lot` sells by the month on `day`, in the tariffs' order."""
    found = []
    for row in lot.tariffs:
        version = tariffs.in_force(row.tariff_code, day)
        for offer in version.vehicle(row.vehicle_class).monthly:
            kind = Kind(row.vehicle_class, offer.hours, offer.holder)
            found.append((kind, MonthPrice(offer.price, version.currency)))
    return found
