"""When a driver is asked to pay, what paying now buys, and a calm word about an unrecorded exit."""

from __future__ import annotations

from datetime import datetime

import pytest

from parking.lots.models import LotTariff
from parking.sessions.forgotten import end_forgotten
from payments.db import CITY_ZONE
from tests.driver.kit import plain, session_path, state_of
from tests.kit import Town
from tests.web.kit import Browser

SAID = {
    "entry": "Bãi này thu tiền khi vào: mời bạn trả ngay.",
    "exit": "Vui lòng trả trước khi ra.",
    "either": "Bạn có thể trả ngay hoặc trước khi ra.",
}


@pytest.mark.parametrize("when", SAID)
def test_the_page_says_when_this_lot_collects(town: Town, driver: Browser, when: str) -> None:
    with town.house.databases.write.begin() as tx:
        tx.get_one(LotTariff, (town.lots["HK01"].id, "motorbike")).collect = when
    session = town.arrive("29-G1 123.45", "motorbike")
    text = plain(driver.get(session_path(town, session)))
    assert [said for said in SAID.values() if said in text] == [SAID[when]]
    assert "Trả bây giờ thì có hiệu lực đến 18:30." in text
    town.pay(session)
    assert SAID[when] not in plain(driver.get(session_path(town, session)))


def test_paying_early_by_the_hour_warns_that_more_falls_due(town: Town, driver: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=30)
    text = plain(driver.get(session_path(town, session)))
    assert SAID["exit"] in text
    assert "có hiệu lực đến 08:59. Gửi lâu hơn sẽ phải trả thêm." in text
    town.clock.forward(minutes=28)
    assert "có hiệu lực đến 09:13." in plain(driver.get(session_path(town, session)))


def test_whoever_chose_the_wrong_lot_is_told_whom_to_ask(town: Town, driver: Browser) -> None:
    assert "Chọn nhầm bãi?" in plain(driver.get(session_path(town, town.arrive())))


def test_a_stay_that_the_service_ended_says_so_and_asks_for_nothing(
    town: Town, driver: Browser
) -> None:
    session = town.arrive("29-G1 123.45", "motorbike")
    town.pay(session)
    town.clock.now = datetime(2026, 11, 20, 19, 0, tzinfo=CITY_ZONE)
    end_forgotten(town.house.databases.write, town.house.tariffs, town.now)
    page = driver.get(session_path(town, session))
    assert state_of(page) == "unrecorded"
    text = plain(page)
    assert "Không ai ghi giờ bạn ra nên lượt gửi được kết thúc lúc 18:00 20/11/2026." in text
    assert "Bạn không cần làm gì" in text
    assert 'name="way"' not in page.get_data(as_text=True)


def test_an_unpaid_one_shows_what_is_not_asked_for(town: Town, driver: Browser) -> None:
    session = town.arrive()
    town.clock.forward(hours=72)
    end_forgotten(town.house.databases.write, town.house.tariffs, town.now)
    text = plain(driver.get(session_path(town, session)))
    assert "Không thu vì chưa ghi giờ ra" in text
    assert "Vui lòng trả" not in text
