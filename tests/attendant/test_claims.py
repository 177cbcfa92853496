"""“Transferred, waiting for the bank” at the barrier: one tap, a name, and a list of all who wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.journey import Journey
from parking.sessions import claims
from parking.sessions.models import ParkingSession, TransferClaim
from parking.sessions.quotes import pay as begin
from payments.accounts import account_by_slug
from payments.models import MerchantAccount
from payments.provider import Notice
from payments.silence import LEAST_PATIENCE
from tests.attendant.test_check import check, now_of, trail
from tests.driver.kit import plain, state_of
from tests.driver.rails import open_rail
from tests.driver.transfers import Vietcombank
from tests.kit import Town
from tests.web.kit import Browser

LIST = "/attendant/claims"


@pytest.fixture
def car(town: Town) -> ParkingSession:
    """A car that has stood for fifty minutes: 25,000 dong."""
    session = town.arrive()
    town.clock.forward(minutes=50)
    return session


def says_so(town: Town, car: ParkingSession, reference: str = "") -> None:
    """The driver."""
    with town.house.databases.write.begin() as tx:
        claims.claim(tx, town.house.tariffs, car.id, "driver", reference, town.now)


def claim_of(town: Town) -> TransferClaim:
    with town.house.databases.read() as tx:
        return tx.scalars(select(TransferClaim)).one()


def test_what_the_driver_says_is_shown_and_let_out_with_one_tap(
    town: Town, car: ParkingSession, hoa: Browser
) -> None:
    says_so(town, car, "FT26324 77")
    town.clock.forward(minutes=3)
    page = hoa.get(check(car))
    text = plain(page)
    assert state_of(page) == "announced"
    assert "Người gửi xe báo đã chuyển 25.000 ₫ lúc 08:50 20/11/2026" in text
    assert "Mã tham chiếu ngân hàng FT26324 77" in text
    answer = hoa.post(check(car, "release"), page=check(car))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/attendant/")
    assert now_of(town, car).exit_at == town.now
    assert claim_of(town).released_by == "person:hoa"
    assert "Đã ra, chưa trả" not in plain(hoa.get("/attendant/"))
    assert state_of(hoa.get("/attendant/")) == "announced"
    assert trail(town, car)[2:] == [
        ("session.exit", "person:hoa"),
        ("session.release", "person:hoa"),
    ]
    after = plain(hoa.get(check(car)))
    assert "Nguyễn Thị Hoa cho ra lúc 08:53 20/11/2026" in after
    assert "Cho ra, chờ ngân hàng: 25.000 ₫" in after
    assert "Báo đã chuyển 25.000 ₫ (mã tham chiếu ngân hàng: FT26324 77)" in after


def test_without_the_driver_the_attendant_vouches_by_name(
    town: Town, car: ParkingSession, hoa: Browser
) -> None:
    assert "Việc này ghi tên bạn" in plain(hoa.get(check(car)))
    hoa.post(check(car, "release"), page=check(car))
    found = claim_of(town)
    assert (found.claimed_by, found.released_by) == ("person:hoa", "person:hoa")


def test_letting_out_unpaid_is_another_thing(town: Town, car: ParkingSession, hoa: Browser) -> None:
    warned = plain(hoa.post(check(car, "exit"), page=check(car)))
    assert "Cho ra dù chưa trả" in warned
    assert "Cho ra, chờ ngân hàng" in warned
    hoa.post(check(car, "exit"), page=check(car), unpaid="yes")
    late = hoa.post(check(car, "release"), page=check(car))
    assert late.status_code == 409
    assert "đã được ghi rồi" in plain(late)
    assert ("session.exit_unpaid", "person:hoa") in trail(town, car)


def test_it_can_be_noted_without_letting_anybody_out(
    town: Town, car: ParkingSession, hoa: Browser
) -> None:
    hoa.post(check(car, "claim"), page=check(car))
    assert now_of(town, car).exit_at is None
    hoa.post(check(car, "claim"), page=check(car), reference="FT 9")
    assert claim_of(town).bank_reference == "FT 9"
    wrong = hoa.post(check(car, "claim"), page=check(car), reference="<b>")
    assert wrong.status_code == 400
    assert "“<b>” không phải mã tham chiếu ngân hàng" in plain(wrong)
    assert hoa.post(check(car, "withdraw-claim"), page=check(car)).status_code == 303
    assert claim_of(town).outcome == "withdrawn"
    assert "Rút lại lời báo đã chuyển 25.000 ₫" in plain(hoa.get(check(car)))


def test_a_paid_vehicle_shows_nothing_of_it(town: Town, car: ParkingSession, hoa: Browser) -> None:
    town.pay(car)
    page = hoa.get(check(car)).get_data(as_text=True)
    assert 'id="claim"' not in page
    assert check(car, "release") not in page


@pytest.mark.parametrize("act", ["release", "claim", "withdraw-claim"])
def test_at_a_lot_of_somebody_else_nothing_can_be_done(town: Town, hoa: Browser, act: str) -> None:
    session = town.arrive(lot="DD01")
    town.clock.forward(minutes=50)
    assert hoa.post(check(session, act), page="/attendant/new/HK01").status_code == 404
    assert trail(town, session) == [("session.enter", "driver")]


def test_the_list_shows_who_waits_at_own_lots_the_oldest_first(
    town: Town, car: ParkingSession, hoa: Browser
) -> None:
    assert "Không có xe nào đang chờ ngân hàng" in plain(hoa.get(LIST))
    says_so(town, car, "FT1")
    hoa.post(check(car, "release"), page=check(car))
    other, third = town.arrive("30A-999.99"), town.arrive("30A-888.88", lot="DD01")
    town.clock.forward(minutes=50)
    says_so(town, other)
    says_so(town, third)
    town.clock.forward(minutes=10)
    text = plain(hoa.get(LIST))
    assert text.index("30A-123.45") < text.index("30A-999.99")
    assert "đã 1 giờ" in text
    assert "Nguyễn Thị Hoa cho ra lúc 08:50" in text
    assert "Xe còn trong bãi" in text
    assert "30A-888.88" not in text


# A silent feed


class Fed(Vietcombank):
    """A bank whose feed can be asked, and has nothing to tell."""

    def recent(self, since: object) -> list[Notice]:
        return []


@pytest.fixture
def fed(town: Town) -> MerchantAccount:
    """The account of that bank, in the house that everybody's pages are served from."""
    open_rail(town, Fed)
    with town.house.databases.read() as tx:
        return account_by_slug(tx, "hk-bank")


def transfer(town: Town, account: MerchantAccount, plate: str) -> None:
    session = town.arrive(plate)
    town.clock.forward(minutes=30)
    begin(
        town.house.databases.write, town.house.gateways, town.house.tariffs, session.id, account,
        Journey("https://p.example", "https://p.example/s"), town.now,
    )  # fmt: skip


def test_a_silent_feed_is_said_on_the_attendants_pages(
    town: Town, fed: MerchantAccount, car: ParkingSession, hoa: Browser
) -> None:
    transfer(town, fed, "30A-111.11")
    begun = town.now
    transfer(town, fed, "30A-222.22")
    told = "Tin báo của ngân hàng chậm từ 09:20"
    for wait, late in ((LEAST_PATIENCE, False), (LEAST_PATIENCE + timedelta(minutes=11), True)):
        town.clock.now = begun + wait
        for path in ("/attendant/", check(car), LIST):
            assert (told in plain(hoa.get(path))) is late
        answer = hoa.get("/attendant/lane/HK01/bank").get_json()
        assert answer == {"late": round(begun.timestamp() * 1000) if late else None}
