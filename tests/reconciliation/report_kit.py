"""A small report with everything a report can have, for tests of what is written from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from parking.reports.speech import speak
from reconciliation.reports.table import (
    Cell,
    Column,
    Kind,
    Parameter,
    Report,
    Row,
    Sentence,
    Sum,
    Table,
)  # fmt: skip

VI, EN = speak("vi"), speak("en")
AS_OF = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)

LOT = Column("lot", "Lot")
DAY = Column("day", "Day", Kind.DATE)
AT = Column("at", "At", Kind.INSTANT)
STATE = Column("state", "State", Kind.WORD, words={"complete": "Complete"})
COUNT = Column("count", "Payments", Kind.COUNT, adds_up=True)
GROSS = Column("gross", "Gross", Kind.MONEY, adds_up=True)
REFUNDS = Column("refunds", "Refunds", Kind.MONEY, adds_up=True)
NET = Column("net", "Net", Kind.MONEY, adds_up=True)
DOLLARS = Column("dollars", "Amount", Kind.MONEY, currency="USD")
SHARE = Column("share", "Share", Kind.PERMILLE)
MONEY = (COUNT, GROSS, REFUNDS, NET)


def totals(columns: Sequence[Column], rows: Sequence[Row]) -> list[Cell]:
    """The sums of the columns that add up."""
    return [
        sum(int(str(row[place])) for row in rows) if column.adds_up else None
        for place, column in enumerate(columns)
    ]


def table(name: str, columns: tuple[Column, ...], rows: Sequence[Row], **more: object) -> Table:
    """A table with its right totals, by its first column."""
    made = Table(name, "Lots", columns, rows, totals(columns, rows), (columns[0].key,))
    return replace(made, **more)  # type: ignore[arg-type]


def report(*tables: Table) -> Report:
    """A report of November 2026."""
    asked = Parameter(Column("from", "From", Kind.DATE), date(2026, 11, 1))
    note = Sentence("%(count)s announced", {"count": 674_543})
    return Report("sample", "Daily reconciliation", (asked,), AS_OF, tables, notes=(note,))


def by_lot(lots: int = 3) -> Table:
    """`lots` lots with names in Vietnamese, of which one looks like a formula."""
    rows = [
        ("=SUM(A1)" if n == 1 else f"Bãi xe Trần Quang Khải số {n}", date(2026, 11, 20), AS_OF,
         "complete", n, n * 10_000, n * 100, n * 9_900, -n * 1999, 949)
        for n in range(1, lots + 1)
    ]  # fmt: skip
    columns = (LOT, DAY, AT, STATE, *MONEY, DOLLARS, SHARE)
    return table("by_lot", columns, rows, sums=(Sum("net", ("gross",), ("refunds",)),))
