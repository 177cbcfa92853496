"""Columns that several reports have, and the small work every table needs."""

from __future__ import annotations

from collections.abc import Sequence

from parking.languages import mark
from reconciliation.reports.figures import Figures
from reconciliation.reports.table import Cell, Column, Kind, Row


def count(key: str, title: str) -> Column:
    """A number of things, added up below."""
    return Column(key, title, Kind.COUNT, adds_up=True)


def money(key: str, title: str) -> Column:
    """An amount of dong, added up below."""
    return Column(key, title, Kind.MONEY, adds_up=True)


OPERATOR = Column("operator", mark("Operator"))
PROVIDER = Column("provider", mark("Provider"), Kind.WORD, words={"cash": mark("Cash")})
ACCOUNT = Column("account", mark("Merchant account"))
LOT = Column("lot", mark("Lot"))
LOT_NAME = Column(
    "lot_name", mark("Name of the lot"), Kind.WORD, words={"": mark("Belongs to no lot")}
)
DAY = Column("day", mark("Day"), Kind.DATE)
COUNT = count("count", mark("Payments"))
GROSS = money("gross", mark("Gross"))
REFUNDS = money("refunds", mark("Refunds"))
FEES = money("fees", mark("Fees"))
NET = money("net", mark("Net"))

#: The figures of a day's totals, in the order of `figures`.
FIGURES = (
    COUNT,
    GROSS,
    REFUNDS,
    FEES,
    NET,
    count("confirmed_count", mark("Confirmed payments")),
    money("confirmed_gross", mark("Confirmed by the provider")),
    money("banked_gross", mark("In the bank")),
    count("breaks", mark("Open differences")),
)


def figures(row: Figures) -> tuple[int, ...]:
    """`row` as the cells of `FIGURES`."""
    return tuple(int(getattr(row, column.key)) for column in FIGURES)


def totals(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Cell, ...]:
    """The sums of the columns that add up; the others stay empty."""
    return tuple(
        sum(cell for row in rows if isinstance(cell := row[place], int)) if column.adds_up else None
        for place, column in enumerate(columns)
    )
