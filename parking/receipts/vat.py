"""Value added tax: which rate, from which moment, and how a gross price splits.

Posted parking prices include the tax. The rate is a dated setting in `vat.toml`: it changes by law,
on a day known before, and a receipt written later for an earlier tax point keeps the earlier rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources

from parking.dated_tables import in_force, read_table
from parking.rounding import half_up
from payments.db import business_day
from payments.errors import WrongUsage

WHOLE = 10_000
_COLUMNS = {"valid_from": date, "basis_points": int, "status": str, "source": str}


@dataclass(frozen=True, slots=True)
class VatRate:
    """A rate in basis points (800 = 8 %) and since when, by which source and with which certainty."""

    valid_from: date
    basis_points: int
    status: str
    source: str

    @property
    def percent(self) -> str:
        """As `percent_of` writes it."""
        return percent_of(self.basis_points)


@cache
def vat_rates() -> tuple[VatRate, ...]:
    """The rates of `vat.toml`. Raises `InvalidTable`."""
    return read_table(resources.files("parking.receipts") / "vat.toml", _COLUMNS, VatRate)


def rate_on(day: date) -> VatRate:
    """The rate for a tax point on `day` in Hanoi. Raises `NotFound` for a day before the table."""
    return in_force(vat_rates(), day)


def tax_point(paid_at: datetime, exit_at: datetime | None) -> datetime:
    """The instant that decides the rate: the end of service, or the payment if that came first.

    Decree 254/2026/NĐ-CP: a service is invoiced when it ends, or when it is paid before or during it.
    `exit_at` is None while the vehicle is still parked, and for passes. Raises `WrongUsage` for a naive time.
    """
    for instant in (paid_at, exit_at):
        if instant and instant.utcoffset() is None:
            raise WrongUsage("%(time)s has no time zone.", time=instant.isoformat())
    return paid_at if exit_at is None else min(paid_at, exit_at)


def rate_at(instant: datetime) -> VatRate:
    """The rate for a tax point at `instant`, whose day is the day in Hanoi."""
    return rate_on(business_day(instant))


def net_of(gross: int, basis_points: int) -> int:
    """What of `gross` dong is not tax, at a rate in basis points, rounded half up: the tax is the rest.
    All of it at a rate of 0. A negative gross (money given back) mirrors the positive one."""
    return half_up(gross * WHOLE, WHOLE + basis_points)


def percent_of(basis_points: int) -> str:
    """A rate as it is printed and as the e-invoice writes it: ``8%``, ``5.26%``."""
    units, rest = divmod(basis_points, 100)
    return f"{units}.{rest:02d}".rstrip("0").rstrip(".") + "%"
