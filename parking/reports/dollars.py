"""Dong shown in US dollars, as the city announces its figure: for readers, never for accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from parking.dated_tables import in_force, read_table
from parking.rounding import half_up

_COLUMNS = {"valid_from": date, "vnd_per_100_usd": int, "status": str, "source": str}


@dataclass(frozen=True, slots=True)
class DollarRate:
    """What a hundred US dollars cost in dong, since `valid_from`.

    Print `valid_from` beside every figure made with it: the rate may be older than the figure.
    """

    valid_from: date
    vnd_per_100_usd: int
    status: str
    source: str

    @property
    def text(self) -> str:
        """Dong for one dollar, in English digits: ``25,418`` or ``25,418.37``."""
        units, rest = divmod(self.vnd_per_100_usd, 100)
        return f"{units:,}.{rest:02d}" if rest else f"{units:,}"


@cache
def dollar_rates() -> tuple[DollarRate, ...]:
    """The rates of `dollars.toml`. Raises `InvalidTable`."""
    return read_table(resources.files("parking.reports") / "dollars.toml", _COLUMNS, DollarRate)


def rate_on(day: date) -> DollarRate:
    """The last rate known on `day`. Raises `NotFound` for a day before the first."""
    return in_force(dollar_rates(), day)


def to_cents(vnd: int, day: date) -> int:
    """`vnd` dong in US cents at the rate of `day`, halves away from zero."""
    return half_up(vnd * 10_000, rate_on(day).vnd_per_100_usd)


def to_dollars(vnd: int, day: date) -> int:
    """`vnd` dong in whole US dollars at the rate of `day`, halves away from zero."""
    return half_up(vnd * 100, rate_on(day).vnd_per_100_usd)
