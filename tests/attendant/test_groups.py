"""Several vehicles, one payment; and the attendant who pays for a driver is named and counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.sessions import claims
from parking.sessions.models import ParkingSession, ProxyPayment
from parking.sessions.proxies import pay_for_driver, proxy_counts
from payments.db import business_day
from payments.models import Audit, Payment
from tests.driver.kit import amount_of, payments, plain, ways_of
from tests.kit import Town
from tests.payments.kit import at_once
from tests.sessions.groups import bikes, choice, dues
from tests.web.kit import Browser

HOA = "person:hoa"


@pytest.fixture
def stays(town: Town) -> list[ParkingSession]:
    return bikes(town)


def chosen(stays: list[ParkingSession]) -> str:
    return "/attendant/together/HK01?" + "&".join(f"vehicle={stay.id}" for stay in stays)


def test_vehicles_are_picked_from_the_list_and_paid_by_one_code(
    hoa: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    assert "/attendant/together" in hoa.get("/attendant/").get_data(as_text=True)
    assert hoa.get("/attendant/together").location == "/attendant/together/HK01"
    assert all(s.plate in plain(hoa.get("/attendant/together/HK01")) for s in stays)
    narrowed = plain(hoa.get(f"{chosen(stays[:1])}&q=222"))
    assert [s.plate in narrowed for s in stays] == [True, True, False]
    page = chosen(stays[:2])
    shown = hoa.get(page)
    answer = hoa.post(
        "/attendant/together/HK01", page=page, amount=amount_of(shown), way=ways_of(shown)[0],
        vehicle=[str(stay.id) for stay in stays[:2]],
    )  # fmt: skip
    assert answer.location.startswith(town.house.config.sandbox_url)
    (payment,) = payments(town)
    assert payment.amount == 10_000
    town.act(payment)
    town.learn(payment)
    assert dues(town, stays) == [0, 0, 5_000]
    assert payment.code in plain(hoa.get(f"/attendant/sessions/{stays[1].id}"))


def test_the_attendant_asks_the_driver_before_a_claim_is_paid_again(
    hoa: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    with town.house.databases.write.begin() as tx:
        claims.claim(tx, town.house.tariffs, stays[1].id, HOA, "", town.now)
    page = chosen(stays[:2])
    form = {"amount": "10000", "way": ways_of(hoa.get(page))[0]}
    vehicles = [str(stay.id) for stay in stays[:2]]
    answer = hoa.post("/attendant/together/HK01", page=page, vehicle=vehicles, **form)
    assert (answer.status_code, payments(town)) == (200, [])
    assert f"{stays[1].plate}: 5.000 ₫, đã mở mã hoặc báo chuyển khoản lúc" in plain(answer)
    answer = hoa.post("/attendant/together/HK01", page=page, vehicle=vehicles, again="yes", **form)
    assert (answer.status_code, len(payments(town))) == (303, 1)


@pytest.mark.parametrize("amount", ["1", "", "x"])
def test_an_amount_of_another_moment_is_shown_again(
    hoa: Browser, town: Town, stays: list[ParkingSession], amount: str
) -> None:
    answer = hoa.post(
        "/attendant/together/HK01", page=chosen(stays), amount=amount, way="x",
        vehicle=[str(stay.id) for stay in stays],
    )  # fmt: skip
    assert (answer.status_code, payments(town)) == (409, [])


def test_vehicles_of_somebody_elses_lot_do_not_exist(hoa: Browser, town: Town) -> None:
    far = town.arrive("29-B1 444.44", "motorbike", lot="DD01")
    assert hoa.get(chosen([far])).status_code == 404
    assert hoa.get("/attendant/together/DD01").status_code == 404
    assert hoa.get(f"/attendant/sessions/{far.id}/pay-for-driver").status_code == 404
    assert hoa.get("/attendant/together/HK01?vehicle=x").status_code == 400


def pay_as_hoa(hoa: Browser, stay: ParkingSession) -> str:
    page = f"/attendant/sessions/{stay.id}/pay-for-driver"
    shown = hoa.get(page)
    answer = hoa.post(page, page=page, amount=amount_of(shown), way=ways_of(shown)[0])
    assert answer.status_code == 303
    return str(answer.location)


def test_paying_for_a_driver_is_named_counted_and_never_the_drivers_own_payment(
    hoa: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    own = town.checkout(stays[0])
    check = f"/attendant/sessions/{stays[0].id}"
    assert f"{check}/pay-for-driver" in hoa.get(check).get_data(as_text=True)
    assert pay_as_hoa(hoa, stays[0]) == pay_as_hoa(hoa, stays[0])
    first, second = payments(town)
    assert (first.id, second.amount) == (own.id, 5_000)
    with town.house.databases.read() as tx:
        proxy = tx.scalars(select(ProxyPayment)).one()
        acts = tx.scalars(select(Audit.act).where(Audit.subject == stays[0].reference)).all()
    assert (proxy.payment_id, proxy.by, proxy.at) == (second.id, HOA, town.now)
    assert acts.count("session.paid_by_attendant") == 1
    assert count(town) == [(HOA, 1, 0, 0)]
    town.act(second)
    town.learn(second)
    assert count(town) == [(HOA, 1, 1, 5_000)]
    assert dues(town, stays)[0] == 0
    page = plain(hoa.get(f"{check}?lang=en"))
    assert f"Paid for the driver: VND 5,000, payment {second.code}" in page
    assert "1 times, VND 5,000" in plain(hoa.get(f"{check}/pay-for-driver?lang=en"))


def count(town: Town) -> list[tuple[str, int, int, int]]:
    today = business_day(town.now)
    with town.house.databases.read() as tx:
        found = proxy_counts(tx, today, today)
        assert proxy_counts(tx, today, today, by="person:tu") == []
        assert proxy_counts(tx, today, today, operator="thang-long") == []
        assert proxy_counts(tx, today, today, operator="hoan-kiem", by=HOA) == found
    return [(one.by, one.begun, one.paid, one.amount) for one in found]


def test_two_attendants_at_once_pay_by_two_payments_of_their_own(
    town: Town, stays: list[ParkingSession]
) -> None:
    house = town.house

    def pay(actor: str) -> Payment:
        return pay_for_driver(
            house.databases.write, house.gateways, house.tariffs, stays[0].id,
            choice(town, actor), town.now,
        )  # fmt: skip

    found = at_once([lambda who=who: pay(who) for who in [HOA, "person:tu"] * 4])  # type: ignore[misc]
    assert len({one.code for one in found if isinstance(one, Payment)}) == 2
    assert sorted(count_all(town)) == [HOA, "person:tu"]


def count_all(town: Town) -> list[str]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(ProxyPayment.by)))


def test_a_price_that_moved_on_is_shown_before_it_is_paid(
    hoa: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    page = f"/attendant/sessions/{stays[0].id}/pay-for-driver"
    for form in ({"amount": "1"}, {"amount": "5000", "way": "elsewhere:"}):
        answer = hoa.post(page, page=page, **form)
        assert answer.status_code == 409
    assert payments(town) == []
