"""Three bikes at Hoàn Kiếm that one person pays for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from parking.journey import Journey
from parking.sessions import groups
from parking.sessions.due import Standing, standings
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import Choice
from payments.models import Payment
from tests.kit import Town

PLATES = ("29-B1 111.11", "29-B1 222.22", "29-B1 333.33")


def bikes(town: Town, plates: Sequence[str] = PLATES) -> list[ParkingSession]:
    """They come in a minute apart and stand for half an hour."""
    stays = []
    for plate in plates:
        stays.append(town.arrive(plate, "motorbike"))
        town.clock.forward(minutes=1)
    town.clock.forward(minutes=30)
    return stays


def choice(town: Town, payer: str = "") -> Choice:
    """The operator's sandbox account."""
    url = town.house.config.public_url
    return Choice(town.account(), Journey(url, f"{url}/"), payer=payer)


def checkout(town: Town, stays: Sequence[ParkingSession]) -> Payment:
    """Somebody presses "pay" for all of them."""
    house = town.house
    ids: list[uuid.UUID] = [stay.id for stay in stays]
    return groups.pay(
        house.databases.write, house.gateways, house.tariffs, ids, choice(town), town.now
    )


def pay(town: Town, stays: Sequence[ParkingSession]) -> Payment:
    """… and pays."""
    payment = checkout(town, stays)
    town.act(payment)
    return town.learn(payment)


def look(town: Town, stays: Sequence[ParkingSession]) -> list[Standing]:
    """Where they stand now."""
    with town.house.databases.read() as tx:
        rows = [tx.get_one(ParkingSession, stay.id) for stay in stays]
        return standings(tx, town.house.tariffs, rows, town.now)


def dues(town: Town, stays: Sequence[ParkingSession]) -> list[int]:
    """What is due for each, in dong."""
    return [found.due for found in look(town, stays)]
