"""What finance sees of its lots."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from parking.people.models import Person
from parking.people.service import NewPerson, add_person
from parking.watch import service
from parking.watch.lot_days import keep_counted
from tests.kit import Town
from tests.watch.history import HOA, History
from tests.web.kit import Browser


def desk(town: Town, role: str = "finance", operator: str | None = None) -> Browser:
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson("desk", role, operator=operator), town.now)
    assert browser.sign_in("desk", password).status_code == 303
    return browser


def read(browser: Browser, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def weeks(history: History, number: int, lot: str, *more: int) -> None:
    """So many entries every Thursday, and `more` of them this Thursday, yesterday."""
    for week in range(1, 6):
        history.stays(number, history.ago(weeks=week, days=1), lot)
    for today in more:
        history.stays(today, history.ago(days=1), lot)


def test_the_list_puts_first_what_stands_out(town: Town, history: History) -> None:
    weeks(history, 20, "HK01", 8)
    weeks(history, 20, "DD01", 20)
    history.write()
    text = read(desk(town), "/finance/lots")
    assert re.findall(r">(HK01|DD01) · ", text) == ["HK01", "DD01"]
    assert "thường 20" in text
    assert "<svg" in text
    with town.house.databases.write.begin() as tx:
        lot = service.watched_lot(tx, None, "DD01")
        service.record(tx, lot, {"motorbike": 30}, "", "person:nga", town.now)
    assert "30 / 0" in read(desk_again(town), "/finance/lots")


def test_a_long_list_comes_a_page_at_a_time(
    town: Town, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parking.finance.lot_pages.ON_A_PAGE", 1)
    weeks(history, 20, "HK01", 8)
    history.write()
    keep_counted(town.house.databases.write, town.now)
    browser = desk(town)
    pages = [read(browser, f"/finance/lots?page={page}") for page in (1, 2)]
    shown = [re.findall(r">([A-Z0-9]+) · ", page) for page in pages]
    assert shown == [["HK01"], ["DD01"]]
    assert "bãi nổi bật đứng trước" in pages[0]
    assert "được đếm từ" in pages[0]
    assert read(browser, "/finance/lots?page=999")  # the last one
    read(browser, "/finance/lots?page=0", 404)


def desk_again(town: Town) -> Browser:
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson("again", "finance"), town.now)
    browser.sign_in("again", password)
    return browser


def test_a_new_lot_has_not_enough_history(town: Town, history: History) -> None:
    history.stays(5, history.ago(days=1))
    history.write()
    text = read(desk(town), "/finance/lots/HK01")
    assert "chưa đủ dữ liệu" in text
    assert not re.search(r"thường \d", text)


def test_a_silent_lot_is_on_the_first_page_of_finance_and_first_in_the_list(
    town: Town, history: History
) -> None:
    for week in range(1, 5):
        history.stays(10, history.ago(weeks=week, minutes=60), "HK01")
    history.write()
    browser = desk(town)
    home = read(browser, "/finance/")
    assert "1 bãi xe bỗng im ắng" in home
    assert "/finance/lots/HK01" in home
    assert re.findall(r">(HK01|DD01) · ", read(browser, "/finance/lots")) == ["HK01", "DD01"]
    assert "bỗng im ắng" in read(browser, "/finance/lots/HK01")
    assert "bỗng im ắng" not in read(browser, "/finance/lots/DD01")


def test_finance_of_one_operator_sees_its_own_lots(town: Town, history: History) -> None:
    for week in range(1, 5):
        history.stays(10, history.ago(weeks=week, minutes=60), "HK01")
    history.write()
    browser = desk(town, operator="thang-long")
    assert "HK01" not in read(browser, "/finance/lots")
    assert "HK01" not in read(browser, "/finance/")
    read(browser, "/finance/lots/HK01", 404)
    read(browser, "/finance/lots/nowhere", 404)


def test_the_lot_shows_its_attendants_by_name_and_who_stands_out(
    town: Town, history: History, hoa: Person
) -> None:
    weeks(history, 20, "HK01", 20)
    yesterday = history.ago(days=1)
    for _ in range(4):
        stay = history.stay(yesterday, left=yesterday)
        history.act(stay, "session.exit_unpaid", yesterday, HOA)
    history.write()
    with town.house.databases.write.begin() as tx:
        lot = service.watched_lot(tx, None, "HK01")
        service.record(tx, lot, {"motorbike": 7}, "sau cổng", HOA, town.now)
    text = read(desk(town, "admin"), "/finance/lots/HK01")
    assert "Nguyễn Thị Hoa" in text
    row = text.split("Nguyễn Thị Hoa</th>")[1].split("</tr>")[0]
    assert re.findall(r"odd\">(\d+)<", row) == ["4"]
    assert "sau cổng" in text
    assert "+7 (100 %)" in text


@pytest.mark.parametrize(
    ("day", "status"), [("soon", 404), ("2026-02-30", 404), ("2099-01-01", 200)]
)
def test_a_day_that_is_none_is_not_found_and_tomorrow_is_today(
    town: Town, day: str, status: int
) -> None:
    text = read(desk(town), f"/finance/lots?day={day}", status)
    if status == 200:
        assert 'value="2026-11-20"' in text


def test_the_pages_ask_as_many_questions_for_two_lots_as_for_one(
    town: Town, history: History, hoa: Person
) -> None:
    browser, asked = desk(town), 0

    def count(*_given: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(town.house.databases.read.kw["bind"], "before_cursor_execute", count)
    read(browser, "/finance/lots")
    empty, asked = asked, 0
    weeks(history, 5, "HK01", 5)
    weeks(history, 5, "DD01", 5)
    history.write()
    asked = 0
    read(browser, "/finance/lots")
    assert asked == empty
