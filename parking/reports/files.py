"""The daily report as files: CSV for spreadsheets, JSON for programs. The same rows, the same bytes.

The CSV is one table with the column names of the JSON, so that a program needs no dictionary, and a
`level` that says what a row sums up: ``total``, ``account``, ``lot`` or ``lot_class``. The rows of
each level below the first add up to the total; `service` tells single stays (``parking``) and monthly
passes (``pass``, with their `hours`) apart. UTF-8 with a byte order mark; cells that a
spreadsheet would run as a formula are neutralised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from parking.languages import LANGUAGES
from parking.reports.daily import CityDay
from parking.reports.figure import cash_sentence, city_sentence, standing_sentence
from payments.db import CITY_ZONE
from reconciliation.reports.csv_file import csv_bytes
from reconciliation.reports.figures import Figures
from reconciliation.reports.table import Cell

LABELS = (
    "date",
    "level",
    "account",
    "operator",
    "lot",
    "name",
    "service",
    "vehicle_class",
    "hours",
    "state",
)
FIGURES = (
    "count",
    "gross",
    "refunds",
    "fees",
    "net",
    "matched",
    "breaks",
    "confirmed_gross",
    "banked_count",
    "banked_gross",
)
#: What the JSON says of every account and lot.
PART_FIGURES = ("count", "gross", "refunds", "fees", "net", "matched", "breaks")


def as_csv(found: CityDay) -> bytes:
    """The report as people's spreadsheets open it."""
    return csv_bytes([(*LABELS, *FIGURES, "currency", "as_of"), *_rows(found)])


def _rows(found: CityDay) -> Iterator[tuple[Cell, ...]]:
    yield _row(found, "total", found.total)
    for account in found.by_account:
        part = account.part
        labels = (part.slug, account.operator_name, "", account.holder, "", "", "", account.state)
        yield _row(found, "account", account.figures, labels)
    for lot in found.by_lot:
        yield _row(found, "lot", lot.figures, ("", "", lot.number, lot.name, "", "", "", ""))
    names = {lot.number: lot.name for lot in found.by_lot}
    for row in found.by_class:
        sold = (row.service, row.vehicle_class, row.hours)
        labels = ("", "", row.lot, names.get(row.lot, ""), *sold, "")
        yield _row(found, "lot_class", row.figures, labels)


def _row(
    found: CityDay, level: str, figures: Figures, labels: tuple[str, ...] = ("",) * 8
) -> tuple[Cell, ...]:
    sums = (int(getattr(figures, name)) for name in FIGURES)
    return (found.day.isoformat(), level, *labels, *sums, found.currency, as_of_text(found))


def as_of_text(found: CityDay) -> str:
    """When the figures were computed, in the city's time; empty when they never were."""
    if found.as_of is None:
        return ""
    return found.as_of.astimezone(CITY_ZONE).isoformat(timespec="seconds")


def as_json(found: CityDay) -> dict[str, object]:
    """The report for programs: whole numbers in minor units of `currency` (dong)."""
    total = found.total
    return {
        "date": found.day.isoformat(),
        "currency": found.currency,
        "as_of": as_of_text(found) or None,
        **_figures(total),
        "recorded": {"count": total.count, "gross": total.gross},
        "confirmed": {"count": total.confirmed_count, "gross": total.confirmed_gross},
        "banked": {"count": total.banked_count, "gross": total.banked_gross},
        "cashless": {"count": found.cashless.count, "gross": found.cashless.gross},
        "unattached": {"count": found.unattached.count, "gross": found.unattached.gross},
        "cash": {
            "count": found.cash.count,
            "gross": found.cash.gross,
            "permille": found.cash_permille,
        },
        "states": found.states,
        "figure": {language: city_sentence(found, language) for language in LANGUAGES},
        "standing": {language: standing_sentence(found, language) for language in LANGUAGES},
        "cash_sentence": {language: cash_sentence(found, language) for language in LANGUAGES},
        **_parts(found),
    }


def _parts(found: CityDay) -> dict[str, object]:
    """The figures by account, lot, and lot and vehicle class."""
    return {
        "by_account": [
            {
                "account": row.part.slug,
                "operator": row.operator_name,
                "provider": row.part.provider,
                "state": row.state,
                "holder": row.holder or None,
                **_figures(row.figures),
            }
            for row in found.by_account
        ],
        "by_lot": [
            {"lot": row.number, "name": row.name, **_figures(row.figures)} for row in found.by_lot
        ],
        "by_lot_class": [
            {
                "lot": row.lot,
                "service": row.service,
                "vehicle_class": row.vehicle_class,
                "hours": row.hours,
                **_figures(row.figures),
            }
            for row in found.by_class
        ],
    }


def as_json_bytes(found: CityDay) -> bytes:
    """The JSON as it is written to a file or a terminal."""
    return (json.dumps(as_json(found), ensure_ascii=False, indent=2) + "\n").encode()


def _figures(figures: Figures) -> dict[str, int]:
    return {name: int(getattr(figures, name)) for name in PART_FIGURES}
