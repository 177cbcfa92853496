"""When a lot collects and when it closes: set by an administrator, written down who did."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot, LotTariff
from parking.tariffs import TariffBook
from payments import audit
from payments.db import business_day
from payments.errors import WrongUsage

_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


class Collect(StrEnum):
    """When a vehicle class pays at a lot."""

    ENTRY = "entry"
    EXIT = "exit"
    EITHER = "either"


#: What each choice is called in front of people.
COLLECT_WORDS = {
    Collect.ENTRY: mark("On entry"),
    Collect.EXIT: mark("On exit"),
    Collect.EITHER: mark("On entry or exit"),
}


def tariff_row(lot: Lot, vehicle_class: str) -> LotTariff:
    """What `vehicle_class` pays at `lot`. Raises `WrongUsage` naming the classes the lot takes."""
    rows = {row.vehicle_class: row for row in lot.tariffs}
    if vehicle_class not in rows:
        raise WrongUsage(
            "Lot %(lot)s takes no vehicle of class %(vehicle)s; it takes: %(classes)s.",
            lot=lot.number,
            vehicle=vehicle_class or "—",
            classes=", ".join(sorted(rows)),
        )
    return rows[vehicle_class]


def collected(tx: Session, lot: Lot, vehicle_class: str) -> Collect:
    """When `vehicle_class` pays at `lot`; a class the lot takes no more pays at the exit."""
    found = tx.scalar(
        select(LotTariff.collect).where(
            LotTariff.lot_id == lot.id, LotTariff.vehicle_class == vehicle_class
        )
    )
    return Collect(found) if found else Collect.EXIT


def set_collection(
    tx: Session,
    tariffs: TariffBook,
    lot: Lot,
    vehicle_class: str,
    when: Collect,
    actor: str,
    now: datetime,
) -> None:
    """From now on `vehicle_class` pays at `lot` as `when` says.

    On entry only a price per turn can be collected: by the hour nothing is due yet at that moment.
    Raises `WrongUsage` for a price by the hour, and for a class the lot does not take.
    """
    row = tariff_row(lot, vehicle_class)
    version = tariffs.in_force(row.tariff_code, business_day(now))
    if when is Collect.ENTRY and not version.vehicle(vehicle_class).flat:
        raise WrongUsage(
            mark(
                "%(vehicle)s pays by the hour at lot %(lot)s, so nothing is due on entry: "
                "collect on exit, or either way."
            ),
            vehicle=vehicle_class,
            lot=lot.number,
        )
    before, row.collect = row.collect, when.value
    if before != when:
        detail: dict[str, object] = {"vehicle": vehicle_class, "before": before, "after": when}
        audit.append(tx, actor, "lot.collect", f"lot:{lot.number}", detail, now)


def set_closing(tx: Session, lot: Lot, closes: str, actor: str, now: datetime) -> None:
    """`lot` closes every day at this local time, written ``22:00``; empty: it never does.

    Raises `WrongUsage` for anything else.
    """
    wanted = closes.strip() or None
    if wanted is not None and not _CLOCK.fullmatch(wanted):
        raise WrongUsage(
            mark("“%(text)s” is not a time of day; write it as 22:00, or leave it empty."),
            text=closes[:20],
        )
    before, lot.closes = lot.closes, wanted
    if before != wanted:
        detail: dict[str, object] = {"before": before, "after": wanted}
        audit.append(tx, actor, "lot.closes", f"lot:{lot.number}", detail, now)
