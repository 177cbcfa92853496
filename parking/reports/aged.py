"""How old the open differences are: by class, account and side, timing told apart from error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.reports.asked import Asked, ages_on, parameters
from parking.reports.columns import ACCOUNT, DAY, LOT, count, money, totals
from parking.reports.words import CODE_NAMES, LEGS, break_code
from payments.db import business_day
from reconciliation.reports.differences import GROUPS, Difference, unexplained
from reconciliation.reports.table import (
    Cell,
    Chart,
    Column,
    Kind,
    Report,
    Row,
    Sentence,
    Sum,
    Table,
)  # fmt: skip

KIND = Column("class", mark("Kind of difference"), Kind.WORD, words=CODE_NAMES)
LEG = Column("leg", mark("Comparison"), Kind.WORD, words=LEGS)
NATURE = Column(
    "nature", mark("Nature"), Kind.WORD,
    words={"timing": mark("Timing: may still come"), "error": mark("Error")},
)  # fmt: skip
AGE = Column("group", mark("Age in days"))

#: Age group → the column of how many are that old.
AGES = {
    "0-1": count("age_0", mark("0–1 days")),
    "2-3": count("age_2", mark("2–3 days")),
    "4-7": count("age_4", mark("4–7 days")),
    "8-30": count("age_8", mark("8–30 days")),
    ">30": count("age_31", mark("more than 30 days")),
}
NUMBER = count("number", mark("Number"))
SIZE = money("size", mark("Size"))
BY_AGE = (
    AGE,
    count("timing", mark("Timing")),
    count("error", mark("Errors")),
    NUMBER,
    SIZE,
)
GROUPED = (*AGES.values(), NUMBER, SIZE)
GROUPED_SUMS = (Sum("number", tuple(column.key for column in AGES.values())),)
LISTED = (
    DAY,
    AGE,
    KIND,
    NATURE,
    ACCOUNT,
    LOT,
    Column("payment", mark("Payment")),
    Column("reference", mark("Reference")),
    money("difference", mark("Difference")),
    NUMBER,
    SIZE,
)
NOTES = (
    Sentence(
        mark(
            "Ages are counted in days from the business day of a difference to the day the report"
            " was asked for."
        )
    ),
    Sentence(mark("Size is the sum of the amounts without their signs.")),
)


def aged(tx: Session, asked: Asked) -> Report:
    """Differences of the days asked for that nobody has explained yet, as old as they are today."""
    asked.check()
    found = unexplained(tx, asked.period)
    at = business_day(asked.now)
    return Report(
        "ageing",
        mark("Ages of open differences"),
        (*parameters(tx, asked), ages_on(asked)),
        max((row.changed_at for row in found), default=None),
        tuple(_tables(found, at)),
        NOTES,
        charts=(
            Chart(
                "by_age",
                mark("Open differences by age"),
                "group",
                ("timing", "error"),
                by_size=False,
            ),
        ),
    )


def _tables(found: Sequence[Difference], at: date) -> Iterator[Table]:
    yield _by_age(found, at)
    yield _grouped("by_class", mark("By kind"), KIND, found, at, _code)
    yield _grouped("by_account", mark("By account"), ACCOUNT, found, at, lambda row: row.account)
    yield _grouped("by_nature", mark("By nature"), NATURE, found, at, _nature)
    yield _grouped("by_leg", mark("By comparison"), LEG, found, at, lambda row: row.leg)
    rows: list[Row] = [
        (
            row.day, row.group(at), _code(row), _nature(row), row.account, row.cost_centre,
            row.payment, row.reference, row.amount, 1, abs(row.amount),
        )
        for row in found
    ]  # fmt: skip
    yield Table(
        "list", mark("Every open difference"), LISTED, rows, totals(LISTED, rows), (), "open",
        refines="by_class",
    )  # fmt: skip


def _code(row: Difference) -> str:
    return break_code(row.kind, row.leg)


def _nature(row: Difference) -> str:
    return "timing" if row.timing else "error"


def _by_age(found: Sequence[Difference], at: date) -> Table:
    rows: list[Row] = []
    for group in GROUPS:
        those = [row for row in found if row.group(at) == group]
        timing = sum(row.timing for row in those)
        size = sum(abs(row.amount) for row in those)
        rows.append((group, timing, len(those) - timing, len(those), size))
    return Table(
        "by_age", mark("By age"), BY_AGE, rows, totals(BY_AGE, rows), ("group",), "open",
        sums=(Sum("number", ("timing", "error")),),
    )  # fmt: skip


def _grouped(
    name: str,
    title: str,
    label: Column,
    found: Sequence[Difference],
    at: date,
    of: Callable[[Difference], Cell],
) -> Table:
    columns = (label, *GROUPED)
    rows: list[Row] = []
    for value in sorted({of(row) for row in found}, key=str):
        those = [row for row in found if of(row) == value]
        ages = (sum(row.group(at) == group for row in those) for group in AGES)
        rows.append((value, *ages, len(those), sum(abs(row.amount) for row in those)))
    return Table(
        name, title, columns, rows, totals(columns, rows), (label.key,), "open", sums=GROUPED_SUMS
    )
