"""Shifts and attendants: who had a till and what it held, and who did what how often."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from parking.languages import mark
from parking.lots.models import Lot, Operator
from parking.people.models import Person
from parking.reports.asked import Asked, parameters
from parking.reports.columns import LOT, LOT_NAME, count, money, totals
from parking.shifts.models import CashEntry, Shift
from parking.watch.tally import Kind as Act
from parking.watch.tally import Tally, tally
from payments.models import Payment
from reconciliation.reports.period import Period
from reconciliation.reports.table import Chart, Column, Kind, Report, Row, Sentence, Sum, Table

#: What is counted is read from every lot and day, so this report is for weeks, not for years.
MOST_DAYS = 92

PERSON = Column("person", mark("Attendant"))
CASH = (count("cash_count", mark("Cash payments")), money("cash", mark("Cash taken")))
TILL = (
    *CASH,
    money("short", mark("Missing")),
    money("over", mark("Too much")),
    money("difference", mark("Difference")),
)
DIFFERENCE_IS = (Sum("difference", ("over",), ("short",)),)
SHIFTS = (
    Column("opened_at", mark("Opened"), Kind.INSTANT),
    Column("closed_at", mark("Shift closed at"), Kind.INSTANT),
    LOT,
    PERSON,
    Column("taken_by", mark("Handed over to")),
    money("opening", mark("Float")),
    Column("expected", mark("Expected"), Kind.MONEY),
    Column("counted", mark("Counted"), Kind.MONEY),
    *TILL,
    count("shifts", mark("Shifts")),
)
PEOPLE = (PERSON, count("shifts", mark("Shifts")), *TILL)
LOTS = (LOT, LOT_NAME, count("shifts", mark("Shifts")), *TILL)

#: What an attendant does → its column; passive counts (paid by drivers) have no person.
ACTS = {
    Act.ENTRIES: count("entries", mark("Vehicles let in")),
    Act.EXITS: count("exits", mark("Vehicles let out")),
    Act.CASH: count("cash_payments", mark("Cash payments")),
    Act.PROXY: count("proxies", mark("Paid for drivers")),
    Act.CLAIMS: count("claims", mark("Transfers announced")),
    Act.RELEASES: count("releases", mark("Let out unpaid")),
    Act.EXEMPTIONS: count("exemptions", mark("Exemptions")),
    Act.EDITS: count("edits", mark("Corrections")),
    Act.PAPERS: count("papers", mark("Let out on papers")),
}
NOTES = (
    Sentence(
        mark(
            "A shift belongs to the day it was opened on. Open shifts have no count and no difference."
        )
    ),
    Sentence(mark("What attendants did is counted by the day it was done on.")),
)


@dataclass(frozen=True, slots=True)
class Worked:
    """One shift with its names and its cash, in dong."""

    shift: Shift
    person: str
    lot: str
    lot_name: str
    taker: str
    cash_count: int
    cash: int

    @property
    def till(self) -> tuple[int, int, int, int, int]:
        """The cells of `TILL`."""
        off = self.shift.difference or 0
        return self.cash_count, self.cash, max(-off, 0), max(off, 0), off


def worked(tx: Session, asked: Asked) -> Report:
    """Shifts opened on the days asked for, and what attendants did on them."""
    asked.check(MOST_DAYS)
    found = _shifts(tx, asked.period)
    return Report(
        "shifts",
        mark("Shifts and attendants"),
        parameters(tx, asked),
        max((row.shift.closed_at or row.shift.opened_at for row in found), default=None),
        (
            _grouped("by_person", mark("By attendant"), PEOPLE, found, ("person",)),
            _grouped("by_lot", mark("By lot"), LOTS, found, ("lot", "lot_name")),
            _listed(found),
            _acts(tx, asked.period),
        ),
        NOTES,
        charts=(Chart("by_person", mark("Cash taken by attendant"), "person", ("cash",)),),
    )


def _shifts(tx: Session, period: Period) -> Sequence[Worked]:
    taker = aliased(Person)
    opened = Shift.opened_at >= period.begins, Shift.opened_at < period.ends
    cash = (
        select(
            CashEntry.shift_id,
            sql.count().label("count"),
            sql.sum(Payment.received - Payment.reversed).label("amount"),
        )
        .join(Payment, Payment.id == CashEntry.payment_id)
        .join(Shift, Shift.id == CashEntry.shift_id)
        .where(Payment.received > 0, *opened)
        .group_by(CashEntry.shift_id)
        .subquery()
    )
    query = (
        select(Shift, Person.name, Lot.number, Lot.name, sql.coalesce(taker.name, ""),
               sql.coalesce(cash.c.count, 0), sql.coalesce(cash.c.amount, 0))
        .join(Person, Person.id == Shift.person_id)
        .join(Lot, Lot.id == Shift.lot_id)
        .join(Operator, Operator.id == Lot.operator_id)
        .outerjoin(taker, taker.id == Shift.taken_by)
        .outerjoin(cash, cash.c.shift_id == Shift.id)
        .where(*opened, period.of_operator(Operator.code))
        .order_by(Shift.opened_at, Shift.id)
    )  # fmt: skip
    return [
        Worked(shift, person, lot, name, handed_to, int(number), int(amount))
        for shift, person, lot, name, handed_to, number, amount in tx.execute(query)
    ]


def _grouped(
    name: str, title: str, columns: tuple[Column, ...], found: Sequence[Worked], by: tuple[str, ...]
) -> Table:
    rows: list[Row] = []
    for labels in sorted({tuple(getattr(row, key) for key in by) for row in found}):
        those = [row for row in found if tuple(getattr(row, key) for key in by) == labels]
        tills = zip(*(row.till for row in those), strict=True)
        rows.append((*labels, len(those), *map(sum, tills)))
    return Table(
        name, title, columns, rows, totals(columns, rows), by[:1], "shifts", sums=DIFFERENCE_IS
    )


def _listed(found: Sequence[Worked]) -> Table:
    rows: list[Row] = [
        (
            row.shift.opened_at, row.shift.closed_at, row.lot, row.person, row.taker,
            row.shift.opening, row.shift.expected, row.shift.counted, *row.till, 1,
        )
        for row in found
    ]  # fmt: skip
    return Table(
        "list", mark("Every shift"), SHIFTS, rows, totals(SHIFTS, rows), (), "shifts",
        refines="by_person", sums=DIFFERENCE_IS,
    )  # fmt: skip


def _acts(tx: Session, period: Period) -> Table:
    columns = (PERSON, LOT, *ACTS.values())
    rows = list(_counted(tx, period))
    return Table(
        "acts", mark("What attendants did"), columns, rows, totals(columns, rows),
        ("person", "lot"),
    )  # fmt: skip


def _counted(tx: Session, period: Period) -> Iterator[Row]:
    lots = select(Lot.id).join(Operator, Operator.id == Lot.operator_id)
    mine = lots.where(period.of_operator(Operator.code))
    found = tally(tx, mine, period.days)
    numbers = {row.id: row.number for row in tx.execute(select(Lot.id, Lot.number))}
    by_person = _by_person(found)
    names = _names(tx, {who for who, _ in by_person})
    order = sorted(by_person, key=lambda key: (names.get(key[0], key[0]), numbers[key[1]]))
    for who, lot in order:
        counts = by_person[who, lot]
        yield (names.get(who, who), numbers[lot], *(counts.get(act, 0) for act in ACTS))


def _by_person(found: Tally) -> dict[tuple[str, uuid.UUID], dict[Act, int]]:
    """(person, lot) → act → how often, over all days."""
    added: dict[tuple[str, uuid.UUID], dict[Act, int]] = {}
    for (lot, _), kinds in found.counts.items():
        for act, people in kinds.items():
            for who, number in people.items():
                if act in ACTS and who.startswith("person:"):
                    counts = added.setdefault((who, lot), {})
                    counts[act] = counts.get(act, 0) + number
    return added


def _names(tx: Session, actors: Collection[str]) -> Mapping[str, str]:
    users = [who.removeprefix("person:") for who in actors]
    rows = tx.execute(select(Person.username, Person.name).where(Person.username.in_(users)))
    return {f"person:{row.username}": row.name for row in rows}
