"""When a stay is over whose exit nobody recorded. Pure.

It ends at the earliest of: the end of the band of the last turn it paid for (flat prices), the lot's
closing time after the last sign of life, and the tariff's limit. A paid turn is not yet over while
nothing more is owed and while the grace of a payment runs: whoever scans again then is still on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from parking.tariffs import TariffVersion
from parking.tariffs.turns import last_turn
from payments.db import CITY_ZONE


class EndedBy(StrEnum):
    """Which rule ended a stay."""

    BAND = "band"
    CLOSING = "closing"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of an open stay. `seen_at` is when somebody of the lot last had to do with it,
    `alive_at` when anybody did, a payer included; neither is before `entry_at`. `settled` says that
    nothing was due at `alive_at` by a turn that was paid or is covered, `covered_until` how long the
    grace of a payment runs."""

    entry_at: datetime
    seen_at: datetime
    alive_at: datetime
    settled: bool
    covered_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """`at` is when the stay ended, `known_from` when that may be said and not before: one rule is
    enough to know that a stay is over, and the earliest rule says since when."""

    at: datetime
    known_from: datetime
    by: EndedBy


def ending(version: TariffVersion, vehicle_class: str, life: Life, closes: time | None) -> Ending:
    """When a stay of this `life` ends if nobody ever records its exit; `closes` is the lot's local
    closing time, None for a lot that never closes.

    Never before the last sign of life. Raises `NotFound` for a vehicle class without price.
    """
    found = list(_endings(version, vehicle_class, life, closes))
    first = min(found, key=lambda one: one.at)
    return replace(first, known_from=min(one.known_from for one in found))


def _endings(
    version: TariffVersion, vehicle_class: str, life: Life, closes: time | None
) -> Iterator[Ending]:
    vehicle = version.vehicle(vehicle_class)
    if closes is not None:
        yield _certain(next_closing(closes, life.alive_at), EndedBy.CLOSING)
    limit = timedelta(hours=vehicle.unrecorded_exit.after_hours)
    over = life.entry_at + limit
    yield _certain(over if over > life.alive_at else life.alive_at + limit, EndedBy.LIMIT)
    if life.settled and vehicle.flat:
        turn = last_turn(version, vehicle_class, life.entry_at, life.alive_at)
        # a vehicle that somebody of the lot saw after its band did not leave with it
        if turn is not None and life.seen_at <= turn.ends:
            known = max(turn.next_due, life.alive_at, life.covered_until or turn.ends)
            yield Ending(max(turn.ends, life.alive_at), known, EndedBy.BAND)


def _certain(at: datetime, by: EndedBy) -> Ending:
    return Ending(at, at, by)


def next_closing(closes: time, after: datetime) -> datetime:
    """The first moment after `after` at which the city's clocks show `closes`."""
    today = after.astimezone(CITY_ZONE).date()
    found = datetime.combine(today, closes, CITY_ZONE)
    return found if found > after else found + timedelta(days=1)


def last_closing(closes: time, now: datetime) -> datetime:
    """The last moment at or before `now` at which the city's clocks showed `closes`."""
    return next_closing(closes, now) - timedelta(days=1)
