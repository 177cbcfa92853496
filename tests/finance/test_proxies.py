"""Finance sees who paid for drivers, of its own operator, month by month."""

from __future__ import annotations

from parking.people.service import NewPerson, add_person
from parking.sessions.proxies import pay_for_driver
from tests.finance.conftest import Desk
from tests.sessions.groups import bikes, choice


def test_the_list_counts_by_attendant_and_month(desk: Desk) -> None:
    town = desk.town
    with town.house.databases.write.begin() as tx:
        add_person(
            tx, NewPerson("hoa", "attendant", name="Nguyễn Thị Hoa", lots=("HK01",)), town.now
        )
    house = town.house
    for stay in bikes(town):
        payment = pay_for_driver(
            house.databases.write, house.gateways, house.tariffs, stay.id,
            choice(town, "person:hoa"), town.now,
        )  # fmt: skip
    town.act(payment)
    town.learn(payment)
    desk.sit()
    page = desk.read("/finance/proxies?lang=en")
    assert "Nguyễn Thị Hoa" in page
    assert "VND\u00a05,000" in page
    assert "Nobody paid for a driver" in desk.read("/finance/proxies?month=2026-10&lang=en")
    assert desk.browser.get("/finance/proxies?month=2026-13").status_code == 404
