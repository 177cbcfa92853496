"""The form that brings a vehicle in: plate and vehicle class, filled in by drivers and attendants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import request

from parking.languages import explain
from parking.lots.models import Lot
from parking.sessions.plates import Reading, read_plate
from parking.sessions.states import VEHICLES
from parking.tariffs import TariffBook, words
from parking.web.language import reader_language, say
from payments.errors import Complaint, NotFound, WrongUsage


@dataclass(frozen=True, slots=True)
class ArrivalForm:
    """What was filled in, and what is to be said about it. `readings` are the two vehicles a plate
    can belong to, when the plate and the chosen class speak for different ones. `card` is what an
    attendant typed or scanned of the card that is handed out."""

    plate: str = ""
    vehicle: str = ""
    card: str = ""
    problem: str = ""
    readings: tuple[Reading, ...] = ()

    def refused(self, error: Complaint) -> ArrivalForm:
        """The form as it was filled in, with the reason why it will not do."""
        return replace(self, problem=explain(error, reader_language()))


@dataclass(frozen=True, slots=True)
class ClassOffer:
    """A vehicle class that a lot takes, with its tariff in words, the prices first."""

    vehicle: str
    name: str
    tariff: tuple[str, ...]


def as_typed() -> ArrivalForm:
    """What stands in the form of this request, to be shown again."""
    asked = request.form
    return ArrivalForm(
        asked.get("plate", ""), asked.get("vehicle", ""), asked.get("card", "").strip()
    )


def filled_in() -> ArrivalForm:
    """The form of this request; with a card the plate may follow later. Raises `InvalidPlate`, and
    `WrongUsage` without a vehicle class."""
    form = as_typed()
    if not form.vehicle:
        raise WrongUsage("Please choose your kind of vehicle.")
    if form.card and not form.plate.strip():
        return form
    plate = read_plate(form.plate, form.vehicle)
    of_chosen_kind = any(reading.vehicle == form.vehicle for reading in plate.readings)
    if plate.ambiguous and of_chosen_kind:
        return replace(form, readings=plate.readings)
    return form


def class_offers(tariffs: TariffBook, lot: Lot, day: date) -> list[ClassOffer]:
    """What `lot` takes on `day` and at what price; a class without a price in force is left out."""
    language, offers = reader_language(), []
    for row in lot.tariffs:
        try:
            version = tariffs.in_force(row.tariff_code, day)
            tariff = tuple(words(version, row.vehicle_class, language))
        except NotFound:
            continue
        offers.append(ClassOffer(row.vehicle_class, vehicle_name(row.vehicle_class), tariff))
    return sorted(offers, key=_usual_order)


def _usual_order(offer: ClassOffer) -> int:
    return [*VEHICLES].index(offer.vehicle) if offer.vehicle in VEHICLES else len(VEHICLES)


def vehicle_name(vehicle_class: str) -> str:
    """What the reader calls this vehicle class."""
    return say(VEHICLES.get(vehicle_class, vehicle_class))
