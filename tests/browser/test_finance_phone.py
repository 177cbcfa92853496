"""Finance reads a day on a small phone."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from parking.app import system_clock
from parking.simulate.day import Order, play
from payments.accounts import open_account
from payments.models import MerchantAccount
from reconciliation.models import Break
from reconciliation.running import keep_current
from reconciliation.service import reconcile
from tests.browser.conftest import City
from tests.browser.test_driver_story import fits, start
from tests.statements.kit import ACCOUNT

#: A row whose figures stand beyond its own right edge.
STICKING_OUT = """
  [...document.querySelectorAll(".money tbody tr")]
    .filter(row => row.scrollWidth > row.clientWidth).length
"""


def sign_in(city: City, page: Page) -> None:
    who = next(known for known in city.credentials if known.role == "finance")
    page.goto(f"{city.url}/sign-in")
    page.fill("input[name=username]", who.username)
    page.fill("input[name=password]", who.password)
    page.click("main button")


def test_the_figures_of_a_day_stay_inside_a_small_screen(city: City, phone: Page) -> None:
    city.worker.start()
    start(city, phone)
    phone.click("button.main")
    phone.click("button[value=pay]")
    expect(phone.locator("[data-state=paid]")).to_be_visible(timeout=10_000)
    keep_current(city.house.databases.write, system_clock())
    sign_in(city, phone)
    day = phone.locator(".money .lead a").first
    expect(day).to_be_visible()
    assert fits(phone)
    assert phone.evaluate(STICKING_OUT) == 0
    day.click()
    expect(phone.locator(".announced")).to_be_visible()
    assert fits(phone)
    assert phone.evaluate(STICKING_OUT) == 0


#: Moments that run into the column beside them.
OVERLAPPING = """
  [...document.querySelectorAll(".money td > time")]
    .filter(time => time.getBoundingClientRect().right >
      time.parentElement.getBoundingClientRect().right)
    .map(time => time.textContent)
"""

#: What stands beyond the right edge of the card around it.
BEYOND_ITS_CARD = """
  [...document.querySelectorAll(".card *")]
    .filter(each => each.offsetWidth && getComputedStyle(each).position !== "absolute")
    .filter(each => each.getBoundingClientRect().right >
      each.closest(".card").getBoundingClientRect().right + 1)
    .map(each => each.textContent.trim())
"""


def difference(city: City) -> Break:
    """In a day of last week some files of the provider tell of another amount than we do."""
    house, now = city.house, system_clock()
    day = now.date() - timedelta(days=7)
    play(house, Order(day, sessions=40, seed=1, faults=0.3), lambda _: None)
    with house.databases.read() as tx:
        accounts = tx.scalars(select(MerchantAccount)).all()
    for account in accounts:
        reconcile(house.databases.write, house.gateways, account, day, now)
    with house.databases.read() as tx:
        found = select(Break).where(Break.kind == "amount_mismatch").limit(1)
        return tx.scalars(found).one()


def test_both_sides_of_a_difference_stay_inside_their_card(city: City, phone: Page) -> None:
    found = difference(city)
    sign_in(city, phone)
    phone.goto(f"{city.url}/finance/break/{found.id}")
    expect(phone.locator(".compare")).to_be_visible()
    assert phone.evaluate(BEYOND_ITS_CARD) == []


def test_the_moments_of_a_list_of_files_stand_beside_their_figures(city: City, phone: Page) -> None:
    folder = Path(__file__).parent.parent / "statements"
    lines = json.loads((folder / "nine_lines.json").read_text())["csv_vn"]["text"]
    settings = {"bank": "970436", "account": ACCOUNT, "holder": "HOAN KIEM", "feeds": ["sepay"]}
    with city.house.databases.write.begin() as tx:
        open_account(
            tx, city.house.gateways.vault, slug="hk-vietqr", operator="hoan-kiem",
            provider="vietqr", mode="test", settings=settings,
            secret={"sepay_secret": "s" * 20, "sepay_token": "t" * 20}, now=system_clock(),
        )  # fmt: skip
    sign_in(city, phone)
    phone.goto(f"{city.url}/finance/statements")
    phone.select_option("#account", value="hk-vietqr")
    file = FilePayload(name="sao-ke.csv", mimeType="text/csv", buffer=lines.encode())
    phone.set_input_files("input[type=file]", files=[file])
    phone.click("text=Xem trước")
    expect(phone.locator("h1")).to_have_text("sao-ke.csv")
    phone.goto(f"{city.url}/finance/statements")
    expect(phone.locator(".money time").first).to_be_visible()
    assert phone.evaluate(OVERLAPPING) == []
