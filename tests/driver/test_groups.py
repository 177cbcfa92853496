"""A driver pays for more vehicles together, each added by its own code."""

from __future__ import annotations

from io import BytesIO

import pytest

from parking.sessions import claims
from parking.sessions.models import ParkingSession
from payments.models import Payment
from payments.service import record
from qr import image
from tests.driver import rails
from tests.driver.kit import amount_of, payments, plain, session_path, ways_of
from tests.driver.transfers import Vietcombank, arrived
from tests.kit import Town
from tests.sessions.groups import bikes, dues
from tests.web.kit import Browser


@pytest.fixture
def stays(town: Town) -> list[ParkingSession]:
    return bikes(town)


def link(town: Town, stay: ParkingSession) -> str:
    return session_path(town, stay).removeprefix("/s/")


def together(town: Town, stays: list[ParkingSession]) -> str:
    """The page on which all of these are."""
    others = ",".join(link(town, stay) for stay in stays[1:])
    return f"{session_path(town, stays[0])}/together?others={others}"


def pay_all(driver: Browser, town: Town, stays: list[ParkingSession]) -> str:
    """Press the first button; where it leads."""
    page = together(town, stays)
    shown = driver.get(page)
    answer = driver.post(
        f"{session_path(town, stays[0])}/together/pay", page=page, amount=amount_of(shown),
        way=ways_of(shown)[0], others=page.partition("others=")[2],
    )  # fmt: skip
    assert answer.status_code == 303
    return str(answer.location)


def test_vehicles_are_added_by_pasted_link_and_by_picture(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    first = session_path(town, stays[0])
    assert f"{first}/together" in driver.get(first).get_data(as_text=True)
    whole = f"{town.house.config.public_url}{session_path(town, stays[1])}"
    answer = driver.post(f"{first}/together/add", page=f"{first}/together", code=f" {whole} ")
    assert answer.location.endswith(f"/together?others={link(town, stays[1])}")
    picture = BytesIO(image.png(f"{town.house.config.public_url}{session_path(town, stays[2])}"))
    answer = driver.post(
        f"{first}/together/add", page=f"{first}/together",
        others=link(town, stays[1]), picture=(picture, "code.png"),
    )  # fmt: skip
    page = plain(driver.get(answer.location))
    assert all(stay.plate in page for stay in stays)
    assert "15.000" in page


@pytest.mark.parametrize(
    ("code", "status"),
    [("29-B1 222.22", 404), ("", 404), ("https://elsewhere.example/s/x.a.b", 404), ("/s/", 404)],
)
def test_a_plate_or_a_foreign_link_adds_nobody(
    driver: Browser, town: Town, stays: list[ParkingSession], code: str, status: int
) -> None:
    first = session_path(town, stays[0])
    answer = driver.post(f"{first}/together/add", page=f"{first}/together", code=code)
    assert answer.status_code == status
    page = plain(answer)
    assert stays[1].plate not in page.replace(code, "")
    assert stays[0].plate in page


def test_a_picture_without_a_code_is_explained(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    first = session_path(town, stays[0])
    answer = driver.post(
        f"{first}/together/add", page=f"{first}/together", picture=(BytesIO(b"no"), "code.png")
    )
    assert (answer.status_code, stays[0].plate in plain(answer)) == (400, True)


def test_a_vehicle_of_another_lot_is_named_and_not_added(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    far = town.arrive("29-B1 444.44", "motorbike", lot="DD01")
    first = session_path(town, stays[0])
    code = session_path(town, far)
    answer = driver.post(f"{first}/together/add", page=f"{first}/together", code=code)
    assert answer.status_code == 409
    assert "444.44" in plain(answer)


def test_all_are_paid_at_once_and_each_page_says_so(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    away = pay_all(driver, town, stays)
    assert away.startswith(town.house.config.sandbox_url)
    (payment,) = payments(town)
    for stay in stays:
        page = plain(driver.get(f"{session_path(town, stay)}?lang=en"))
        assert "for 3 vehicles" in page
        assert all(other.plate not in page for other in stays if other.id != stay.id)
    town.act(payment)
    town.learn(payment)
    for stay in stays:
        paid = driver.get(f"{session_path(town, stay)}?lang=en")
        assert "Paid together with 2 other vehicles" in plain(paid)
        assert "15,000" in plain(paid)
    receipt = paid.get_data(as_text=True).partition('href="/r/')[2].partition('"')[0]
    shown = plain(driver.get(f"/r/{receipt}?lang=en"))
    assert all(stay.plate in shown for stay in stays)


def test_what_was_paid_meanwhile_is_shown_before_the_rest_is_asked_for(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    page = together(town, stays)
    old = amount_of(driver.get(page))
    town.pay(stays[1])
    answer = driver.post(
        f"{session_path(town, stays[0])}/together/pay", page=page, amount=old,
        way="x", others=page.partition("others=")[2],
    )  # fmt: skip
    assert "news=changed" in answer.location
    assert "10.000" in plain(driver.get(answer.location))
    pay_all(driver, town, stays)
    assert payments(town)[-1].amount == 10_000


def test_one_vehicle_alone_cannot_be_paid_here(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    page = driver.get(together(town, stays[:1]))
    assert ways_of(page) == []


def test_the_bounds_of_an_account_hold_for_the_sum(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    with town.house.databases.write.begin() as tx:
        tx.merge(town.account()).most = 14_000
    assert ways_of(driver.get(together(town, stays[:2])))
    assert ways_of(driver.get(together(town, stays))) == []


def test_a_transfer_for_three_says_so_on_page_and_picture(
    town: Town, stays: list[ParkingSession]
) -> None:
    rails.open_rail(town, Vietcombank)
    driver = Browser(town.house)
    page = together(town, stays)
    way = next(way for way in ways_of(driver.get(page)) if way.startswith("hk-"))
    answer = driver.post(
        f"{session_path(town, stays[0])}/together/pay", page=page, amount="15000",
        way=way, others=page.partition("others=")[2],
    )  # fmt: skip
    (payment,) = payments(town)
    for stay in stays:
        shown = driver.get(f"{session_path(town, stay)}/transfer/{payment.code}?lang=en")
        assert shown.status_code == 200
        assert "3 vehicles" in plain(shown)
        assert all(s.plate not in plain(shown) for s in stays)
    picture = driver.get(f"{answer.location}/picture.png")
    assert (picture.status_code, picture.content_type) == (200, "image/png")
    come(town, payment, 10_000)
    assert dues(town, stays) == [0, 0, 5_000]
    assert "10,000" in plain(driver.get(f"{answer.location}?lang=en"))


def come(town: Town, payment: Payment, amount: int) -> None:
    with town.house.databases.write.begin() as tx:
        record(tx, payment.account, arrived(payment, amount, town.now), town.now, source="webhook")


def asked_for_all(driver: Browser, town: Town, stays: list[ParkingSession], **form: str) -> str:
    """Press the first button; the question that is asked, or empty when the driver is sent on."""
    page = together(town, stays)
    shown = driver.get(page)
    answer = driver.post(
        f"{session_path(town, stays[0])}/together/pay", page=page, amount=amount_of(shown),
        way=ways_of(shown)[0], others=page.partition("others=")[2], **form,
    )  # fmt: skip
    return "" if answer.status_code == 303 else plain(answer)


def test_a_transfer_announced_for_one_of_them_is_asked_about_first(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    with town.house.databases.write.begin() as tx:
        claims.claim(tx, town.house.tariffs, stays[1].id, "driver", "", town.now)
    asked = asked_for_all(driver, town, stays)
    assert "Bạn đã chuyển khoản rồi phải không?" in asked
    assert "đã có lời báo là đã chuyển 5.000 ₫" in asked
    assert "Chưa chuyển: trả 15.000 ₫ ngay" in asked
    assert payments(town) == []
    assert asked_for_all(driver, town, stays, again="yes") == ""
    assert [payment.amount for payment in payments(town)] == [15_000]
    assert "Bạn đã chuyển khoản" not in asked_for_all(driver, town, [stays[0], stays[2]])


def test_going_on_with_the_groups_own_transfer_is_not_paying_again(
    driver: Browser, town: Town, stays: list[ParkingSession]
) -> None:
    rails.open_rail(town, Vietcombank)
    first = rails.phone(town)
    page = together(town, stays)
    for _ in range(2):
        answer = first.post(
            f"{session_path(town, stays[0])}/together/pay", page=page, amount="15000",
            way="hk-bank:", others=page.partition("others=")[2],
        )  # fmt: skip
        assert (answer.status_code, "/transfer/" in answer.location) == (303, True)
    assert len(payments(town)) == 1
    assert "bạn đã mở mã chuyển khoản 15.000 ₫" in asked_for_all(first, town, stays)
