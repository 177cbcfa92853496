"""The list of vehicles: own lots only, paid and unpaid told apart, found by the last digits."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from parking.attendant import list_pages
from parking.lots.models import Lot
from parking.people.models import Person, PersonLot
from parking.people.service import NewPerson, add_person
from parking.sessions.exits import Leaving, record_exit
from tests.driver.kit import close, plain
from tests.kit import Town
from tests.web.kit import Browser

LIST = "/attendant/"


def rows(browser: Browser, path: str = LIST) -> list[str]:
    """The plates in the order shown."""
    markup = browser.get(path).get_data(as_text=True)
    return re.findall(r'class="plate[^"]*"[^>]*>([^<]+)<', markup)


def test_paid_and_unpaid_differ_in_word_colour_and_icon(town: Town, hoa: Browser) -> None:
    paid = town.arrive("30A-111.11", declared=False)
    town.arrive("30A-222.22", declared=False)
    town.clock.forward(minutes=50)
    town.pay(paid)
    markup = hoa.get(LIST).get_data(as_text=True)
    unpaid_row, paid_row = re.findall(r'(?s)<li class="vehicle.*?</li>', markup)
    assert 'class="vehicle unpaid"' in unpaid_row
    assert 'class="vehicle paid"' in paid_row
    assert "Chưa trả" in unpaid_row
    assert "Đã trả đến" in paid_row
    assert re.findall(r"<path class=\"\w+\" d=\"[^\"]+", unpaid_row) != re.findall(
        r"<path class=\"\w+\" d=\"[^\"]+", paid_row
    )
    text = plain(hoa.get(LIST))
    assert "30A-222.22 Chưa trả Vào 08:00 20/11/2026 · HK01 25.000 ₫" in text
    assert "Trong bãi 2 Chưa trả 1" in text


def test_only_own_lots_are_seen(town: Town, hoa: Browser) -> None:
    town.arrive("30A-111.11", lot="HK01")
    town.arrive("30A-222.22", lot="DD01")
    assert rows(hoa) == ["30A-111.11"]
    assert rows(hoa, f"{LIST}?lot=DD01") == []
    assert rows(hoa, f"{LIST}?q=222") == []


def test_the_last_digits_find_a_plate(town: Town, hoa: Browser) -> None:
    for plate in ("30A-123.45", "30A-123.46", "29A-993.45"):
        town.arrive(plate)
        town.clock.forward(minutes=1)
    assert rows(hoa, f"{LIST}?q=345") == ["29A-993.45", "30A-123.45"]
    assert rows(hoa, f"{LIST}?q=3.46") == ["30A-123.46"]
    assert "Không tìm thấy xe" in plain(hoa.get(f"{LIST}?q=777"))
    assert hoa.get(f"{LIST}?q=%F0%9F%9A%97&lot=XX&unpaid=yes").status_code == 200
    assert hoa.get(f"{LIST}?lot=%00").status_code == 400


def test_only_the_unpaid_can_be_shown(town: Town, hoa: Browser) -> None:
    paid = town.arrive("30A-111.11")
    town.arrive("30A-222.22")
    town.clock.forward(minutes=50)
    town.pay(paid)
    assert rows(hoa, f"{LIST}?unpaid=yes") == ["30A-222.22"]


def test_what_needs_a_look_is_marked(town: Town, hoa: Browser) -> None:
    town.arrive("30A-111.11", declared=False)
    assert "Chưa xác nhận giờ vào" not in plain(hoa.get(LIST))
    town.arrive("ABC", declared=True)
    text = plain(hoa.get(LIST))
    assert "Chưa xác nhận giờ vào" in text
    assert "Kiểm tra biển số" in text


def test_a_vehicle_that_just_left_can_be_brought_back(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)
    assert "Vừa ra 30A-123.45" in plain(hoa.get(LIST))
    undo = f"/attendant/sessions/{session.id}/undo-exit"
    assert hoa.post(undo, page=LIST).status_code == 303
    assert "Trong bãi 1" in plain(hoa.get(LIST))
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)
    town.clock.forward(minutes=11)
    assert "Vừa ra" not in plain(hoa.get(LIST))


def test_a_long_list_ends_and_says_how_many_more(
    town: Town, hoa: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "LONGEST_LIST", 2)
    for number in range(5):
        town.arrive(f"30A-000.0{number}")
    assert len(rows(hoa)) == 2
    text = plain(hoa.get(LIST))
    assert "Còn 3 xe" in text
    assert "Trong bãi 5" in text


def test_several_lots_can_be_told_apart(town: Town) -> None:
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson("tu", "attendant", lots=("HK01",)), town.now)
    with town.house.databases.write.begin() as tx:
        other = Lot(
            number="HK02", name="Bãi xe Phan Chu Trinh", street="Phan Chu Trinh", ward="Cửa Nam",
            former_district="Hoàn Kiếm", latitude="21", longitude="105", source="ours",
            unverified=True, operator_id=town.lots["HK01"].operator_id, created_at=town.now,
        )  # fmt: skip
        tx.add(other)
        tx.flush()
        person = tx.scalars(select(Person)).one()
        tx.add(PersonLot(person_id=person.id, lot_id=other.id))
    browser.sign_in("tu", password)
    town.arrive("30A-111.11")
    assert rows(browser, f"{LIST}?lot=HK01") == ["30A-111.11"]
    assert rows(browser, f"{LIST}?lot=HK02") == []
    assert "Ở bãi nào?" in plain(browser.get("/attendant/new"))


def test_without_a_lot_there_is_nothing_to_see(town: Town, hoa: Browser) -> None:
    close(town, "HK01")
    assert "Bạn chưa được phân công bãi xe nào" in plain(hoa.get(LIST))
    assert "Bạn chưa được phân công bãi xe nào" in plain(hoa.get("/attendant/new"))


@pytest.mark.parametrize("role", ["", "finance", "admin"])
def test_nobody_else_opens_it(town: Town, role: str) -> None:
    browser = Browser(town.house)
    if role:
        browser.become(role)
    assert browser.get(LIST).status_code == (403 if role else 303)


def test_a_search_shows_of_those_who_just_left_only_who_fits(town: Town, hoa: Browser) -> None:
    gone, other = town.arrive("30A-123.45"), town.arrive("30A-678.90")
    for session in (gone, other):
        page = f"/attendant/sessions/{session.id}"
        hoa.post(f"{page}/exit", page=page, unpaid="yes")
    assert "30A-123.45" in plain(hoa.get("/attendant/?q=2345"))
    assert "30A-678.90" not in plain(hoa.get("/attendant/?q=2345"))
    assert "30A-678.90" in plain(hoa.get("/attendant/"))
