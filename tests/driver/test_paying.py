"""Pay, come back, see it paid; and everything that can happen instead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from parking.house import House
from payments.accounts import Gateways
from payments.models import MerchantAccount
from payments.provider import HttpAnswer, ProviderUnavailable
from tests.driver.kit import amount_of, pay, payments, plain, state_of
from tests.kit import Town
from tests.web.kit import Browser


def test_paying_leads_to_the_provider_with_the_offer(
    town: Town, driver: Browser, path: str
) -> None:
    answer = pay(driver, path)
    (payment,) = payments(town)
    assert answer.status_code == 303
    assert answer.headers["Location"] == payment.checkout_url
    assert payment.amount == 25_000
    assert payment.return_url == f"{town.house.config.public_url}{path}?from=pay"
    assert payment.account.operator == "hoan-kiem"
    assert "Giá này giữ đến 09:00." in plain(driver.get(path))


def test_two_clicks_make_one_payment(town: Town, driver: Browser, path: str) -> None:
    first, second = pay(driver, path), pay(driver, path)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(payments(town)) == 1


def test_the_page_waits_until_the_notice_comes(town: Town, driver: Browser, path: str) -> None:
    pay(driver, path)
    back = driver.get(f"{path}?from=pay")
    assert "Đang chờ xác nhận" in plain(back)
    markup = back.get_data(as_text=True)
    assert "driver.js" in markup
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in markup
    (payment,) = payments(town)
    seen = f"{path}/state?seen={payment.code}:pending:0:here"
    assert driver.get(seen).status_code == 204
    town.act(payment)
    town.deliver(driver.app)
    told = driver.get(seen)
    assert told.json == {"state": f"{payment.code}:paid:25000:here"}
    after = driver.get(f"{path}?from=pay")
    assert state_of(after) == "paid"
    assert "Đã trả đến 09:05" in plain(after)
    assert "http-equiv" not in after.get_data(as_text=True)


def test_a_driver_who_is_faster_than_the_notice_makes_us_ask_once(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    (payment,) = payments(town)
    assert driver.get(f"{path}/state?from=pay&seen=x").json == {
        "state": f"{payment.code}:pending:0:here"
    }
    town.act(payment)
    for _ in range(3):
        driver.get(f"{path}/state?from=pay&seen=x")
    assert [row.polls for row in payments(town)] == [1]
    town.learn(payment)
    assert state_of(driver.get(path)) == "paid"


def test_an_overstay_makes_the_difference_due(town: Town, driver: Browser, path: str) -> None:
    pay(driver, path)
    town.act(payments(town)[0])
    town.deliver(driver.app)
    town.clock.forward(minutes=80)
    answer = driver.get(path)
    assert state_of(answer) == "partly"
    assert amount_of(answer) == "60000"
    assert "Còn phải trả 60.000 ₫" in plain(answer)


def test_a_driver_who_saw_an_older_price_is_shown_the_new_one_first(
    town: Town, driver: Browser, path: str
) -> None:
    token = driver.token(path)
    town.clock.forward(minutes=20)
    form = {"csrf_token": token, "amount": "25000"}
    answer = driver.client.post(f"{path}/pay", data=form, base_url=driver.base)
    assert answer.headers["Location"] == f"{path}?changed=yes"
    assert payments(town) == []
    shown = driver.get(f"{path}?changed=yes")
    assert "Giá đã thay đổi" in plain(shown)
    assert amount_of(shown) == "50000"
    assert "8001/pay/" in pay(driver, path).headers["Location"]


def test_an_offer_holds_over_the_hour(town: Town, driver: Browser, path: str) -> None:
    town.clock.forward(minutes=5)
    pay(driver, path)
    town.clock.forward(minutes=7)
    answer = driver.get(path)
    assert amount_of(answer) == "25000"
    assert "Giá này giữ đến 09:05." in plain(answer)
    town.clock.forward(minutes=3)
    assert amount_of(driver.get(path)) == "50000"


@pytest.mark.parametrize("amount", ["", "0", "-25000", "1e9", "25000.0", "٢٥٠٠٠"])
def test_what_a_form_says_is_never_charged(
    town: Town, driver: Browser, path: str, amount: str
) -> None:
    answer = driver.post(f"{path}/pay", page=path, amount=amount)
    assert answer.headers["Location"] == f"{path}?changed=yes"
    assert payments(town) == []


def test_nothing_can_be_paid_twice(town: Town, driver: Browser, path: str) -> None:
    token = driver.token(path)
    pay(driver, path)
    town.act(payments(town)[0])
    town.deliver(driver.app)
    form = {"csrf_token": token, "amount": "25000"}
    again = driver.client.post(f"{path}/pay", data=form, base_url=driver.base)
    assert again.headers["Location"] == path
    assert len(payments(town)) == 1


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("decline", "Lần thanh toán vừa rồi đã hủy"),
        ("pay_less", "chưa đủ. Vui lòng trả phần còn thiếu."),
        ("pay_more", "Bạn đã trả thừa"),
        ("pay_twice", "Bạn đã trả thừa 25.000 ₫"),
    ],
)
def test_what_came_of_a_payment_is_said(
    town: Town, driver: Browser, path: str, act: str, said: str
) -> None:
    pay(driver, path)
    (payment,) = payments(town)
    town.act(payment, act)
    town.deliver(driver.app)
    town.learn(payment)
    assert said in plain(driver.get(path))


def test_who_comes_back_after_paying_too_little_is_asked_for_the_rest_at_once(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    town.act(payments(town)[0], "pay_less")
    town.deliver(driver.app)
    back = plain(driver.get(f"{path}?from=pay"))
    assert "chưa đủ. Vui lòng trả phần còn thiếu." in back
    assert "Đang chờ xác nhận" not in back
    assert "Thanh toán 2.500 ₫" in back


def test_after_a_cancelled_payment_one_can_pay_again(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    town.act(payments(town)[0], "decline")
    town.deliver(driver.app)
    pay(driver, path)
    first, second = payments(town)
    assert (first.state, second.state) == ("cancelled", "pending")


def with_gateways(house: House, gateways: Gateways) -> Browser:
    return Browser(replace(house, gateways=gateways))


class Silence:
    """A payment company that does not answer."""

    def request(self, *_: object, **__: object) -> HttpAnswer:
        raise ProviderUnavailable("silence")


def test_a_silent_provider_loses_nothing(town: Town, path: str) -> None:
    silent = with_gateways(town.house, replace(town.house.gateways, http=Silence()))
    answer = pay(silent, path)
    assert answer.headers["Location"] == f"{path}?from=pay"
    assert "Cổng thanh toán chưa trả lời" in plain(silent.get(f"{path}?from=pay"))
    awake = Browser(town.house)
    assert "8001/pay/" in pay(awake, path).headers["Location"]
    assert len(payments(town)) == 1


def test_an_operator_without_a_payment_company_is_paid_in_person(town: Town, path: str) -> None:
    nobody = with_gateways(town.house, replace(town.house.gateways, registry={}))
    page = nobody.get(path)
    text = plain(page)
    assert "30A-123.45 Chưa trả Phải trả lúc này 25.000 ₫ Đưa màn hình này" in text
    markup = page.get_data(as_text=True)
    assert 'name="amount"' not in markup
    assert markup.count("/qr.svg") == 1
    forged = nobody.post(f"{path}/pay", page="/lot/HK01", amount="25000")
    assert forged.status_code == 409
    assert "hiện không nhận thanh toán trực tuyến" in plain(forged)


def test_a_retired_account_collects_no_more(town: Town, driver: Browser, path: str) -> None:
    with town.house.databases.write.begin() as tx:
        for account in tx.scalars(select(MerchantAccount)):
            account.retired_at = town.now
    assert "Đưa màn hình này cho nhân viên trông xe" in plain(driver.get(path))


def test_a_checkout_on_a_foreign_host_is_not_opened(town: Town, driver: Browser, path: str) -> None:
    driver.app.config["CHECKOUT_ORIGINS"] = ("https://elsewhere.test",)
    assert pay(driver, path).status_code == 503


def test_paying_needs_our_form(town: Town, driver: Browser, path: str) -> None:
    answer = driver.client.post(f"{path}/pay", data={"amount": "25000"}, base_url=driver.base)
    assert answer.status_code == 400
    assert payments(town) == []


def test_the_payment_code_to_show_stands_on_the_page(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    text = plain(driver.get(path))
    assert "Tôi đã trả tiền nhưng chưa thấy" in text
    assert payments(town)[0].code in text


def test_who_paid_for_longer_than_a_week_has_paid_until_leaving(
    town: Town, driver: Browser, path: str
) -> None:
    pay(driver, path)
    (payment,) = payments(town)
    town.act(payment, "pay_more", amount=20_000_000)
    town.learn(payment)
    text = plain(driver.get(path))
    assert "Đã trả đến khi ra" in text
    assert "Bạn có thể lấy xe ra bất cứ lúc nào" in text
