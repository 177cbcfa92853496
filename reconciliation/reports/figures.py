"""The figures that every report adds up, and how totals are added to make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func as sql

from reconciliation.models import DayTotal


@dataclass(frozen=True, slots=True)
class Figures:
    """`count`, `gross`: receipts we recorded; `net` = gross − refunds − fees; `confirmed_*`: the
    part matched with the provider's lines; `banked_*`: the part of that whose payout arrived;
    `breaks`: differences still open."""

    count: int = 0
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    net: int = 0
    confirmed_count: int = 0
    confirmed_gross: int = 0
    banked_count: int = 0
    banked_gross: int = 0
    breaks: int = 0

    @property
    def matched(self) -> int:
        """Receipts matched with a line of the provider's files."""
        return self.confirmed_count


NAMES = tuple(field.name for field in fields(Figures))


def without(whole: Figures, part: Figures) -> Figures:
    """`whole` less `part`."""
    return Figures(*(getattr(whole, name) - getattr(part, name) for name in NAMES))


def added(rows: Iterable[Figures]) -> Figures:
    """The sum of several."""
    known = list(rows)
    return Figures(*(sum(getattr(row, name) for row in known) for name in NAMES))


def sums() -> list[Any]:
    """SQL: the sums of day totals, in the order of `NAMES`; 0 where there are none."""
    return [sql.coalesce(sql.sum(getattr(DayTotal, name)), 0) for name in NAMES]


def figures_of(row: Iterable[Any]) -> Figures:
    """What `sums` found in a row."""
    return Figures(*map(int, row))
