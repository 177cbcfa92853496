"""A lot's day beside its own history: what is usual here on this weekday, and what stands out.

Usual is the median of the same weekday in the eight weeks before, the day itself excluded, of days on
which anybody came or went; with fewer than three such days there is not enough history to speak. Of an
even number of values the lower middle one counts. A person's day is compared with the days of all
attendants of that lot on that weekday, so that nobody is judged by another lot's customs.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from parking.languages import mark
from parking.watch.days import DAY, LEAST_VALUES, same_weekdays
from parking.watch.tally import Kind, Tally

#: Stands out: twice the usual and three cases at least; of the cash share, five hundredths more; of
#: entries, fewer than half.
TIMES, LEAST_CASES, LEAST_PERMILLE = 2, 3, 50

#: The cash share of a day: payments in cash per thousand payments.
CASH_SHARE = "cash_share"

#: What a lot's day is told by, in the order of the page.
OF_LOT = {
    Kind.ENTRIES: mark("Entries"),
    CASH_SHARE: mark("Cash share"),
    Kind.EXEMPTIONS: mark("Exemptions"),
    Kind.CLAIMS: mark("Transfers waited for"),
    Kind.RELEASES: mark("Let out unpaid"),
    Kind.EDITS: mark("Corrections"),
    Kind.PAPERS: mark("Papers checked"),
    Kind.UNRECORDED: mark("Exits not recorded"),
    Kind.PROXY: mark("Paid for the driver"),
}
#: What an attendant's day is told by.
OF_PERSON = {
    Kind.EXITS: mark("Exits"),
    Kind.CASH: mark("Cash payments"),
    Kind.EXEMPTIONS: OF_LOT[Kind.EXEMPTIONS],
    Kind.CLAIMS: OF_LOT[Kind.CLAIMS],
    Kind.RELEASES: OF_LOT[Kind.RELEASES],
    Kind.EDITS: OF_LOT[Kind.EDITS],
    Kind.PAPERS: OF_LOT[Kind.PAPERS],
    Kind.PROXY: OF_LOT[Kind.PROXY],
}


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` of one day, None where there is none (a share of nothing); `usual` is None without
    enough history. Shares are per thousand."""

    value: int | None
    usual: int | None
    unusual: bool


@dataclass(frozen=True, slots=True)
class DayOf:
    """One day of a lot: its cells by the names of `OF_LOT`. `bars` are the entries of the same
    weekday, oldest first, this day last."""

    day: date
    cells: Mapping[str, Cell]
    bars: Sequence[int]

    @property
    def unusual(self) -> int:
        """How much of the day stands out."""
        return sum(cell.unusual for cell in self.cells.values())


def usual_of(values: Sequence[int]) -> int | None:
    """The middle of `values`; None when they are too few to speak."""
    return median_low(values) if len(values) >= LEAST_VALUES else None


def stands_out(kind: str, value: int | None, usual: int | None) -> bool:
    """Whether somebody should look. Without history nothing stands out."""
    if value is None or usual is None:
        return False
    if kind == Kind.ENTRIES:
        return value * TIMES < usual and usual >= LEAST_CASES
    least = LEAST_PERMILLE if kind == CASH_SHARE else LEAST_CASES
    return value > usual * TIMES and value - usual >= least


def day_of(found: Tally, lot: uuid.UUID, day: date, whole: bool = True) -> DayOf:
    """One day of one lot; of a day that is not over (`whole` is False) too few entries say nothing."""
    history = [past for past in same_weekdays(day) if found.at_work(lot, past)]
    cells: dict[str, Cell] = {}
    for kind in OF_LOT:
        value = _value(found, lot, day, kind)
        values = (_value(found, lot, past, kind) for past in history)
        usual = usual_of([known for known in values if known is not None])
        judged = whole or kind != Kind.ENTRIES
        cells[kind] = Cell(value, usual, judged and stands_out(kind, value, usual))
    line = [*reversed(same_weekdays(day)), day]
    return DayOf(day, cells, [found.of(lot, past, Kind.ENTRIES) for past in line])


def _value(found: Tally, lot: uuid.UUID, day: date, kind: str) -> int | None:
    if kind != CASH_SHARE:
        return found.of(lot, day, Kind(kind))
    paid = found.of(lot, day, Kind.PAID)
    return found.of(lot, day, Kind.CASH) * 1000 // paid if paid else None


def week_of(found: Tally, lot: uuid.UUID, last: date, today: date) -> list[DayOf]:
    """The seven days up to `last`, oldest first, each beside its own weekday."""
    days = (last - back * DAY for back in reversed(range(7)))
    return [day_of(found, lot, day, day < today) for day in days]


def days_for_week(last: date) -> list[date]:
    """Every day that `week_of` looks at."""
    return [day for back in range(7) for day in with_history(last - back * DAY)]


def with_history(day: date) -> list[date]:
    """A day and those it is compared with."""
    return [day, *same_weekdays(day)]


def people_of(
    found: Tally, lot: uuid.UUID, day: date
) -> tuple[dict[str, dict[str, Cell]], dict[str, int | None]]:
    """Person → cells by the names of `OF_PERSON`, who stands out first; and what is usual for one
    attendant of this lot on this weekday."""
    history = [(past, who) for past in same_weekdays(day) for who in found.people(lot, past)]
    usual = {
        kind: usual_of([found.of(lot, past, kind, who) for past, who in history])
        for kind in OF_PERSON
    }
    rows = {who: _cells(found, lot, day, who, usual) for who in found.people(lot, day)}
    order = sorted(rows, key=lambda who: (-sum(c.unusual for c in rows[who].values()), who))
    return {who: rows[who] for who in order}, {str(kind): usual[kind] for kind in OF_PERSON}


def _cells(
    found: Tally, lot: uuid.UUID, day: date, who: str, usual: Mapping[Kind, int | None]
) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for kind in OF_PERSON:
        value = found.of(lot, day, kind, who)
        # few exits are a short shift
        odd = kind != Kind.EXITS and stands_out(kind, value, usual[kind])
        cells[kind] = Cell(value, usual[kind], odd)
    return cells
