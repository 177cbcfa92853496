"""An attendant's phone at the kerb: enrolled by its link, a PIN chosen, then typed with the thumb."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from parking.people import phones
from parking.people.phones import Enrolment
from tests.browser.conftest import City
from tests.browser.test_driver_story import fits

PIN = "407193"


def enrol(city: City, page: Page) -> None:
    """Open the link on this phone and press the button; sign in with the password, choose a PIN."""
    house = city.house
    with house.databases.write.begin() as tx:
        wish = Enrolment("hoan-kiem", "Cổng 1", timedelta(hours=1))
        _, token = phones.enrol(tx, wish, "command", house.clock())
    page.goto(phones.link_of(city.url, token))
    page.click("button.main")
    page.click("a.button.main")
    page.get_by_role("link", name="Đăng nhập bằng mật khẩu").click()
    (mine,) = (c for c in city.credentials if c.username == "trongxe1")
    page.fill("#username", mine.username)
    page.fill("#password", mine.password)
    page.click("button.main")
    expect(page).to_have_url(f"{city.url}/pin")
    assert fits(page)
    page.fill("#password", mine.password)
    page.fill("#pin", PIN)
    page.fill("#again", PIN)
    page.click("button.main")
    expect(page).to_have_url(f"{city.url}/attendant/")
    page.click(".menu summary")
    page.get_by_role("button", name="Đăng xuất").click()


def test_six_taps_sign_in(city: City, phone: Page) -> None:
    enrol(city, phone)
    phone.get_by_role("link", name="Nhân viên Hoàn Kiếm").click()
    assert fits(phone)
    for digit in "40719":
        phone.get_by_role("button", name=digit, exact=True).click()
    phone.get_by_role("button", name="Xóa chữ số cuối").click()
    for digit in "93":
        phone.get_by_role("button", name=digit, exact=True).click()
    expect(phone).to_have_url(f"{city.url}/attendant/")


@pytest.mark.parametrize("pin", [PIN, "180264"])
def test_a_phone_without_scripts_types_the_pin(city: City, plain_phone: Page, pin: str) -> None:
    enrol(city, plain_phone)
    plain_phone.get_by_role("link", name="Nhân viên Hoàn Kiếm").click()
    expect(plain_phone.locator(".pad")).to_be_hidden()
    plain_phone.fill("#pin", pin)
    plain_phone.click("button.main")
    inside = re.compile("/attendant/$" if pin == PIN else "/sign-in/pin$")
    expect(plain_phone).to_have_url(inside)
