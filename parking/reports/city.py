"""The city's volume: how many paid without cash, how much, where, with what and for which vehicles.

Every figure comes from summaries of reconciliation's totals, so years cost months × lots. Each table splits
the same whole another way, and a report whose splits differ is refused. What other systems report (ETC)
stands beside it in a table of its own and is part of no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot, Operator
from parking.reports import apart
from parking.reports.asked import Asked, parameters
from parking.reports.city_columns import (
    ADDS,
    DEFINITIONS,
    DISTRICT,
    DOLLARS,
    FIGURES,
    MONTHS,
    OTHERS,
    PAID,
    PASS_HOURS,
    SERVICE,
    STAYS,
    STAYS_APART,
    VEHICLE,
    WARD,
    below,
    cells,
)
from parking.reports.columns import LOT, LOT_NAME, PROVIDER
from parking.reports.daily import part_of
from parking.reports.dollars import rate_on, to_cents
from parking.reports.elsewhere import reported
from reconciliation import spans, summaries
from reconciliation.reports import volume
from reconciliation.reports.period import Period
from reconciliation.reports.table import (
    Chart,
    Column,
    Report,
    Row,
    Sentence,
    Sum,
    Table,
)  # fmt: skip
from reconciliation.reports.volume import Told, Volume

#: Ten years: from the pilot's first day to far beyond the plan of 2030.
MOST_DAYS = 3_660
#: Lots named as the busiest; the others are one row.
BUSIEST = 20
#: A lot that took no payment for so many days at the end of the period is silent.
QUIET = timedelta(days=7)


def city(tx: Session, asked: Asked) -> Report:
    """The report of the days asked for. Raises `WrongUsage` for more than `MOST_DAYS`."""
    asked.check(MOST_DAYS)
    period, lots = asked.period, _lots(tx)
    found = volume.told(tx, period)
    providers, by_lot = found.along[summaries.PROVIDER], found.along[summaries.COST_CENTRE]
    silent = _silent(tx, period, lots)
    return Report(
        "city",
        mark("Cashless parking payments"),
        parameters(tx, asked),
        volume.computed_at(tx, period),
        (
            _headline(found.along[summaries.PRODUCT], asked),
            _recorded(found),
            _stays(found.along[summaries.PRODUCT]),
            _months(tx, period, found.by_month),
            _by_provider(providers),
            _split("by_class", mark("By vehicle class"), (SERVICE, VEHICLE, PASS_HOURS),
                   _classes(found.along[summaries.PRODUCT])),
            _split("by_district", mark("By former district"), (DISTRICT,),
                   _grouped(by_lot, lots, lambda lot: lot.former_district)),
            _split("by_ward", mark("By ward"), (WARD,), _grouped(by_lot, lots, lambda lot: lot.ward)),
            _busiest(by_lot, lots),
            silent,
            reported(tx, period),
        ),
        (*DEFINITIONS, apart.MEANING, _rate(period.until)),
        charts=(
            Chart("by_month", mark("Cashless, gross, by month"), "month", ("cashless_gross",)),
            Chart("by_provider", mark("Cashless, gross, by provider"), "provider", ("cashless_gross",)),
            Chart("busiest", mark("The busiest lots"), "lot", ("cashless_gross",), rest=OTHERS),
        ),
    )  # fmt: skip


class _Lot(NamedTuple):
    """What is told of a lot; `operator` by its code."""

    number: str
    name: str
    ward: str
    former_district: str
    operator: str
    created_at: datetime
    closed_at: datetime | None


def _lots(tx: Session) -> dict[str, _Lot]:
    columns = (Lot.number, Lot.name, Lot.ward, Lot.former_district, Operator.code)
    query = select(*columns, Lot.created_at, Lot.closed_at).join(Lot.operator)
    return {row[0]: _Lot(*row) for row in tx.execute(query.order_by(Lot.number))}


def _rate(day: date) -> Sentence:
    rate = rate_on(day)
    return Sentence(
        mark("US dollars at %(rate)s dong, the rate of %(day)s; for reading, not for accounts."),
        {"rate": rate.text, "day": rate.valid_from},
    )


def _split(name: str, title: str, labels: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    columns = (*labels, *FIGURES)
    keys = tuple(column.key for column in labels)
    return Table(name, title, columns, rows, below(columns, rows), keys, "recorded", sums=ADDS)


def _by_provider(found: Mapping[str, Volume]) -> Table:
    """Stays belong to no provider."""
    columns, rows = (PROVIDER, *PAID), [(row[0], *row[2:]) for row in _keyed(found)]
    told = (columns, rows, below(columns, rows), ("provider",), "recorded")
    return Table("by_provider", mark("By provider"), *told, sums=ADDS)


def _headline(by_product: Mapping[str, Volume], asked: Asked) -> Table:
    """The one line the city announces."""
    whole = sum(by_product.values(), Volume())
    columns = (*FIGURES, DOLLARS)
    row = (*cells(whole), to_cents(whole.cashless_gross, asked.until))
    return Table("figure", mark("The figure"), columns, [row], None, (), "recorded", sums=ADDS)


def _recorded(found: Told) -> Table:
    """Payments and what is attached to none make all receipts; each is read along another label."""
    paid = sum(found.along[summaries.PRODUCT].values(), Volume())
    beside = found.unattached[summaries.COST_CENTRE]
    providers = found.along[summaries.PROVIDER].values()
    everything = sum(providers, found.unattached[summaries.PROVIDER])
    parts = {
        apart.CASHLESS: (paid.cashless_count, paid.cashless_gross),
        apart.CASH: (paid.cash_count, paid.cash_gross),
        apart.UNATTACHED: (beside.count, beside.gross),
    }
    return apart.recorded(parts, (everything.count, everything.gross))


def _stays(by_product: Mapping[str, Volume]) -> Table:
    """How many of all stays needed no payment of their own."""
    whole = sum(by_product.values(), Volume())
    on_pass = sum(one.stays for key, one in by_product.items() if part_of(key, 0) == "pass")
    row = (whole.stays, on_pass, whole.exempt, whole.stays - on_pass - whole.exempt)
    columns = (STAYS, *STAYS_APART)
    adds = Sum(STAYS.key, tuple(column.key for column in STAYS_APART))
    return Table("stays", STAYS.title, columns, [row], None, (), "recorded", sums=(adds,))


def _keyed(found: Mapping[str, Volume]) -> list[Row]:
    ordered = sorted(found.items(), key=lambda item: (-item[1].cashless_gross, item[0]))
    return [(key, *cells(one)) for key, one in ordered]


def _classes(found: Mapping[str, Volume]) -> list[Row]:
    return [
        (*(part_of(str(row[0]), place) for place in range(3)), *row[1:]) for row in _keyed(found)
    ]


def _grouped(
    found: Mapping[str, Volume], lots: Mapping[str, _Lot], label: Callable[[_Lot], str]
) -> list[Row]:
    groups: dict[str, Volume] = {}
    for number, one in found.items():
        group = label(lots[number]) if number in lots else ""
        groups[group] = groups.get(group, Volume()) + one
    return _keyed(groups)


def _busiest(found: Mapping[str, Volume], lots: Mapping[str, _Lot]) -> Table:
    rows = _keyed(found)
    first = [(row[0], _name(lots, str(row[0])), *row[1:]) for row in rows[:BUSIEST]]
    if len(rows) > BUSIEST:
        rest = sum((found[str(row[0])] for row in rows[BUSIEST:]), Volume())
        first.append((OTHERS, OTHERS, *cells(rest)))
    return _split("busiest", mark("The busiest lots"), (LOT, LOT_NAME), first)


def _name(lots: Mapping[str, _Lot], number: str) -> str:
    return lots[number].name if number in lots else ""


def _months(tx: Session, period: Period, found: Mapping[date, Volume]) -> Table:
    """Each month of the period, and what had come in since launch when it ended."""
    rows = list(_cumulated(found, volume.before(tx, period), period))
    sums = (*below(MONTHS[:-3], [row[:-3] for row in rows]), None, None, None)
    return Table(
        "by_month", mark("By month"), MONTHS, rows, sums, ("month",), "recorded", sums=ADDS
    )


def _cumulated(found: Mapping[date, Volume], so_far: Volume, period: Period) -> Iterator[Row]:
    for month, one in found.items():
        so_far += one
        last = min(spans.next_month(month) - timedelta(days=1), period.until)
        dollars = to_cents(one.cashless_gross, last)
        yield (month, *cells(one), dollars, so_far.cashless_count, so_far.cashless_gross)


def _silent(tx: Session, period: Period, lots: Mapping[str, _Lot]) -> Table:
    """Lots that are open and took nothing, cash included, at the end of the period."""
    lately = replace(period, since=max(period.since, period.until - QUIET + timedelta(days=1)))
    paid = volume.busy(tx, lately)
    rows: list[Row] = [
        (lot.number, lot.name, lot.ward)
        for lot in lots.values()
        if lot.number not in paid and period.operator in (None, lot.operator)
        and lot.created_at < lately.ends and (lot.closed_at is None or lot.closed_at >= lately.ends)
    ]  # fmt: skip
    title = mark("Silent lots: no payment in the last days of the period")
    return Table("silent", title, (LOT, LOT_NAME, WARD), rows, None, ("lot",))
