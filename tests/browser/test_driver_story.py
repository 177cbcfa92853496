"""The whole story on a small phone: scan, start, pay, and the page that turns to paid by itself."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from parking.app import system_clock
from parking.lots.service import current_sign, link_of, lot_by_number
from payments.models import Movement
from tests.browser.conftest import City

#: What the issue allows between the provider's notice and the page that says so.
SOON = timedelta(seconds=2)


def sign(city: City) -> str:
    """The link on the sign of HK01."""
    with city.house.databases.read() as tx:
        lot = lot_by_number(tx, "HK01")
        return link_of(city.house.keys, city.url, lot, current_sign(tx, lot))


def start(city: City, page: Page) -> None:
    page.goto(sign(city))
    page.fill("#plate", "29-B1 234.56")
    page.check("input[value=motorbike]")
    page.click("text=Bắt đầu gửi xe")
    expect(page.locator("[data-state=unpaid]")).to_be_visible()


def fits(page: Page) -> bool:
    """Nothing sticks out of the screen."""
    # a click may have left a page behind that the next one has only begun to replace
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def recorded(city: City) -> Movement:
    with city.house.databases.read() as tx:
        return tx.scalars(select(Movement)).one()


def test_a_driver_scans_pays_and_holds_a_receipt(city: City, phone: Page) -> None:
    city.worker.start()
    start(city, phone)
    assert fits(phone)
    session = phone.url
    phone.click("button.main")
    expect(phone.locator("h1")).to_contain_text("Hoàn Kiếm")
    phone.click("button[value=pay]")
    phone.wait_for_url(f"{session}?from=pay")
    expect(phone.locator("[data-state=paid]")).to_be_visible(timeout=10_000)
    assert fits(phone)
    phone.click("a[href^='/r/']")
    expect(phone.locator("h1")).to_have_text("Biên nhận gửi xe")
    expect(phone.locator(".prices tfoot")).to_contain_text("₫")
    assert fits(phone)


def test_a_waiting_page_turns_to_paid_within_two_seconds_of_the_notice(
    city: City, phone: Page
) -> None:
    start(city, phone)
    session = phone.url
    phone.click("button.main")
    waiting = phone.context.new_page()
    waiting.goto(session)
    phone.click("button[value=pay]")
    expect(waiting.locator("[data-state=unpaid]")).to_be_visible()
    city.worker.start()
    expect(waiting.locator("[data-state=paid]")).to_be_visible(timeout=10_000)
    assert system_clock() - recorded(city).recorded_at < SOON


def test_a_driver_back_before_the_notice_is_told_by_the_provider(city: City, phone: Page) -> None:
    """Notices are held back: the page makes us ask, and still turns by itself."""
    start(city, phone)
    phone.click("button.main")
    phone.click("button[value=pay]")
    expect(phone.locator("[data-state=paid]")).to_be_visible(timeout=10_000)


def test_without_javascript_the_page_loads_itself_again(city: City, plain_phone: Page) -> None:
    start(city, plain_phone)
    plain_phone.click("button.main")
    plain_phone.click("button[value=pay]")
    expect(plain_phone.locator("main")).to_contain_text("Đang chờ xác nhận thanh toán")
    city.worker.start()
    expect(plain_phone.locator("[data-state=paid]")).to_be_visible(timeout=15_000)


def test_declining_leads_back_with_words_and_another_try(city: City, phone: Page) -> None:
    city.worker.start()
    start(city, phone)
    phone.click("button.main")
    phone.click("button[value=decline]")
    expect(phone.locator("main")).to_contain_text("đã hủy", timeout=10_000)
    phone.click("button.main")
    expect(phone.locator("button[value=pay]")).to_be_visible()
