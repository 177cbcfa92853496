"""Playing a day in a test town, and looking at it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from parking import proofs
from parking.commands.reconcile import at, results
from parking.people.service import NewPerson, add_person
from parking.simulate.day import Order, play
from parking.simulate.truth import Truth
from payments.db import CITY_ZONE
from payments.providers.cash import CashProvider
from reconciliation import invariants
from reconciliation.breaks import BreakRow, list_breaks
from reconciliation.service import Result
from tests.kit import Town

DAY = date(2026, 11, 18)
NEXT = DAY + timedelta(days=1)
FIELDS = ("class", "account", "payment", "line", "difference")


CREW = (
    NewPerson("hoa", "attendant", "Hoa", "hoan-kiem", ("HK01",)),
    NewPerson("binh", "attendant", "Bình", "hoan-kiem", ("HK01",)),
    NewPerson("tu", "attendant", "Tú", "thang-long", ("DD01",)),
)


def hire(town: Town, people: Iterable[NewPerson] = CREW) -> Town:
    """Attendants who take cash: two take turns at HK01, one works at DD01."""
    gateways = town.house.gateways
    registry = {**gateways.registry, "cash": CashProvider}
    town.house = replace(town.house, gateways=replace(gateways, registry=registry))
    with town.house.databases.write.begin() as tx:
        for person in people:
            add_person(tx, person, town.now, "system:test")
    return town


def played(town: Town, sessions: int = 36, seed: int = 7, faults: float = 0.3) -> Truth:
    """One day, quietly."""
    return play(town.house, Order(DAY, sessions, seed, faults), lambda _progress: None)


def reconciled(town: Town, day: date, instant: datetime | None = None) -> list[Result]:
    """What `parking reconcile` does at `instant`, without one in the night after `day`."""
    night = datetime.combine(day + timedelta(days=1), time(0, 45), CITY_ZONE)
    found = []
    for result in results(at(town.house, instant or night), day):
        assert isinstance(result, Result), result
        found.append(result)
    return found


def breaks_of(town: Town, day: date) -> list[BreakRow]:
    """Every difference of `day`."""
    with town.house.databases.read() as tx:
        return list_breaks(tx, day)


def names(rows: Iterable[Mapping[str, object]]) -> list[tuple[str, ...]]:
    """Breaks or faults by class, account, payment, line and difference, in one order."""
    return sorted(tuple(str(row[field]) for field in FIELDS) for row in rows)


def seeded(truth: Truth) -> list[tuple[str, ...]]:
    """What reconciling the day must find."""
    faults = truth.as_json()["faults"]
    assert isinstance(faults, list)
    return names(faults)


def found(town: Town, day: date) -> list[tuple[str, ...]]:
    """What reconciling the day found."""
    return names(row.as_json() for row in breaks_of(town, day))


def violations(town: Town) -> list[object]:
    """Every rule that does not hold."""
    with town.house.databases.read() as tx:
        rules = (*invariants.PROOFS, *proofs.PROOFS)
        return [violation for rule in rules for violation in rule(tx)]
