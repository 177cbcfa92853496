"""“I have transferred”: said with one touch, and asked about before anybody pays again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.sessions import claims
from parking.sessions.exits import Leaving
from parking.sessions.models import ParkingSession, TransferClaim
from payments.models import Payment
from payments.polling import expire
from payments.service import record
from tests.driver.kit import amount_of, pay, payments, plain, state_of, ways_of
from tests.driver.rails import open_rail, phone
from tests.driver.transfers import Vietcombank, arrived
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


def claim_of(town: Town) -> TransferClaim | None:
    with town.house.databases.read() as tx:
        return tx.scalar(select(TransferClaim))


def announce(driver: Browser, path: str, page: str, **form: str) -> None:
    answer = driver.post(f"{path}/transferred", page=page, **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)


def release(town: Town, car: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        leaving = Leaving("person:hoa", town.now)
        claims.release(tx, town.house.tariffs, car.id, leaving, town.now)


def come(town: Town, payment: Payment) -> None:
    told = arrived(payment, payment.amount, town.now)
    with town.house.databases.write.begin() as tx:
        record(tx, payment.account, told, town.now, source="webhook")


def test_one_touch_on_the_transfers_page_says_it(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    assert "Đã chuyển và muốn lấy xe?" in plain(driver.get(page))
    announce(driver, path, page)
    seen = driver.get(path)
    assert state_of(seen) == "announced"
    text = plain(seen)
    assert "Chờ ngân hàng" in text
    assert "Vui lòng đưa trang này cho nhân viên trông xe" in text
    assert f"Đưa mã này cho nhân viên trông xe: {payments(town)[-1].code}" in text
    found = claim_of(town)
    assert found is not None
    assert (found.claimed_by, found.amount, found.bank_reference) == ("driver", 25_000, None)


def test_the_code_is_not_shown_again_to_who_says_so(driver: Browser, path: str, page: str) -> None:
    announce(driver, path, page)
    assert driver.get(page).headers["Location"] == path
    assert "Tiếp tục chuyển khoản" not in plain(driver.get(path))


def test_the_session_page_has_the_button_while_a_transfer_is_open_or_ran_out(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    assert "Tôi đã chuyển khoản" in plain(driver.get(path))
    town.clock.forward(hours=1)
    assert "Tôi đã chuyển khoản" in plain(driver.get(path))
    come(town, payments(town)[-1])
    assert "Tôi đã chuyển khoản" not in plain(driver.get(path))


def test_nobody_is_offered_it_who_never_asked_for_a_code(driver: Browser, path: str) -> None:
    assert "Tôi đã chuyển khoản" not in plain(driver.get(path))


def test_a_reference_is_kept_and_may_follow(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    assert "Thêm mã tham chiếu của ngân hàng" in plain(driver.get(path))
    announce(driver, path, path, reference=" FT26324 77 ")
    assert "Mã tham chiếu ngân hàng FT26324 77" in plain(driver.get(path))
    assert "Thêm mã tham chiếu" not in plain(driver.get(path))


def test_a_reference_that_is_none_is_explained_and_kept(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    answer = driver.post(f"{path}/transferred", page=path, reference="chuyển rồi ạ")
    assert answer.status_code == 400
    assert "“chuyển rồi ạ” không phải mã tham chiếu ngân hàng" in plain(answer)
    assert 'value="chuyển rồi ạ"' in answer.get_data(as_text=True)
    assert claim_of(town) is None


def test_it_is_taken_back_and_the_code_is_there_again(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    answer = driver.post(f"{path}/not-transferred", page=path)
    assert answer.headers["Location"] == path
    found = claim_of(town)
    assert found is not None
    assert found.outcome == "withdrawn"
    assert driver.get(page).status_code == 200


def test_who_was_let_out_on_it_cannot_take_it_back(
    town: Town, car: ParkingSession, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    release(town, car)
    seen = driver.get(path)
    assert "Bạn đã được cho ra trong lúc ngân hàng báo chậm" in plain(seen)
    assert "Thật ra tôi chưa chuyển" not in plain(seen)
    answer = driver.post(f"{path}/not-transferred", page=path)
    assert answer.status_code == 409
    assert "việc khép lại thuộc về kế toán" in plain(answer)


def test_when_the_money_comes_the_page_says_only_that(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    come(town, payments(town)[-1])
    seen = driver.get(path)
    assert state_of(seen) == "paid"
    assert "Chờ ngân hàng" not in plain(seen)
    announce(driver, path, "/sign-in")  # from a tab that was opened before
    assert claim_of(town) is not None


def test_the_page_of_a_claim_asks_whether_the_money_came(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    town.clock.forward(hours=2)
    assert expire(town.house.databases.write, town.now) == 1
    assert "data-state-url" in driver.get(path).get_data(as_text=True)


# Paying again


def again(driver: Browser, path: str, way: str, **form: str) -> str:
    seen = driver.get(path)
    answer = driver.post(f"{path}/pay", page=path, amount=amount_of(seen), way=way, **form)
    if answer.status_code == 200:
        return plain(answer)
    assert answer.status_code == 303
    return answer.headers["Location"]


def other_way(driver: Browser, path: str) -> str:
    return next(way for way in ways_of(driver.get(path)) if way != WAY)


def test_another_way_beside_an_open_transfer_is_asked_about_first(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    asked = again(driver, path, other_way(driver, path))
    assert "Bạn đã chuyển khoản rồi phải không?" in asked
    assert "Lúc 08:50 bạn đã mở mã chuyển khoản 25.000 ₫." in asked
    assert "Nếu lỡ trả hai lần, hệ thống tự nhận ra" in asked
    assert len(payments(town)) == 1
    again(driver, path, other_way(driver, path), again="yes")
    assert len(payments(town)) == 2


def test_going_on_with_the_open_transfer_is_not_paying_again(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    assert again(driver, path, WAY) == page


def test_who_said_it_is_asked_whatever_way_is_chosen(
    town: Town, driver: Browser, path: str, page: str
) -> None:
    announce(driver, path, page)
    for way in (WAY, other_way(driver, path)):
        asked = again(driver, path, way)
        assert "Lúc 08:50 đã có lời báo là đã chuyển 25.000 ₫." in asked
        assert "Quay lại, tôi đã trả rồi" in asked
    shown = again(driver, path, WAY, again="yes")
    assert shown == f"{page}?again=yes"
    assert "Lưu ảnh" in plain(driver.get(shown))


def test_nothing_is_asked_of_who_pays_for_the_first_time(
    town: Town, driver: Browser, path: str
) -> None:
    again(driver, path, other_way(driver, path))
    assert len(payments(town)) == 1


def test_a_changed_price_is_shown_before_anything_is_asked(
    driver: Browser, path: str, page: str
) -> None:
    answer = driver.post(f"{path}/pay", page=path, amount="1", way=WAY)
    assert answer.headers["Location"] == f"{path}?changed=yes"
