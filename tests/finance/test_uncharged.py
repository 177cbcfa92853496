"""What was not charged: exemptions by person and reason, exits nobody recorded, by operator."""

from __future__ import annotations

from parking.people.service import NewPerson, add_person
from parking.sessions.exemptions import exempt
from parking.sessions.forgotten import end_forgotten
from tests.driver.kit import plain
from tests.finance.conftest import Desk
from tests.web.kit import Browser

PAGE = "/finance/uncharged"


def sit(desk: Desk, operator: str | None = None) -> None:
    """Somebody else takes the chair."""
    desk.browser = Browser(desk.town.house)
    desk.sit(operator)


def read(desk: Desk, path: str = PAGE) -> str:
    return plain(desk.browser.get(path))


def test_exemptions_are_counted_by_day_person_lot_and_reason(desk: Desk) -> None:
    town = desk.town
    with town.house.databases.write.begin() as tx:
        new = NewPerson("hoa", "attendant", name="Nguyễn Thị Hoa", lots=("HK01",))
        add_person(tx, new, town.now)
    for plate in ("30A-001.01", "30A-001.02"):
        session = town.arrive(plate)
        with town.house.databases.write.begin() as tx:
            exempt(tx, session.id, "police", "person:hoa", town.now)
    abroad = town.arrive("30A-001.03", lot="DD01")
    with town.house.databases.write.begin() as tx:
        exempt(tx, abroad.id, "funeral", "person:tu", town.now)
    sit(desk)
    text = read(desk)
    assert "Nguyễn Thị Hoa HK01 Công an, quân đội đang làm nhiệm vụ 2" in text
    assert "tu DD01 Xe tang lễ 1" in text
    sit(desk, "thang-long")
    assert "Nguyễn Thị Hoa" not in read(desk)
    assert "Lượt miễn phí 1" in read(desk)


def test_exits_nobody_recorded_are_counted_by_lot_and_the_unpaid_are_listed(desk: Desk) -> None:
    town = desk.town
    unpaid = town.arrive("30A-001.01")
    town.arrive("30A-001.02", lot="DD01")
    town.clock.forward(hours=73)
    ended = end_forgotten(town.house.databases.write, town.house.tariffs, town.now)
    assert ended >= 2
    sit(desk, "hoan-kiem")
    text = read(desk)
    assert "HK01 · Bãi xe Trần Quang Khải" in text
    assert unpaid.plate in text
    assert "30A-001.02" not in text
    day = town.now.date().isoformat()
    assert "Lượt chưa ghi giờ ra" in read(desk, f"/finance/day/{day}")
    sit(desk)
    assert "30A-001.02" in read(desk)
    assert "Mọi lượt ra trong tháng đều đã ghi" in read(desk, f"{PAGE}?month=2026-01")


def test_a_month_that_is_none_and_a_day_of_another_century_are_explained(desk: Desk) -> None:
    sit(desk)
    assert desk.browser.get(f"{PAGE}?month=x").status_code == 400
    for day in ("9999-12-31", "0001-01-01"):
        assert desk.browser.get(f"/finance/day/{day}").status_code == 404
