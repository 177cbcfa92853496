"""Buying a monthly pass on the played day: at the lot, before the first stay on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from parking.journey import Journey
from parking.passes.models import Pass
from parking.passes.paying import pay
from parking.passes.prices import Kind
from parking.passes.sales import Bearer, Sale, sell
from parking.sessions.plates import read_plate
from parking.simulate.diary import SoldPass
from parking.simulate.luck import Luck
from parking.simulate.mix import Visit
from parking.simulate.street import Street
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import Payment
from qr.links import pass_link

#: What everybody may buy: a month by day and night.
HOURS, HOLDER, MONTHS = "full", "regular", 1


def buy_pass(street: Street, visit: Visit, luck: Luck) -> Iterator[datetime]:
    """Buy and pay the pass of this plate, unless it has one, perhaps of a day played before. Where
    the lot sells none, nothing happens: the driver pays for each stay."""
    if visit.plate in street.passes:
        return
    held = _sold(street, visit)
    if held is None:
        return
    payment = _checkout(street, visit, held)
    yield street.now + luck.seconds(15, 75)
    street.hear(payment, street.act(payment, "pay", [payment.amount]))
    row = SoldPass(visit.lot, held.plate or "", held.price)
    street.diary.passes.append(row)
    street.passes[visit.plate] = row


def _sold(street: Street, visit: Visit) -> Pass | None:
    lot, plate = street.lots[visit.lot], read_plate(visit.plate, visit.vehicle)
    sale = Sale(
        lots=[lot],
        bearer=Bearer(plate.key, plate.display),
        kind=Kind(visit.vehicle, HOURS, HOLDER),
        since=business_day(street.now),
        months=MONTHS,
        actor=street.attendant(lot),
    )
    try:
        with street.db.begin() as tx:
            return sell(tx, street.house.tariffs, sale, street.now)
    except (WrongUsage, Conflict):
        return None


def _checkout(street: Street, visit: Visit, held: Pass) -> Payment:
    """The buyer opens the pass's link, presses "pay" and is sent to the provider's page."""
    house = street.house
    public_url = house.config.public_url
    account = street.accounts[street.lots[visit.lot].operator.code]
    journey = Journey(public_url, pass_link(house.keys, public_url, held.token))
    return pay(street.db, house.gateways, held.id, account, journey, street.now)
