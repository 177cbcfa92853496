"""No signal at the lot: the lane goes on, and what was done is sent once when the signal is back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from parking.app import system_clock
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import FieldAct, ParkingSession
from tests.browser.conftest import City
from tests.browser.lane import arrive, exempt, find, open_lane, pay, sign_in
from tests.browser.test_driver_story import fits

FREE, OWING, GONE = "29-B1 111.11", "29-B1 222.22", "29-B1 333.33"

#: The phone holds both pages and their files, and its worker answers for them.
KEPT = """navigator.serviceWorker.controller
    && (await caches.match("/attendant/lane/HK01"))
    && (await caches.match("/attendant/"))
    && (await caches.match(document.querySelector("script[src*=screen]").src))"""
FORGOTTEN = """!(await Store.list("HK01"))
    && !(await (await caches.open("attendant-pages")).keys()).length"""


def wait_until(page: Page, condition: str) -> None:
    """Wait for an expression that awaits; a predicate's promise would count as true."""
    pause = "await new Promise((resolve) => setTimeout(resolve, 20))"
    page.evaluate(f"async () => {{ while (!({condition})) {pause}; }}")


@pytest.fixture
def lane(city: City, phone: Page) -> Page:
    """A lane with three vehicles inside, kept on the phone."""
    free, _, gone = arrive(city, FREE, OWING, GONE)
    exempt(city, [free, gone])
    sign_in(city, phone, "trongxe1")
    open_lane(city, phone)
    wait_until(phone, KEPT)
    return phone


def let_out(page: Page, plate: str, act: str = "out") -> None:
    find(page, plate[-6:].replace(".", "")).locator(f"[data-act={act}]").click()


def session_of(city: City, plate: str) -> ParkingSession:
    with city.house.databases.read() as tx:
        return tx.scalars(select(ParkingSession).where(ParkingSession.plate == plate)).one()


def take_in(page: Page, plate: str) -> None:
    page.click("[data-mode=in]")
    page.fill("#plate", plate)
    page.click(".lane-in button.main")
    page.click("[data-mode=out]")


def test_what_is_done_without_signal_is_sent_once_and_conflicts_are_shown(
    city: City, lane: Page
) -> None:
    lane.context.set_offline(True)
    banner = lane.locator("[data-part=offline]")
    expect(banner).to_contain_text("Mất sóng")
    let_out(lane, FREE)
    take_in(lane, "29-C2 444.44")
    let_out(lane, GONE)
    expect(banner).to_contain_text("3 việc đang chờ gửi")
    lane.reload()
    expect(banner).to_contain_text("3 việc đang chờ gửi")
    expect(find(lane, "11111")).to_have_attribute("data-state", "leaving")
    expect(find(lane, "44444")).to_have_attribute("data-state", "unsent")
    assert fits(lane)
    assert session_of(city, FREE).exit_at is None
    elsewhere = Leaving("person:trongxe2", system_clock())
    with city.house.databases.write.begin() as tx:
        record_exit(tx, session_of(city, GONE).id, elsewhere, system_clock())
    lane.context.set_offline(False)
    expect(banner).to_be_hidden(timeout=10_000)
    expect(find(lane, "11111")).to_have_attribute("data-state", "left")
    expect(find(lane, "44444")).to_have_attribute("data-state", "unpaid")
    trouble = lane.locator(".troubles li")
    expect(trouble).to_contain_text("Xe 29-B1 333.33 đã ra rồi")
    expect(trouble).to_contain_text("Nhân viên Thăng Long")
    lane.reload()  # it stays until somebody has seen it
    expect(trouble).to_have_count(1)
    trouble.locator("button").click()
    expect(trouble).to_have_count(0)
    with city.house.databases.read() as tx:
        assert tx.scalar(select(func.count(FieldAct.id))) == 3
    assert session_of(city, FREE).exit_by == "person:trongxe1"


def test_other_pages_are_readable_or_say_that_they_are_not(city: City, lane: Page) -> None:
    lane.context.set_offline(True)
    lane.goto(f"{city.url}/attendant/")
    expect(lane.locator(".vehicle")).to_have_count(3)
    lane.goto(f"{city.url}/attendant/new")
    expect(lane.locator("h1")).to_have_text("Mất sóng")
    lane.click(".problem .button")
    expect(lane.locator("#lane")).to_be_visible()
    let_out(lane, OWING, "code")
    expect(lane.locator(".sheet-words")).to_contain_text("quét mã của bãi")
    expect(lane.locator(".sheet-code svg")).to_be_visible()


def test_signing_out_clears_the_vehicles_from_the_phone(city: City, lane: Page) -> None:
    assert lane.evaluate("async () => (await Store.list('HK01')).vehicles.length") == 3
    lane.click(".menu summary")
    lane.click("text=Đăng xuất")
    expect(lane.locator("#username")).to_be_visible()
    wait_until(lane, FORGOTTEN)


def test_nobodys_code_is_shown_to_the_next_driver(city: City, lane: Page) -> None:
    sheet = lane.locator(".sheet")
    let_out(lane, OWING, "code")
    expect(lane.locator(".sheet-plate")).to_have_text(OWING)
    assert fits(lane)
    lane.click("[data-act=next]")
    expect(sheet).to_be_hidden()
    expect(lane.locator(".chip")).to_have_count(1)
    longest = "each => each.textContent = 'Khách báo đã chuyển, chờ ngân hàng'"
    lane.locator(".chip .badge").evaluate(longest)
    cross = lane.locator(".chip [data-act=forget]").bounding_box()
    assert cross is not None
    assert cross["x"] + cross["width"] <= 360
    find(lane, "11111")
    expect(sheet).to_be_hidden()
    lane.locator(".chip [data-act=choose]").click()
    expect(lane.locator(".sheet-plate")).to_have_text(OWING)
    pay(city, session_of(city, OWING))
    expect(sheet).to_be_hidden()
    expect(lane.locator(".sheet-code svg")).to_have_count(0)
    expect(lane.locator(".hit")).to_have_attribute("data-state", "paid")


def test_digits_that_fit_forty_vehicles_ask_for_more(city: City, lane: Page) -> None:
    arrive(city, *[f"29-{c}{n} 777.45" for c in "BCDEFGHK" for n in range(1, 6)], minutes=5)
    lane.reload()
    expect(lane.locator("[data-part=fresh]")).to_contain_text("43 xe")
    hits = find(lane, "7745")
    expect(lane.locator("[data-part=told]")).to_have_text("40 xe có đuôi 7745: bấm thêm số")
    expect(hits).to_have_count(40)
    expect(hits.first.locator(".alike")).to_have_text("77.45")
    assert fits(lane)
