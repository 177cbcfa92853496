"""What tests of cards share: a lot's cards, arrivals with one, and a city that charges for lost ones."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from parking.cards.models import Card
from parking.cards.service import CardAct, change_card, make_cards
from parking.sessions import lost_cards
from parking.sessions.models import ParkingSession
from parking.sessions.service import Arrival, enter
from parking.tariffs import load_book
from payments.models import Audit
from qr.links import card_link
from tests.kit import Town

FEE = 50_000
_HANOI = Path("parking/tariffs/hanoi.toml")


def make(town: Town, count: int = 3, lot: str = "HK01") -> Sequence[Card]:
    with town.house.databases.write.begin() as tx:
        return make_cards(tx, town.lots[lot], count, "person:an", town.now)


def charge_for_lost_cards(town: Town, folder: Path) -> None:
    """From now on the town lives by Hanoi's tariffs with a fee for lost cards."""
    path = folder / "with_fee.toml"
    shutil.copy(_HANOI.with_name("holidays.toml"), folder)
    path.write_text(_HANOI.read_text().replace("lost_card_fee = 0", f"lost_card_fee = {FEE}"))
    town.house = replace(town.house, tariffs=load_book(str(path)))


def arrive(
    town: Town, card: Card | None, plate: str = "", vehicle: str = "bicycle", lot: str = "HK01"
) -> ParkingSession:
    arrival = Arrival(
        town.lots[lot], plate, vehicle, town.now, "person:hoa", declared=False, card=card
    )
    with town.house.databases.write.begin() as tx:
        return enter(tx, town.house.tariffs, arrival, town.now).session


def change(town: Town, card: Card, act: CardAct) -> Card:
    with town.house.databases.write.begin() as tx:
        return change_card(tx, card.id, act, "person:hoa", town.now)


def lose(town: Town, card: Card) -> Card:
    with town.house.databases.write.begin() as tx:
        return lost_cards.report_lost(tx, town.house.tariffs, card.id, "person:hoa", town.now)


def card_now(town: Town, card: Card) -> Card:
    with town.house.databases.read() as tx:
        return tx.get_one(Card, card.id)


def stay_now(town: Town, session_id: uuid.UUID) -> ParkingSession:
    with town.house.databases.read() as tx:
        return tx.get_one(ParkingSession, session_id)


def acts_on(town: Town, subject: str) -> list[str]:
    with town.house.databases.read() as tx:
        return list(
            tx.scalars(select(Audit.act).where(Audit.subject == subject).order_by(Audit.id))
        )


def card_path(town: Town, card: Card) -> str:
    """Where the card's code leads."""
    return card_link(town.house.keys, "", card.lot.number, card.number)
