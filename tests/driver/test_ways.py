"""Choosing how to pay: what is offered, what a form may not make of it, several attempts at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments import merchants
from payments.bounds import Bounds
from payments.models import Payment
from payments.provider import Notice as Told
from payments.provider import Status
from payments.service import record
from tests.driver.kit import amount_of, pay, payments, plain, session_path, state_of, ways_of
from tests.driver.rails import Bank, Cards, open_rail, phone
from tests.kit import Town
from tests.payments.kit import paid_notice

SANDBOX, QR, CARD = "hoan-kiem-sandbox:", "hk-cards:QR", "hk-cards:INTCARD"


def tell(town: Town, payment: Payment, told: Told) -> None:
    with town.house.databases.write.begin() as tx:
        record(tx, payment.account, told, town.now, source="webhook")


def bound(town: Town, slug: str, bounds: Bounds) -> None:
    with town.house.databases.write.begin() as tx:
        merchants.change_bounds(tx, town.house.gateways, slug, bounds, "test", town.now)


def test_one_way_is_one_button_with_the_amount(town: Town, path: str) -> None:
    page = phone(town).get(path)
    assert ways_of(page) == [SANDBOX]
    assert "Thanh toán 25.000 ₫" in plain(page)
    assert "Thanh toán qua Ví Thử (sandbox)." in plain(page)


def test_several_ways_are_a_list_that_begins_with_the_lots_first(town: Town, path: str) -> None:
    open_rail(town, Cards)
    page = phone(town).get(path)
    assert ways_of(page) == [SANDBOX, QR, CARD]
    markup, text = page.get_data(as_text=True), plain(page)
    assert f'value="{SANDBOX}" class="main"' in markup
    assert markup.count('class="main"') == 1
    assert "Chọn cách thanh toán" in text
    assert "Ví Thử (sandbox) Cards – quét QR Cards – thẻ quốc tế" in text


def test_a_foreign_card_pays_a_motorbikes_ticket(town: Town) -> None:
    cards = open_rail(town, Cards, methods=["INTCARD"])
    bound(town, "hoan-kiem-sandbox", Bounds(least=20_000))
    bike = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=50)
    driver, path = phone(town), session_path(town, bike)
    page = driver.get(path)
    assert (amount_of(page), ways_of(page)) == ("5000", [CARD])
    answer = pay(driver, path)
    (payment,) = payments(town)
    assert answer.headers["Location"] == payment.checkout_url
    order = cards.memory.orders[payment.code]
    assert (order.amount, order.method, order.payer_ip) == (5_000, "INTCARD", "127.0.0.1")


def test_outside_the_hours_the_attendant_is_paid(town: Town, path: str) -> None:
    bound(town, "hoan-kiem-sandbox", Bounds(opens="22:00", closes="06:00"))
    page = phone(town).get(path)
    assert ways_of(page) == []
    assert "Đưa màn hình này cho nhân viên trông xe" in plain(page)
    assert "qr.svg" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    "forged", ["", "hk-cards:", "hk-cards:CASH", "thang-long-sandbox:", "nobody:QR", "hk-cards"]
)
def test_a_manipulated_form_pays_nothing_and_is_told_so(town: Town, path: str, forged: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    answer = driver.post(f"{path}/pay", page=path, amount="25000", way=forged)
    assert answer.headers["Location"] == f"{path}?gone=yes"
    assert payments(town) == []
    page = driver.get(f"{path}?gone=yes")
    assert "Cách thanh toán này hiện không dùng được" in plain(page)
    assert ways_of(page) == [SANDBOX, QR, CARD]


def test_a_way_that_closed_meanwhile_is_not_taken(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    token = driver.token(path)
    bound(town, "hk-cards", Bounds(least=30_000))
    form = {"csrf_token": token, "amount": "25000", "way": QR}
    answer = driver.client.post(f"{path}/pay", data=form, base_url=driver.base)
    assert answer.headers["Location"] == f"{path}?gone=yes"
    assert payments(town) == []


def test_another_choice_is_another_payment_and_the_same_one_is_not(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    for way in (SANDBOX, QR, QR, CARD, SANDBOX):
        assert pay(driver, path, way).status_code == 303
    begun = [(p.account.slug, p.method) for p in payments(town)]
    assert begun == [("hoan-kiem-sandbox", ""), ("hk-cards", "QR"), ("hk-cards", "INTCARD")]
    assert len({p.intent for p in payments(town)}) == 3


def test_who_begins_again_is_told_that_the_first_attempts_money_counts(
    town: Town, path: str
) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    assert "chưa xong" not in plain(driver.get(path))
    pay(driver, path, QR)
    for page in (driver.get(path), driver.get(f"{path}?from=pay")):
        text = plain(page)
        warned = text.index("25.000 ₫ qua Cards – quét QR chưa xong. Nếu bạn đã trả, đừng trả lại")
        assert warned < text.index("Ví Thử (sandbox) Cards – quét QR")
    assert "Tôi chưa trả, tiếp tục thanh toán" in text


def test_money_of_an_older_attempt_turns_the_page(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    pay(driver, path, QR)
    pay(driver, path, CARD)
    older, newer = payments(town)
    seen = f"{path}/state?seen={newer.code}:pending:0:here"
    assert driver.get(seen).status_code == 204
    tell(town, older, paid_notice(older.code, town.now, amount=25_000))
    assert driver.get(seen).json == {"state": f"{newer.code}:pending:25000:here"}
    assert state_of(driver.get(path)) == "paid"


def test_the_page_asks_about_every_open_attempt_once(town: Town, path: str) -> None:
    cards = open_rail(town, Cards)
    driver = phone(town)
    pay(driver, path, QR)
    pay(driver, path, CARD)
    older, _ = payments(town)
    cards.memory.answers[older.code] = paid_notice(older.code, town.now, amount=25_000)
    for _ in range(3):
        driver.get(f"{path}/state?from=pay&seen=x")
    assert [payment.polls for payment in payments(town)] == [1, 1]
    assert state_of(driver.get(path)) == "paid"


def test_the_newest_attempt_is_shown_beside_an_older_open_one(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    pay(driver, path, QR)
    pay(driver, path, CARD)
    _, newer = payments(town)
    tell(town, newer, Told("n1", newer.code, Status.CANCELLED, town.now))
    text = plain(driver.get(f"{path}?from=pay"))
    assert "Lần thanh toán vừa rồi đã hủy" in text
    assert "qua Cards – quét QR chưa xong" in text
    assert "qua Cards – thẻ quốc tế chưa xong" not in text


def test_a_price_paid_in_time_by_any_way_covers_the_exit(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    pay(driver, path, QR)
    pay(driver, path, CARD)
    older, _ = payments(town)
    town.clock.forward(minutes=9)
    tell(town, older, paid_notice(older.code, town.now, amount=25_000))
    town.clock.forward(minutes=5)
    assert state_of(driver.get(path)) == "paid"


def test_a_bank_transfer_stays_on_our_own_page(town: Town, path: str) -> None:
    open_rail(town, Bank)
    driver = phone(town)
    answer = pay(driver, path, "hk-bank:")
    (payment,) = payments(town)
    assert answer.headers["Location"] == f"{path}/transfer/{payment.code}"
    assert (payment.state, payment.checkout_url) == ("pending", None)
    assert "Đang chờ xác nhận" in plain(driver.get(f"{path}?from=pay"))


def test_the_lots_page_says_how_one_can_pay_before_anything_is_typed(town: Town) -> None:
    open_rail(town, Cards)
    text = plain(phone(town).get("/lot/HK01"))
    ways = "Cách thanh toán tại đây Ví Thử (sandbox) Cards – quét QR Cards – thẻ quốc tế"
    assert f"{ways} Trả trực tiếp cho nhân viên trông xe" in text
    with town.house.databases.write.begin() as tx:
        for slug in ("hoan-kiem-sandbox", "hk-cards"):
            merchants.retire(tx, slug, "test", town.now + timedelta(seconds=1))
    closed = plain(phone(town).get("/lot/HK01"))
    assert "Bãi xe này hiện không nhận thanh toán trực tuyến" in closed


def test_the_receipt_names_the_way_that_was_chosen(town: Town, path: str) -> None:
    open_rail(town, Cards)
    driver = phone(town)
    pay(driver, path, CARD)
    (payment,) = payments(town)
    tell(town, payment, paid_notice(payment.code, town.now, amount=25_000))
    page = driver.get(path).get_data(as_text=True)
    receipt = page.split('href="/r/')[1].split('"')[0]
    assert "Trả qua Cards – thẻ quốc tế" in plain(driver.get(f"/r/{receipt}"))
