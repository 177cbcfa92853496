"""Finance reads a day on a small phone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from parking.app import system_clock
from reconciliation.running import keep_current
from tests.browser.conftest import City
from tests.browser.test_driver_story import fits, start

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
