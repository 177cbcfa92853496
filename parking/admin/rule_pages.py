"""When a lot collects from each vehicle class, and when it closes: a part of the lot's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.rules import COLLECT_WORDS, Collect, set_closing, set_collection
from parking.lots.service import lot_by_number
from parking.people.guard import the_badge
from parking.tariffs import TariffBook
from parking.web.arrival_form import vehicle_name
from payments.errors import NotFound, WrongUsage

#: Before the name of a vehicle class in the form.
FIELD = "collect-"


@dataclass(frozen=True, slots=True)
class CollectionRule:
    """How one vehicle class pays, and what may be chosen for it: key and words."""

    field: str
    vehicle: str
    chosen: str
    choices: tuple[tuple[str, str], ...]


def add(pages: Blueprint, house: House) -> None:
    """Put the form's address into `pages`."""

    @pages.post("/lots/<number>/rules")
    def set_rules(number: str) -> ResponseReturnValue:
        now, actor = house.clock(), the_badge().actor
        with house.databases.write.begin() as tx:
            lot = lot_by_number(tx, number)
            set_closing(tx, lot, request.form.get("closes", ""), actor, now)
            for row in lot.tariffs:
                wish = request.form.get(FIELD + row.vehicle_class)
                if wish is not None:
                    when = _collect(wish)
                    set_collection(tx, house.tariffs, lot, row.vehicle_class, when, actor, now)
        return redirect(url_for("admin.lot", number=number), 303)


def _collect(wish: str) -> Collect:
    try:
        return Collect(wish)
    except ValueError as error:
        raise WrongUsage(
            mark("“%(text)s” is no time to collect: choose entry, exit or either."), text=wish[:20]
        ) from error


def collection_rules(tariffs: TariffBook, lot: Lot, day: date) -> list[CollectionRule]:
    """One rule for each vehicle class of `lot`; a price by the hour is not offered on entry."""
    return [
        CollectionRule(
            FIELD + row.vehicle_class,
            vehicle_name(row.vehicle_class),
            row.collect,
            tuple(
                (when.value, words)
                for when, words in COLLECT_WORDS.items()
                if when is not Collect.ENTRY
                or row.collect == when
                or _flat(tariffs, row.tariff_code, row.vehicle_class, day)
            ),
        )
        for row in lot.tariffs
    ]


def _flat(tariffs: TariffBook, code: str, vehicle_class: str, day: date) -> bool:
    """Whether a price per turn is in force; none at all is not one."""
    try:
        return tariffs.in_force(code, day).vehicle(vehicle_class).flat
    except NotFound:
        return False
