"""Cash and shifts on an attendant's phone."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select

from parking.shifts.models import Shift
from payments.models import Payment
from tests.kit import Town
from tests.shifts.kit import Counter, make_counter
from tests.shifts.test_paying_back import approved
from tests.web.kit import Browser

FLOAT = 200_000


@pytest.fixture
def counter(town: Town) -> Counter:
    return make_counter(town)


def phone(counter: Counter, username: str) -> Browser:
    browser = Browser(counter.town.house)
    assert browser.sign_in(username, counter.passwords[username]).status_code == 303
    return browser


def read(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\u00a0", " ")


def send(browser: Browser, path: str, **form: object) -> str:
    """Where a form of the shift's page leads; what the page says when it was refused."""
    answer = browser.post(path, "/attendant/shift", **form)
    return answer.headers.get("Location") or answer.get_data(as_text=True)


def begin(browser: Browser, amount: str = "200.000") -> str:
    return send(browser, "/attendant/shift", lot="HK01", float=amount)


def test_a_shift_begins_with_a_float_as_people_write_it(counter: Counter) -> None:
    hoa = phone(counter, "hoa")
    assert begin(hoa, "hai trăm").count("hai trăm") >= 1
    assert "0 cũng là một số tiền" in begin(hoa, "")
    assert begin(hoa) == "/attendant/shift"
    assert "200.000 ₫" in read(hoa, "/attendant/shift")


def test_without_a_shift_the_check_screen_leads_there(counter: Counter) -> None:
    hoa, session = phone(counter, "hoa"), counter.stay()
    page = read(hoa, f"/attendant/sessions/{session.id}")
    assert 'href="/attendant/shift"' in page
    assert "cash-back" not in page
    assert 'name="reason" value="no_phone"' not in page


def test_one_tap_takes_the_cash_and_a_second_one_nothing(counter: Counter) -> None:
    hoa, session = phone(counter, "hoa"), counter.stay()
    begin(hoa)
    check = f"/attendant/sessions/{session.id}"
    shown = re.search(r'name="shown" value="(\d+)"', read(hoa, check))
    assert shown is not None
    for _ in range(2):
        answer = hoa.post(f"{check}/cash", check, reason="visitor", shown=shown[1])
        assert answer.headers["Location"] == check
    with counter.town.house.databases.read() as tx:
        (payment,) = tx.scalars(select(Payment)).all()
    assert (payment.state, payment.received) == ("paid", int(shown[1]))
    assert "Thu 25.000 ₫ tiền mặt: Khách nước ngoài" in read(hoa, check)


def test_an_amount_that_changed_is_shown_again_before_it_is_taken(counter: Counter) -> None:
    hoa, session = phone(counter, "hoa"), counter.stay()
    begin(hoa)
    check = f"/attendant/sessions/{session.id}"
    answer = hoa.post(f"{check}/cash", check, reason="visitor", shown=1)
    assert answer.status_code == 409
    assert "Số tiền phải trả đã thay đổi" in answer.get_data(as_text=True)


def test_a_mistake_goes_back_and_both_acts_are_told(counter: Counter) -> None:
    hoa, session = phone(counter, "hoa"), counter.stay()
    begin(hoa)
    check = f"/attendant/sessions/{session.id}"
    payment = counter.take(counter.hoa, session)
    answer = hoa.post(f"{check}/cash-back", check, payment=payment.id)
    assert answer.headers["Location"] == check
    page = read(hoa, check)
    assert "Trả lại 25.000 ₫ tiền mặt" in page
    assert "Đã trả lại" in page
    assert hoa.post(f"{check}/cash-back", check, payment="nonsense").status_code == 404


def test_what_is_expected_is_shown_after_the_count_only(counter: Counter) -> None:
    hoa = phone(counter, "hoa")
    begin(hoa)
    counter.take(counter.hoa, counter.stay())
    assert "225.000" not in read(hoa, "/attendant/shift")
    assert send(hoa, "/attendant/shift/count", counted="220.000") == "/attendant/shift"
    page = read(hoa, "/attendant/shift")
    assert "225.000 ₫" in page
    assert "Thiếu 5.000 ₫" in page
    assert "hãy nêu lý do" in send(hoa, "/attendant/shift/close", left="200000", note="")
    closed = send(hoa, "/attendant/shift/close", left="200000", note="Thối nhầm")
    assert "Thối nhầm" in read(hoa, closed)


def test_the_next_attendant_takes_over_and_both_see_it(counter: Counter) -> None:
    hoa, binh = phone(counter, "hoa"), phone(counter, "binh.le")
    counter.stay("30F-999.01")
    begin(hoa)
    send(hoa, "/attendant/shift/count", counted="200.000")
    closed = send(hoa, "/attendant/shift/close", left="150.000")
    assert "Nguyễn Thị Hoa để lại 150.000 ₫" in read(binh, "/attendant/shift")
    assert "Nguyễn Thị Hoa để lại" not in read(hoa, "/attendant/shift")
    assert "30F-999.01" in read(binh, "/attendant/shift")
    with counter.town.house.databases.read() as tx:
        (shift,) = tx.scalars(select(Shift)).all()
    over = f"/attendant/shift/{shift.id}/take-over"
    assert "tự nhận ca của chính mình" in send(hoa, over, float="150.000")
    assert send(binh, over, float="145.000") == "/attendant/shift"
    taken = read(binh, "/attendant/shift")
    assert "Nguyễn Thị Hoa để lại" in taken
    assert "150.000 ₫" in taken
    assert "Ca bạn vừa đóng" in read(hoa, "/attendant/shift")
    assert f'href="{closed}"' in hoa.get("/attendant/shift").get_data(as_text=True)
    for browser in (hoa, binh):
        page = read(browser, closed)
        assert "Lê Bình nhận ca lúc" in page
        assert "145.000 ₫" in page


def test_a_shift_of_others_does_not_exist(counter: Counter) -> None:
    hoa, binh = phone(counter, "hoa"), phone(counter, "binh.le")
    begin(hoa)
    send(hoa, "/attendant/shift/count", counted="200.000")
    closed = send(hoa, "/attendant/shift/close", left="0")
    assert binh.get(closed).status_code == 404
    assert binh.get(f"/attendant/shift/{counter.lot.id}").status_code == 404


def test_an_approved_refund_of_cash_is_handed_over_and_stands_in_the_shift(
    counter: Counter,
) -> None:
    hoa, session = phone(counter, "hoa"), counter.stay()
    counter.begin(counter.hoa)
    owed = approved(counter, counter.take(counter.hoa, session))
    check, page = f"/attendant/sessions/{session.id}", "/attendant/shift"
    for place in (page, check):
        assert "Tiền mặt phải hoàn cho khách" in read(hoa, place)
        assert "Đã đưa khách 5.000 ₫" in read(hoa, place)
    assert hoa.post(f"{page}/refund", page, refund=str(uuid.uuid4())).status_code == 404
    answer = hoa.post(f"{check}/refund-in-cash", check, refund=str(owed.id))
    assert answer.status_code == 303
    assert "Đã hoàn 5.000 ₫ tiền mặt từ quỹ ca" in read(hoa, check)
    shown = read(hoa, page)
    assert "phải hoàn" not in shown
    assert "Đã hoàn bằng tiền mặt" in shown
