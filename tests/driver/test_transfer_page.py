"""Pay by a transfer from one's own bank: what the page shows, and what it says when all goes otherwise."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pytest
from PIL import Image

from parking.sessions.models import Adjustment, ParkingSession
from payments.models import Payment
from payments.service import record
from qr.reading import read_code
from tests.driver.kit import amount_of, pay, payments, plain, session_path, state_of, ways_of
from tests.driver.rails import open_rail, phone
from tests.driver.transfers import ACCOUNT, HOLDER, Nowhere, Vietcombank, arrived
from tests.kit import Town
from tests.web.kit import Browser

WAY = "hk-bank:"


@pytest.fixture
def driver(town: Town) -> Browser:
    """A driver's phone at a lot that also takes bank transfers."""
    open_rail(town, Vietcombank)
    return phone(town)


@pytest.fixture
def page(driver: Browser, path: str) -> str:
    """The page of a transfer that was begun."""
    return pay(driver, path, WAY).headers["Location"]


def newest(town: Town) -> Payment:
    return payments(town)[-1]


def come(town: Town, amount: int, ref: str = "FT1") -> None:
    """Money with the newest code arrives now."""
    payment = newest(town)
    with town.house.databases.write.begin() as tx:
        record(
            tx, payment.account, arrived(payment, amount, town.now, ref), town.now, source="webhook"
        )


def scanned(driver: Browser, page: str) -> str:
    """What another phone reads from the saved picture."""
    answer = driver.get(f"{page}/picture.png")
    assert answer.content_type == "image/png"
    return read_code(answer.data)


def links(driver: Browser, page: str) -> dict[str, str]:
    """Bank application → where its link leads."""
    found = re.findall(
        r'href="(https://dl[^"]+)"[^>]*>([^<]+)<', driver.get(page).get_data(as_text=True)
    )
    return {name: unescape(link) for link, name in found}


def test_the_page_shows_what_the_bank_will_ask_to_confirm(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    payment = newest(town)
    assert page == f"{path}/transfer/{payment.code}"
    text = plain(driver.get(page))
    for words in (
        "25.000 ₫",
        "Có hiệu lực đến 09:00",
        HOLDER,
        "Vietcombank",
        ACCOUNT,
        payment.code,
    ):
        assert words in text
    assert "Giữ nguyên số tiền và nội dung" in text


def test_in_english_too(driver: Browser, page: str) -> None:
    text = plain(driver.get(f"{page}?lang=en"))
    assert "Please change neither the amount nor the content" in text
    assert "Valid until 09:00" in text


def test_the_saved_picture_is_the_payment(town: Town, driver: Browser, page: str) -> None:
    transfer = newest(town).transfer
    assert transfer is not None
    assert scanned(driver, page) == transfer["payload"]
    with Image.open(BytesIO(driver.get(f"{page}/picture.png").data)) as picture:
        assert picture.size == (1080, 1620)
    assert (
        driver.get(f"{page}/picture.png?lang=en").data
        != driver.get(f"{page}/picture.png?lang=vi").data
    )


def test_pressing_pay_twice_leads_to_the_same_code(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    assert pay(driver, path, WAY).headers["Location"] == page
    assert driver.get(page).data.count(b"<svg xmlns") == 1
    assert len(payments(town)) == 1


def test_a_discarded_tab_comes_back_by_its_address_alone(town: Town, page: str) -> None:
    assert newest(town).code in plain(phone(town).get(page))


def test_the_session_page_leads_back_to_an_open_transfer(
    driver: Browser, path: str, page: str
) -> None:
    assert f'href="{page}"' in driver.get(path).get_data(as_text=True)


def test_a_code_of_another_vehicle_is_not_found(town: Town, driver: Browser, page: str) -> None:
    other = session_path(town, town.arrive("29-B1 234.56", "motorbike"))
    code = newest(town).code
    for wrong in (f"{other}/transfer/{code}", f"{other}/transfer/{code}/picture.png"):
        answer = driver.get(wrong)
        assert answer.status_code == 404
        assert HOLDER not in answer.get_data(as_text=True)
    assert driver.get(f"{page}x").status_code == 404
    assert driver.get(page.replace("/s/", "/s/x")).status_code == 404


def test_a_payment_on_another_rail_has_no_transfer_to_show(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    page = f"{path}/transfer/{newest(town).code}"
    assert driver.get(page).headers["Location"] == path
    assert driver.get(f"{page}/picture.png").headers["Location"] == page


def test_money_turns_the_page_into_the_session(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    markup = driver.get(page).get_data(as_text=True)
    asked = re.search(r'data-state-url="([^"]+)"', markup)
    assert asked
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in markup
    assert driver.get(asked[1]).status_code == 204
    come(town, 25_000)
    assert driver.get(asked[1]).status_code == 200
    assert driver.get(page).headers["Location"] == path
    assert state_of(driver.get(path)) == "paid"
    assert driver.get(f"{page}/picture.png").headers["Location"] == page


def test_too_little_says_how_much_and_offers_the_rest(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    come(town, 20_000)
    answer = driver.get(page)
    assert "Đã nhận 20.000 ₫ trên 25.000 ₫, chưa đủ." in plain(answer)
    assert (amount_of(answer), ways_of(answer)) == ("5000", [WAY])
    assert ACCOUNT not in plain(answer)
    rest = driver.post(
        page.replace(page[page.index("/transfer") :], "/pay"), page, amount=5000, way=WAY
    )
    assert newest(town).amount == 5_000
    assert rest.headers["Location"] == f"{path}/transfer/{newest(town).code}"
    come(town, 5_000, "FT2")
    assert driver.get(page).status_code == 303


@pytest.mark.parametrize("refs", [("FT1",), ("FT1", "FT2")])
def test_what_was_paid_too_much_stays_the_drivers(
    town: Town, driver: Browser, path: str, page: str, refs: tuple[str, ...]
) -> None:
    for ref in refs:
        come(town, 50_000 // len(refs), ref)
    assert driver.get(page).headers["Location"] == path
    assert "Bạn đã trả thừa 25.000 ₫. Số tiền này vẫn là của bạn" in plain(driver.get(path))


def test_a_code_whose_time_ran_out_still_brings_its_money_home(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    town.clock.forward(minutes=11)
    answer = driver.get(page)
    text = plain(answer)
    assert "Mã này đã hết hiệu lực" in text
    assert "vẫn được ghi nhận cho xe này" in text
    assert "<svg xmlns" not in answer.get_data(as_text=True)
    assert driver.get(f"{page}/picture.png").headers["Location"] == page
    fresh = driver.post(f"{path}/pay", page, amount=amount_of(answer), way=ways_of(answer)[0])
    assert fresh.headers["Location"] not in (page, path)
    assert driver.get(fresh.headers["Location"]).status_code == 200


def test_late_money_is_still_money(town: Town, driver: Browser, path: str, page: str) -> None:
    town.clock.forward(minutes=11)
    come(town, 25_000)
    assert driver.get(page).headers["Location"] == path
    assert "Còn phải trả 25.000 ₫" in plain(driver.get(path))


def test_a_corrected_price_asks_for_a_fresh_code(
    town: Town, driver: Browser, car: ParkingSession, page: str
) -> None:
    with town.house.databases.write.begin() as tx:
        tx.add(Adjustment(session_id=car.id, amount=-10_000, reason="test", by="test", at=town.now))
    answer = driver.get(page)
    assert "Số tiền phải trả đã thay đổi" in plain(answer)
    assert amount_of(answer) == "15000"


def test_when_its_account_is_retired_there_is_still_a_way_back(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    with town.house.databases.write.begin() as tx:
        tx.get_one(Payment, newest(town).id).account.retired_at = town.now
    assert ACCOUNT in plain(driver.get(page))
    town.clock.forward(minutes=11)
    answer = driver.get(page)
    assert ways_of(answer) == []
    assert f'href="{path}"' in answer.get_data(as_text=True)


def test_after_two_minutes_the_page_says_what_to_do(town: Town, driver: Browser, page: str) -> None:
    assert 'hidden data-slow-in="120"' in driver.get(page).get_data(as_text=True)
    town.clock.forward(minutes=2)
    later = driver.get(page)
    assert "data-slow-in" not in later.get_data(as_text=True)
    assert "Tiền của bạn không bao giờ mất" in plain(later)


def test_only_applications_known_to_fill_in_learn_the_details(
    town: Town, driver: Browser, page: str
) -> None:
    code, home = newest(town).code, town.house.config.public_url
    found = links(driver, page)
    assert list(found)[:5] == [
        "MB Bank",
        "BIDV SmartBanking",
        "VietinBank iPay",
        "ACB ONE",
        "OCB OMNI",
    ]
    assert found["MB Bank"] == (
        f"https://dl.vietqr.io/pay?app=mb&am=25000&tn={code}&ba={ACCOUNT}@vcb"
        f"&bn={HOLDER.replace(' ', '+')}&url={home}"
    )
    assert found["Vietcombank"] == "https://dl.vietqr.io/pay?app=vcb"
    assert sum("&" in link for link in found.values()) == 5
    token = page.split("/")[2]
    assert not any(token in link for link in found.values())
    markup = driver.get(page).get_data(as_text=True)
    assert markup.count('rel="noreferrer"') == len(found) > 12
    assert "Ngân hàng khác: chỉ mở ứng dụng, bạn tự nhập thông tin" in plain(driver.get(page))


def test_a_bank_the_links_do_not_know_is_typed_in(town: Town, path: str) -> None:
    open_rail(town, Nowhere)
    driver = phone(town)
    page = pay(driver, path, WAY).headers["Location"]
    text = plain(driver.get(page))
    assert "Ngân hàng mã số 970999" in text
    assert "Thông tin đã điền sẵn" not in text
    assert not any("&" in link for link in links(driver, page).values())
    assert scanned(driver, page)


def test_an_attendant_shows_the_same_code_from_the_check_screen(
    town: Town, driver: Browser, car: ParkingSession, page: str
) -> None:
    booth = Browser(town.house)
    booth.become("attendant", "HK01")
    check = f"/attendant/sessions/{car.id}"
    assert f'href="{page}"' in booth.get(check).get_data(as_text=True)
    assert HOLDER in plain(booth.get(page))
    come(town, 25_000)
    assert page not in booth.get(check).get_data(as_text=True)
