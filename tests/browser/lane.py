"""A lot full of vehicles, and attendants who let them out, for the stories of the exit lane."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from parking.app import system_clock
from parking.journey import Journey
from parking.lots.models import Lot
from parking.lots.service import with_tariffs
from parking.sandbox import account_slug
from parking.sessions import quotes
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.service import Arrival, enter
from payments.models import MerchantAccount, Payment
from payments.polling import poll_payment
from payments.sandbox.client import SandboxTest
from tests.browser.conftest import City

LOT, BY = "HK01", "person:trongxe1"


def arrive(city: City, *plates: str, minutes: int = 30) -> list[ParkingSession]:
    """Motorbikes that came in `minutes` ago."""
    now = system_clock()
    with city.house.databases.write.begin() as tx:
        lot = tx.scalars(with_tariffs().where(Lot.number == LOT)).one()
        came = [
            Arrival(lot, plate, "motorbike", now - timedelta(minutes=minutes), BY, declared=False)
            for plate in plates
        ]
        return [enter(tx, city.house.tariffs, arrival, now).session for arrival in came]


def exempt(city: City, sessions: Sequence[ParkingSession]) -> None:
    """Nothing is due for them."""
    with city.house.databases.write.begin() as tx:
        tx.add_all(
            Exemption(session_id=session.id, reason="staff", by=BY, at=system_clock())
            for session in sessions
        )


def pay(city: City, session: ParkingSession) -> None:
    """The driver pays at the sandbox, and we learn of it."""
    house, now = city.house, system_clock()
    slug = account_slug(session.lot.operator.code)
    with house.databases.read() as tx:
        account = tx.scalars(select(MerchantAccount).where(MerchantAccount.slug == slug)).one()
    journey = Journey(city.url, f"{city.url}/s/{session.token}")
    payment = quotes.pay(
        house.databases.write, house.gateways, house.tariffs, session.id, account, journey, now
    )
    driver = SandboxTest(house.gateways.settings(account), house.gateways.http, system_clock)
    driver.act(payment.code, "pay", at=system_clock())
    poll_payment(house.databases.write, house.gateways, payment.id, system_clock())
    with house.databases.read() as tx:
        assert tx.get_one(Payment, payment.id).state == "paid"


def sign_in(city: City, page: Page, username: str) -> None:
    (mine,) = (c for c in city.credentials if c.username == username)
    page.goto(f"{city.url}/sign-in")
    page.fill("#username", mine.username)
    page.fill("#password", mine.password)
    page.click("button.main")
    page.wait_for_url(re.compile("/attendant/"))


def open_lane(city: City, page: Page) -> None:
    page.goto(f"{city.url}/attendant/lane/{LOT}")
    expect(page.locator("[data-part=fresh]")).to_contain_text("xe")


def find(page: Page, digits: str) -> Locator:
    """What the lane answers to these digits."""
    page.keyboard.press("Escape")
    page.keyboard.type(digits)
    return page.locator(".found .hit")
