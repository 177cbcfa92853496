"""The city's volume over years: how long the database takes, whatever the number of payments behind it.

``python -m benchmarks.volume [LOTS]``: three years of a city of so many lots in a fresh database of each
kind, up to the last day but one, so that a month is read by its parts and days. What counts is the time of the
report's statements in the driver alone, rows fetched; the whole is printed beside it. Median of `ROUNDS`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import event, insert

from benchmarks.server import on_both
from parking.lots.models import Lot, Operator
from parking.reports.asked import Asked
from parking.reports.kinds import make
from payments.book_days import BookDay
from payments.db import Databases, connect, new_id
from reconciliation.spans import LONGER, begin_of, end_of
from reconciliation.summaries import CITY, FIGURES, Summary, SummaryState

LOTS, ROUNDS, LOTS_EACH, CHUNK = 3_000, 7, 10, 5_000
FIRST, LAST = date(2024, 5, 1), date(2027, 4, 29)
PROVIDERS = ("vietqr", "vnpay", "momo", "cash")
PRODUCTS = (
    "parking:car", "parking:motorbike", "parking:bicycle", "pass:car:full", "pass:motorbike:day",
)  # fmt: skip
NOW = datetime(2027, 4, 29, 12, 0, tzinfo=UTC)


def periods() -> Iterator[tuple[str, date, bool]]:
    """(span, first day, whether it is over) of every year, month, third and day."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for span in (*LONGER, "day"):
        for first in sorted({begin_of(span, day) for day in days}):
            yield span, first, end_of(span, first) <= LAST


def keys(operator: int) -> Iterator[tuple[str, str]]:
    """(label, key) of an operator's summaries in one period."""
    yield from keys_of_city()
    yield from (("cost_centre", f"L{operator * LOTS_EACH + n:04}") for n in range(LOTS_EACH))


def keys_of_city() -> Iterator[tuple[str, str]]:
    """(label, key) of the whole city's summaries in one period."""
    yield from (("provider", provider) for provider in PROVIDERS)
    yield from (("product", product) for product in PRODUCTS)


def rows(lots: int) -> Iterator[dict[str, Any]]:
    """The summaries that may be read, those of days and sixths only of the last month; each label of an
    operator makes the same sum, and the city's of longer spans are the sums of the operators'."""
    operators = lots // LOTS_EACH
    for span, period, over in periods():
        if not over or (span in ("day", "sixth") and period < LAST.replace(day=1)):
            continue
        for operator in range(operators):
            for label, key in keys(operator):
                yield row(span, period, f"op{operator:03}", label, key, 1)
        for label, key in keys_of_city() if span != "day" else ():
            yield row(span, period, CITY, label, key, operators)


def row(span: str, period: date, operator: str, label: str, key: str, times: int) -> dict[str, Any]:
    """One summary of `times` operators that are all alike."""
    days = (end_of(span, period) - period).days + 1
    count = times * days * (12_000 // {"provider": 4, "cost_centre": 10, "product": 5}[label])
    told = dict.fromkeys(FIGURES, 0) | {
        "count": count, "gross": count * 10_000, "net": count * 10_000,
        "cash_count": count // 20, "cash_gross": count // 20 * 10_000,
        "cash_net": count // 20 * 10_000, "stays": 0 if label == "provider" else count,
    }  # fmt: skip
    return {
        "span": span, "period": period, "label": label, "key": key,
        "operator": operator, "currency": "VND", **told,
    }  # fmt: skip


def fill(databases: Databases, lots: int) -> int:
    """Operators, lots, what is known of every day, and summaries; how many of these."""
    written, batch, operators = 0, list[dict[str, Any]](), lots // LOTS_EACH
    with databases.write.begin() as tx:
        for number in range(operators):
            code = f"op{number:03}"
            operator = Operator(
                code=code, legal_name=f"Operator {number}", tax_code="", unverified=True
            )
            tx.add_all(lot(operator, number * LOTS_EACH + n) for n in range(LOTS_EACH))
    for span, period, over in periods():
        states = [
            {"span": span, "period": period, "operator": f"op{number:03}", "stale": not over,
             "computed_at": NOW}
            for number in range(operators)
        ]  # fmt: skip
        if span != "day":
            states.append({**states[0], "operator": CITY})
        with databases.write.begin() as tx:
            tx.execute(insert(SummaryState), states)
            if span == "day" and period < LAST.replace(day=1):
                tx.execute(insert(BookDay), [
                    {"operator": one["operator"], "day": period, "state": "closed", "since": NOW}
                    for one in states
                ])  # fmt: skip
    for one in rows(lots):
        batch.append(one)
        if len(batch) == CHUNK:
            written += write(databases, batch)
    return written + write(databases, batch)


def write(databases: Databases, batch: list[dict[str, Any]]) -> int:
    """Insert a batch and empty it; how many rows."""
    with databases.write.begin() as tx:
        if batch:
            tx.execute(insert(Summary), batch)
    count = len(batch)
    batch.clear()
    return count


def lot(operator: Operator, number: int) -> Lot:
    """A lot in one of 126 wards."""
    return Lot(
        id=new_id(), number=f"L{number:04}", name=f"Lot {number}", street="", ward=f"W{number % 126}",
        former_district=f"D{number % 12}", latitude="21.0", longitude="105.8", source="",
        unverified=True, operator=operator, created_at=NOW - timedelta(days=2000),
    )  # fmt: skip


def measure(databases: Databases) -> tuple[float, float, int]:
    """(database, whole, statements): seconds of one report over all years."""
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    engine = databases.read.kw["bind"]
    event.listen(engine, "before_cursor_execute", hear)
    began = time.perf_counter()
    with databases.read() as tx:
        make(tx, "city", Asked(FIRST, LAST, None, NOW))
    whole = time.perf_counter() - began
    event.remove(engine, "before_cursor_execute", hear)
    return sum(alone(databases, *one) for one in asked), whole, len(asked)


def alone(databases: Databases, statement: str, parameters: Any) -> float:
    """Seconds of one statement in the driver alone, its rows fetched."""
    connection = databases.engine.raw_connection()
    try:
        cursor = connection.cursor()
        began = time.perf_counter()
        cursor.execute(statement, parameters)
        cursor.fetchall()
        return time.perf_counter() - began
    finally:
        connection.close()


def run(name: str, url: str, lots: int) -> None:
    """Fill, let the planner look, measure."""
    databases = connect(url)
    try:
        filled = fill(databases, lots)
        with databases.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.exec_driver_sql("ANALYZE")
        rounds = [measure(databases) for _ in range(ROUNDS)]
    finally:
        databases.dispose()
    database, whole = (statistics.median(one[n] for one in rounds) * 1000 for n in range(2))
    told = f"{filled:,} summaries, {rounds[0][2]} statements"
    sys.stdout.write(
        f"{name}: {told}: {database:.0f} ms in the database, {whole:.0f} ms altogether\n"
    )


def main() -> None:
    """Both kinds of database."""
    lots = int(sys.argv[1]) if len(sys.argv) > 1 else LOTS
    on_both(lambda name, url: run(name, url, lots))


if __name__ == "__main__":
    main()
