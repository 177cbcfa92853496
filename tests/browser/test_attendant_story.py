"""An attendant's phone: sign in, find a plate by its last digits, let the vehicle out, undo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import City
from tests.browser.test_driver_story import fits, start


@pytest.fixture
def attendant(city: City, phone: Page) -> Page:
    """The phone of the attendant of Hoàn Kiếm, with one vehicle inside."""
    start(city, phone)
    session = phone.url
    (mine,) = (c for c in city.credentials if c.username == "trongxe1")
    phone.goto(f"{city.url}/sign-in")
    phone.fill("#username", mine.username)
    phone.fill("#password", mine.password)
    phone.click("button.main")
    expect(phone.locator(".vehicle")).to_have_count(1)
    phone.goto(session)
    return phone


def test_scanning_the_drivers_code_opens_the_check_screen(attendant: Page) -> None:
    expect(attendant).to_have_url(re.compile("/attendant/sessions/"))
    expect(attendant.locator(".verdict.unpaid")).to_be_visible()
    assert fits(attendant)


def test_an_unpaid_vehicle_is_found_let_out_knowingly_and_brought_back(attendant: Page) -> None:
    attendant.click(".tabs a >> nth=1")
    attendant.fill("#q", "456")
    attendant.keyboard.press("Enter")
    expect(attendant.locator(".vehicle .plate")).to_have_text("29-B1 234.56")
    assert fits(attendant)
    attendant.click(".vehicle a")
    attendant.get_by_role("button", name="Cho xe ra").click()
    expect(attendant.get_by_role("alert")).to_contain_text("Xe còn nợ")
    attendant.get_by_role("button", name="Cho ra dù chưa trả").click()
    expect(attendant.locator(".vehicle.gone")).to_be_visible()
    attendant.get_by_role("button", name="Hoàn tác").click()
    expect(attendant.locator(".timeline")).to_contain_text("Hoàn tác giờ ra")
    assert fits(attendant)
