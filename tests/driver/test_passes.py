"""Buying a pass, paying it through any rail, showing it, renewing it: without anybody's help."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from parking.passes.models import Pass, PassLot
from parking.receipts.models import Receipt
from parking.receipts.service import issue_due
from parking.sessions.models import ParkingSession
from payments.service import record
from qr.links import pass_link
from tests.driver.kit import pay, payments, plain, session_path, state_of, ways_of
from tests.driver.rails import open_rail, phone
from tests.driver.transfers import Vietcombank, arrived
from tests.kit import Town
from tests.passes.kit import MONTH, OTHER, PLATE, another_lot, bought, pay_for, sold
from tests.web.kit import Browser

SHOP = "/lot/HK01/pass"
WISH = {"plate": PLATE, "kind": "motorbike:full:regular", "since": "2026-11-20", "months": "1"}


def path_of(town: Town, held: Pass) -> str:
    return pass_link(town.house.keys, "", held.token)


def buy(driver: Browser, **other: str) -> TestResponse:
    return driver.post(SHOP, page=SHOP, **(WISH | other))


@pytest.fixture
def driver(town: Town) -> Browser:
    """A phone whose owner reads English."""
    browser = Browser(town.house)
    browser.get("/?lang=en")
    return browser


def test_the_lots_page_leads_to_its_passes_at_everybodys_price(driver: Browser) -> None:
    assert f'href="{SHOP}"' in driver.get("/lot/HK01").get_data(as_text=True)
    page = driver.get(f"{SHOP}")
    assert "Motorbike, 24 hours VND 210,000 a month" in plain(page)
    assert ":school" not in page.get_data(as_text=True)


def test_a_driver_buys_pays_and_shows_a_pass(town: Town, driver: Browser) -> None:
    bought_at = buy(driver)
    assert bought_at.status_code == 303
    path = bought_at.location
    page = driver.get(f"{path}")
    assert state_of(page) == "unpaid"
    assert "VND 210,000" in plain(page)
    sent = pay(driver, path)
    assert sent.location.startswith(town.house.config.sandbox_url)
    payment = payments(town)[0]
    assert (payment.product, payment.cost_centre) == ("pass:motorbike:full", "HK01")
    town.act(payment)
    town.learn(payment)
    page = driver.get(path)
    assert state_of(page) == "valid"
    assert "PASS until 19/12/2026" in plain(page)
    assert driver.get(f"{path}/qr.svg").content_type.startswith("image/svg+xml")
    assert town.arrive(PLATE, "motorbike").pass_id is not None


@pytest.mark.parametrize(
    ("since", "said"),
    [("2026-11-20", "in day hours, not at night"), ("2026-11-25", "every stay in day hours")],
)
def test_a_pass_by_day_does_not_promise_the_night(
    town: Town, driver: Browser, since: str, said: str
) -> None:
    path = buy(driver, kind="motorbike:day:regular", since=since).location
    pay(driver, path)
    payment = payments(town)[0]
    town.act(payment)
    town.learn(payment)
    page = plain(driver.get(path))
    assert said in page
    assert "Every stay that begins from now on is paid for." not in page
    assert "covers every stay that begins" not in page


def test_two_clicks_are_one_payment_and_a_late_one_begins_anew(town: Town, driver: Browser) -> None:
    path = buy(driver).location
    assert pay(driver, path).location == pay(driver, path).location
    assert len(payments(town)) == 1
    town.clock.forward(minutes=30)
    pay(driver, path)
    assert len(payments(town)) == 2


def test_a_changed_amount_or_way_is_shown_first(town: Town, driver: Browser) -> None:
    path = buy(driver).location
    way = ways_of(driver.get(path))[0]
    odd = driver.post(f"{path}/pay", page=path, amount="1000", way=way)
    assert odd.location == f"{path}?changed=yes"
    odd = driver.post(f"{path}/pay", page=path, amount=str(MONTH), way="nobody:")
    assert odd.location == f"{path}?gone=yes"
    assert payments(town) == []


def test_a_pass_has_a_receipt_with_its_tax(town: Town, driver: Browser) -> None:
    held = bought(town)
    page = driver.get(f"{path_of(town, held)}")
    assert "HOAN-KIEM-2026-000001" in plain(page)
    assert issue_due(town.house.databases.write, town.now) == 0
    with town.house.databases.read() as tx:
        receipt = tx.scalars(select(Receipt)).one()
    assert (receipt.gross, receipt.net, receipt.vat) == (MONTH, 194_444, 15_556)
    shown = driver.get(f"/r/{receipt.token}")
    assert "20/11/2026" in plain(shown)
    assert "Back to the pass" in plain(shown)


def test_the_job_gives_passes_their_receipts_too(town: Town) -> None:
    bought(town)
    assert issue_due(town.house.databases.write, town.now) == 1


@pytest.mark.parametrize(
    ("wish", "status", "said"),
    [
        ({"kind": "motorbike:day:school"}, 400, "for pupils and staff"),
        ({"kind": "motorbike:week:regular"}, 400, "sells no such pass"),
        ({"kind": ""}, 400, "Please choose a pass"),
        ({"plate": " "}, 400, ""),
        ({"since": "tomorrow"}, 400, "is not a day"),
        ({"since": "2026-11-19"}, 400, "begins today or at most 92 days ahead"),
        ({"months": "-1"}, 400, "for 1 to 12 months, not for -1"),
        ({"months": "99"}, 400, "for 1 to 12 months, not for 99"),
    ],
)
def test_what_cannot_be_sold_is_said_on_the_form(
    town: Town, driver: Browser, wish: dict[str, str], status: int, said: str
) -> None:
    answer = buy(driver, **wish)
    assert (answer.status_code, said in plain(answer)) == (status, True)
    with town.house.databases.read() as tx:
        assert tx.scalars(select(Pass)).all() == []


def test_a_second_pass_for_the_plate_is_refused_by_name(town: Town, driver: Browser) -> None:
    held = bought(town)
    answer = buy(driver)
    assert answer.status_code == 409
    assert f"29-G1 123.45 already has pass {held.number} until 19/12/2026" in plain(answer)
    assert buy(driver, plate=OTHER).status_code == 303


def test_a_changed_link_shows_nothing(town: Town, driver: Browser) -> None:
    path = path_of(town, bought(town))
    assert driver.get(path[:-1] + ("Y" if path.endswith("Z") else "Z")).status_code == 404
    assert driver.get(path.replace("/p/", "/s/")).status_code == 404


def test_who_holds_the_pass_is_reminded_and_renews_it(town: Town, driver: Browser) -> None:
    held = bought(town)
    path = path_of(town, held)
    assert "/renew" not in driver.get(f"{path}").get_data(as_text=True)
    town.clock.forward(days=26)
    assert "This pass ends in 3 days." in plain(driver.get(path))
    renewed = driver.post(f"{path}/renew", page=path)
    assert "20/12/2026" in plain(driver.get(renewed.location))
    assert driver.post(f"{path}/renew", page=renewed.location).location == renewed.location
    assert "To the pass that follows" in plain(driver.get(path))


def test_a_pass_is_not_renewed_too_early(town: Town, driver: Browser) -> None:
    path = path_of(town, bought(town))
    answer = driver.post(f"{path}/renew", page=SHOP)
    assert (answer.status_code, "can be renewed once it is paid" in plain(answer)) == (409, True)


def test_an_attendant_of_the_lot_who_opens_the_link_sees_the_counters_page(
    town: Town, driver: Browser
) -> None:
    held = bought(town)
    driver.become("attendant", "HK01")
    assert driver.get(path_of(town, held)).location == f"/attendant/passes/{held.id}"


def test_a_pass_is_paid_by_bank_transfer(town: Town) -> None:
    open_rail(town, Vietcombank)
    driver = phone(town)
    driver.get("/?lang=en")
    path = path_of(town, sold(town))
    transfer = pay(driver, path, "hk-bank:").location
    assert re.fullmatch(re.escape(path) + r"/transfer/\w+", transfer)
    page = plain(driver.get(transfer))
    assert "VND 210,000" in page
    assert "Back to the pass" in page
    assert driver.get(f"{transfer}/picture.png").content_type == "image/png"
    asked = driver.get(path)
    assert "Go on with the bank transfer" in plain(asked)
    assert "/transferred" not in asked.get_data(as_text=True)  # nobody is let out on a pass
    seen = driver.get(f"{path}/state").get_json()["state"]
    assert driver.get(f"{path}/state?seen={seen}").status_code == 204
    payment = payments(town)[0]
    told = arrived(payment, MONTH, town.now)
    with town.house.databases.write.begin() as tx:
        record(tx, payment.account, told, town.now, source="webhook")
    assert driver.get(f"{path}/state?seen={seen}").status_code == 200
    assert driver.get(transfer).location == path
    assert state_of(driver.get(path)) == "valid"


def test_a_driver_reads_why_the_pass_does_not_pay_for_the_stay(town: Town, driver: Browser) -> None:
    stay = town.arrive(PLATE, "motorbike")
    held = sold(town)
    page = session_path(town, stay)
    assert "The monthly pass is not paid yet" in plain(driver.get(page))
    pay_for(town, held)
    assert "was paid after this vehicle came in" in plain(driver.get(page))
    on_it = session_path(town, arrive_elsewhere(town, held))
    assert "PASS until 19/12/2026" in plain(driver.get(on_it))
    assert "Another vehicle is inside on the monthly pass" in plain(driver.get(page))


def arrive_elsewhere(town: Town, held: Pass) -> ParkingSession:
    """The same plate comes in at another lot, where its pass holds too."""
    another_lot(town, "HK02", "hn-inner-two-wheel")
    with town.house.databases.write.begin() as tx:
        tx.add(PassLot(pass_id=held.id, lot_id=town.lots["HK02"].id))
    return town.arrive(PLATE, "motorbike", lot="HK02", declared=False)
