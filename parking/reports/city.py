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
from parking.passes.standing import HOURS
from parking.reports.asked import Asked, parameters
from parking.reports.columns import LOT, LOT_NAME, PROVIDER, count, money, totals
from parking.reports.daily import part_of, share
from parking.reports.dollars import rate_on, to_cents
from parking.reports.elsewhere import reported
from parking.sessions.states import FIGURE_CLASSES
from reconciliation import spans, summaries
from reconciliation.reports import volume
from reconciliation.reports.period import Period
from reconciliation.reports.table import (
    Chart,
    Column,
    Kind,
    Report,
    Row,
    Sentence,
    Sum,
    Table,
)  # fmt: skip
from reconciliation.reports.volume import Volume

#: Ten years: from the pilot's first day to far beyond the plan of 2030.
MOST_DAYS = 3_660
#: Lots named as the busiest; the others are one row.
BUSIEST = 20
#: A lot that took no payment for so many days at the end of the period is silent.
QUIET = timedelta(days=7)

SHARE = Column("cashless_share", mark("Cashless share"), Kind.PERMILLE)
DOLLARS = Column("dollars", mark("Cashless, US$"), Kind.MONEY, "USD")
FIGURES = (
    count("cashless_count", mark("Cashless payments")),
    money("cashless_gross", mark("Cashless, gross")),
    count("cash_count", mark("Cash payments")),
    money("cash_gross", mark("Cash, gross")),
    count("count", mark("All payments")),
    SHARE,
    money("refunds", mark("Refunds")),
    money("confirmed_gross", mark("Confirmed by the provider")),
    money("banked_gross", mark("In the bank")),
)
ADDS = (Sum("count", ("cashless_count", "cash_count")),)

MONTH = Column("month", mark("Month"), Kind.DATE)
MONTHS = (
    MONTH,
    *FIGURES,
    DOLLARS,
    Column("cumulative_count", mark("Cashless payments since launch"), Kind.COUNT),
    Column("cumulative_gross", mark("Cashless since launch"), Kind.MONEY),
)
WARD = Column("ward", mark("Ward"), Kind.WORD, words={"": mark("Belongs to no lot")})
DISTRICT = Column(
    "former_district", mark("Former district"), Kind.WORD, words={"": mark("Belongs to no lot")}
)
SERVICE = Column(
    "service",
    mark("For what"),
    Kind.WORD,
    words={
        "parking": mark("Single stays"),
        "pass": mark("Monthly passes"),
        "": mark("Belongs to no payment of ours"),
    },
)
VEHICLE = Column("vehicle_class", mark("Vehicle class"), Kind.WORD, words=FIGURE_CLASSES)
PASS_HOURS = Column("hours", mark("Hours of the pass"), Kind.WORD, words=HOURS)
OTHERS = "…"

DEFINITIONS = (
    Sentence(
        mark(
            "A payment is one receipt of money recorded by us, on the business day of the provider's"
            " time. Gross is before refunds and fees. Refunds and reversals are those recorded in the"
            " period, whenever their payment was made."
        )
    ),
    Sentence(
        mark(
            "A stay is one visit of one vehicle; a stay may be paid by several payments, and one payment"
            " may be for several stays. A monthly pass is paid once and its stays cost nothing, so"
            " passes stand apart from single stays."
        )
    ),
    Sentence(
        mark(
            "Confirmed: matched with a line of the provider's own file. In the bank: part of a payout"
            " that the operator's bank credited. Cash is what attendants recorded in their tills."
        )
    ),
)


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
            _headline(providers, asked),
            _months(tx, period, found.by_month),
            _split("by_provider", mark("By provider"), (PROVIDER,), _keyed(providers)),
            _split("by_class", mark("By vehicle class"), (SERVICE, VEHICLE, PASS_HOURS),
                   _classes(found.along[summaries.PRODUCT])),
            _split("by_district", mark("By former district"), (DISTRICT,),
                   _grouped(by_lot, lots, lambda lot: lot.former_district)),
            _split("by_ward", mark("By ward"), (WARD,), _grouped(by_lot, lots, lambda lot: lot.ward)),
            _busiest(by_lot, lots),
            silent,
            reported(tx, period),
        ),
        (*DEFINITIONS, _rate(period.until)),
        charts=(
            Chart("by_month", mark("Cashless, gross, by month"), "month", ("cashless_gross",)),
            Chart("by_provider", mark("Cashless, gross, by provider"), "provider", ("cashless_gross",)),
            Chart("busiest", mark("The busiest lots"), "lot", ("cashless_gross",)),
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


def cells(found: Volume) -> tuple[int, ...]:
    """A volume as the cells of `FIGURES`."""
    return (
        found.cashless_count, found.cashless_gross, found.cash_count, found.cash_gross, found.count,
        share(found.cashless_count, found.count), found.refunds,
        found.confirmed_gross - found.cash_confirmed_gross,
        found.banked_gross - found.cash_banked_gross,
    )  # fmt: skip


def _below(columns: Sequence[Column], rows: Sequence[Row]) -> Row:
    """The totals; the share below is that of the sums, not a sum of shares."""
    sums = dict(zip((c.key for c in columns), totals(columns, rows), strict=True))
    counted, all_of_them = sums["cashless_count"], sums["count"]
    if isinstance(counted, int) and isinstance(all_of_them, int):
        sums[SHARE.key] = share(counted, all_of_them)
    return tuple(sums.values())


def _split(name: str, title: str, labels: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    columns = (*labels, *FIGURES)
    keys = tuple(column.key for column in labels)
    return Table(name, title, columns, rows, _below(columns, rows), keys, "recorded", sums=ADDS)


def _headline(by_provider: Mapping[str, Volume], asked: Asked) -> Table:
    """The one line the city announces."""
    whole = sum(by_provider.values(), Volume())
    columns = (*FIGURES, DOLLARS)
    row = (*cells(whole), to_cents(whole.cashless_gross, asked.until))
    return Table("figure", mark("The figure"), columns, [row], None, (), "recorded", sums=ADDS)


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
    below = (*_below(MONTHS[:-3], [row[:-3] for row in rows]), None, None, None)
    return Table(
        "by_month", mark("By month"), MONTHS, rows, below, ("month",), "recorded", sums=ADDS
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
