"""Pay by bank transfer on the phone that shows the page, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from parking.app import build, create_app, system_clock
from parking.house import House
from parking.lots.seed import seed
from parking.lots.service import current_sign, link_of, lot_by_number
from payments.accounts import open_account
from payments.models import Movement, Payment
from qr.reading import read_code
from tests.browser.conftest import configure, served
from tests.browser.test_driver_story import SOON, fits
from tests.driver.transfers import ACCOUNT, Vietcombank, arrived
from tests.payments.word_of_mouth import Memory, notice_json, sign

SLUG, SECRET = "the-bank", "s"

#: Texts whose contrast with what lies behind them is below WCAG 2.2's 4.5 : 1, and how low it is.
PALE = """() => {
  const light = (rgb) => rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const read = (css) => css.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = read(getComputedStyle(e).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("main *")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(read(getComputedStyle(e).color).slice(0, 3)), light(behind(e))];
      return [e.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> Iterator[House]:
    """A seeded city, served, whose HK01 takes bank transfers and nothing else."""
    built = build(configure(tmp_path, sqlite_url))
    rail = type("Rail", (Vietcombank,), {"memory": Memory()})
    made = replace(built, gateways=replace(built.gateways, registry={Vietcombank.name: rail}))
    now = system_clock()
    seed(made, now)
    with made.databases.write.begin() as tx:
        open_account(
            tx,
            made.gateways.vault,
            slug=SLUG,
            operator=lot_by_number(tx, "HK01").operator.code,
            provider=Vietcombank.name,
            mode="test",
            settings={},
            secret={"secret": SECRET},
            now=now,
        )
    with served(made.config.port, create_app(made)):
        yield made
    made.databases.dispose()


def begin(house: House, page: Page) -> str:
    """Scan the sign, start, press "pay": the page of the transfer; the session's address."""
    with house.databases.read() as tx:
        lot = lot_by_number(tx, "HK01")
        sign_link = link_of(house.keys, house.config.public_url, lot, current_sign(tx, lot))
    page.goto(sign_link)
    page.fill("#plate", "29-B1 234.56")
    page.check("input[value=motorbike]")
    page.click("text=Bắt đầu gửi xe")
    expect(page.locator("[data-state=unpaid]")).to_be_visible()
    session = page.url
    page.click("button.main")
    expect(page).to_have_url(re.compile("/transfer/"))
    return session


def the_payment(house: House) -> Payment:
    with house.databases.read() as tx:
        return tx.scalars(select(Payment)).one()


def payload(house: House) -> str:
    transfer = the_payment(house).transfer
    assert transfer is not None
    return str(transfer["payload"])


def notify(house: House) -> None:
    """The bank tells us that the whole amount came."""
    payment = the_payment(house)
    body = notice_json(arrived(payment, payment.amount, system_clock()))
    signed = {"Word-Signature": sign(body, SECRET)}
    door = f"{house.config.public_url}/payments/{SLUG}/notify"
    with urlopen(Request(door, body, signed)) as answer:
        assert answer.status == 200


def saved(page: Page) -> bytes:
    with page.expect_download() as download:
        page.click("a[download]")
    return Path(download.value.path()).read_bytes()


def test_a_driver_transfers_and_the_page_turns_by_itself(house: House, phone: Page) -> None:
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    session = begin(house, phone)
    assert fits(phone)
    for label, text in (
        ("Số tài khoản", ACCOUNT),
        ("Số tiền", str(the_payment(house).amount)),
        ("Nội dung", the_payment(house).code),
    ):
        button = phone.get_by_role("button", name=f"Chép: {label}", exact=True)
        button.focus()
        phone.keyboard.press("Enter")
        expect(phone.locator("[data-told]")).to_contain_text(re.compile("Đã chép", re.I))
        assert phone.evaluate("navigator.clipboard.readText()") == text
        expect(button).to_have_text("Đã chép")
    assert read_code(saved(phone)) == payload(house)
    notify(house)
    expect(phone).to_have_url(session, timeout=10_000)
    expect(phone.locator("[data-state=paid]")).to_be_visible()
    with house.databases.read() as tx:
        assert system_clock() - tx.scalars(select(Movement)).one().recorded_at < SOON


def test_without_javascript_it_is_text_to_select_a_picture_and_a_reload(
    house: House, plain_phone: Page
) -> None:
    session = begin(house, plain_phone)
    expect(plain_phone.locator(".details")).to_contain_text(ACCOUNT)
    expect(plain_phone.get_by_role("button", name="Chép")).to_have_count(0)
    style = "getComputedStyle(document.querySelector('.value')).userSelect"
    assert plain_phone.evaluate(style) == "all"
    assert read_code(saved(plain_phone)) == payload(house)
    notify(house)
    plain_phone.reload()
    expect(plain_phone).to_have_url(session)
    expect(plain_phone.locator("[data-state=paid]")).to_be_visible()


@pytest.mark.parametrize("width", [320, 360])
def test_another_phone_scans_the_code_from_this_screen(
    house: House, phone: Page, width: int
) -> None:
    phone.set_viewport_size({"width": width, "height": 640})
    begin(house, phone)
    assert fits(phone)
    card = phone.locator(".code-card")
    assert read_code(card.screenshot()) == payload(house)
    box = card.bounding_box()
    assert box
    assert box["width"] >= 0.75 * width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out(house: House, phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    begin(house, phone)
    for summary in phone.locator("summary").all():
        summary.click()
    assert phone.evaluate(PALE) == []
    assert fits(phone)


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(house: House, phone: Page) -> None:
    begin(house, phone)
    reached = set()
    for _ in range(25):
        phone.keyboard.press("Tab")
        here = phone.locator(":focus")
        if here.count() == 0:  # past the last one
            break
        text = here.text_content() or ""
        assert here.evaluate("e => getComputedStyle(e).outlineStyle") != "none", text
        reached.add(text.strip())
    assert {"Lưu ảnh mã QR", "MB Bank", "Về lượt gửi xe"} <= reached


def test_who_waits_long_is_told_what_to_do(house: House, phone: Page) -> None:
    phone.clock.install()
    begin(house, phone)
    expect(phone.locator(".secret")).to_be_hidden()
    phone.clock.fast_forward("02:01")
    expect(phone.locator(".secret")).to_have_text(the_payment(house).code)


def test_who_comes_back_from_the_bank_is_told_at_once(house: House, phone: Page) -> None:
    """The page asked nothing while it was out of sight."""
    session = begin(house, phone)
    phone.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    phone.wait_for_timeout(1500)
    notify(house)
    phone.wait_for_timeout(1500)
    expect(phone).to_have_url(re.compile("/transfer/"))
    phone.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone).to_have_url(session, timeout=2_000)
