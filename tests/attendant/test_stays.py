"""The attendant's hands on a stay: collect on entry, exempt, find it elsewhere, say when it left."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from parking.lots.models import Lot, LotTariff
from parking.people.service import NewPerson, add_person
from parking.sessions.forgotten import end_forgotten
from parking.sessions.models import ParkingSession
from payments.db import CITY_ZONE
from payments.payback import RefundTask
from tests.attendant.test_check import check, now_of
from tests.driver.kit import plain, state_of
from tests.kit import Town
from tests.web.kit import Browser

LIST = "/attendant/"
NEW = "/attendant/new/HK01"
BIKE = "29-G1 123.45"


def collect(town: Town, when: str) -> None:
    with town.house.databases.write.begin() as tx:
        key = (town.lots["HK01"].id, "motorbike")
        tx.get_one(LotTariff, key).collect = when


def forget(town: Town) -> ParkingSession:
    """A paid motorbike whose exit nobody recorded; it is 19:00."""
    bike = town.arrive(BIKE, "motorbike")
    town.pay(bike)
    town.clock.now = datetime(2026, 11, 20, 19, 0, tzinfo=CITY_ZONE)
    assert end_forgotten(town.house.databases.write, town.house.tariffs, town.now) == 1
    return bike


def test_a_lot_that_collects_on_entry_shows_the_code_and_the_amount_at_once(
    town: Town, hoa: Browser
) -> None:
    collect(town, "entry")
    taken = hoa.post(NEW, page=NEW, plate=BIKE, vehicle="motorbike")
    text = plain(hoa.get(taken.headers["Location"]))
    assert "Thu ngay 5.000 ₫" in text
    assert "Thu khi vào" in plain(hoa.get(LIST))
    collect(town, "either")
    assert "Thu khi vào" not in plain(hoa.get(LIST))
    assert "Thu ngay" not in plain(hoa.get(taken.headers["Location"]))


def test_what_was_paid_on_entry_lets_out_with_one_touch_in_the_evening(
    town: Town, hoa: Browser
) -> None:
    collect(town, "entry")
    bike = town.arrive(BIKE, "motorbike", declared=False)
    town.pay(bike)
    town.clock.forward(hours=9, minutes=55)
    assert hoa.post(check(bike, "exit"), page=check(bike)).status_code == 303
    assert now_of(town, bike).exit_at == town.now


def test_one_tap_exempts_and_one_takes_it_back(town: Town, hoa: Browser) -> None:
    bike = town.arrive(BIKE, "motorbike")
    assert hoa.post(check(bike, "exempt"), page=check(bike), exemption="police").status_code == 303
    page = hoa.get(check(bike))
    assert state_of(page) == "exempt"
    assert "Miễn phí: Công an, quân đội đang làm nhiệm vụ Nguyễn Thị Hoa" in plain(page)
    mine = plain(hoa.get("/attendant/mine"))
    assert "Miễn phí hôm nay 1" in mine
    assert BIKE in mine
    hoa.post(check(bike, "withdraw-exemption"), page=check(bike))
    assert state_of(hoa.get(check(bike))) == "unpaid"
    assert "Miễn phí hôm nay 0" in plain(hoa.get("/attendant/mine"))


def test_an_exemption_that_will_not_do_is_explained(town: Town, hoa: Browser) -> None:
    bike = town.arrive(BIKE, "motorbike")
    answer = hoa.post(check(bike, "exempt"), page=check(bike), exemption="friend")
    assert answer.status_code == 400
    assert "không có trong danh sách lý do" in plain(answer)
    town.pay(bike)
    late = hoa.post(check(bike, "exempt"), page=check(bike), exemption="police")
    assert late.status_code == 409
    assert "hãy nhờ kế toán hoàn lại" in plain(late)


def test_a_plate_open_at_another_operators_lot_is_flagged_without_its_times(
    town: Town, hoa: Browser
) -> None:
    town.arrive(lot="DD01")
    town.clock.forward(minutes=30)
    here = town.arrive()
    text = plain(hoa.get(check(here)))
    assert "Đang gửi, chưa trả tại bãi DD01 · Bãi xe Chùa Bộc." in text
    assert "Vào bãi đó lúc" not in text


def test_the_whole_plate_finds_what_was_paid_at_the_wrong_lot_and_asks_for_it_back(
    town: Town, hoa: Browser
) -> None:
    wrong = town.arrive(lot="DD01")
    town.clock.forward(minutes=30)
    town.pay(wrong)
    assert "Đã trả tại bãi" not in plain(hoa.get(f"{LIST}?q=2345"))
    search = f"{LIST}?q=30A-123.45"
    assert "Đã trả tại bãi DD01 · Bãi xe Chùa Bộc đến 08:59." in plain(hoa.get(search))
    act = f"/attendant/elsewhere/{wrong.id}/begin"
    form = {"lot": "HK01", "reason": "Chọn nhầm bãi"}
    assert hoa.post(act, page=search, plate="30A-999.99", **form).status_code == 404
    answer = hoa.post(act, page=search, plate="30A-123.45", **form)
    assert answer.status_code == 303
    text = plain(hoa.get(answer.headers["Location"]))
    assert "Đã đề nghị kế toán hoàn số tiền trả nhầm bãi" in text
    assert "đề nghị hoàn 25.000 ₫: Chọn nhầm bãi" in text
    with town.house.databases.read() as tx:
        assert [task.amount for task in tx.scalars(select(RefundTask))] == [25_000]
    abroad = hoa.post(act, page=search, plate="30A-123.45", lot="DD01", reason="nhầm bãi")
    assert abroad.status_code == 404


def second_lot(town: Town) -> None:
    """HK02, of the same operator, for cars only."""
    with town.house.databases.write.begin() as tx:
        other = Lot(
            number="HK02", name="Bãi xe Phan Chu Trinh", street="Phan Chu Trinh", ward="Cửa Nam",
            former_district="Hoàn Kiếm", latitude="21", longitude="105", source="ours",
            unverified=True, operator_id=town.lots["HK01"].operator_id, created_at=town.now,
        )  # fmt: skip
        other.tariffs = [LotTariff(vehicle_class="car", tariff_code="hn-dong-da")]
        tx.add(other)
    town.lots["HK02"] = other


def test_within_one_operator_the_stay_is_moved(town: Town, hoa: Browser) -> None:
    second_lot(town)
    car = town.arrive(lot="HK02", declared=False)
    town.clock.forward(minutes=30)
    search = f"{LIST}?q=30A12345"
    assert "Vào bãi đó lúc 08:00 20/11/2026. Chuyển về bãi HK01" in plain(hoa.get(search))
    form = {"plate": "30A12345", "lot": "HK01", "reason": "Chọn nhầm bãi"}
    answer = hoa.post(f"/attendant/elsewhere/{car.id}/move", page=search, **form)
    assert answer.headers["Location"] == f"{check(car)}?news=moved"
    assert "Chuyển từ bãi HK02 sang bãi HK01: Chọn nhầm bãi" in plain(hoa.get(check(car)))


def test_a_move_that_is_refused_is_explained_where_it_was_asked_for(
    town: Town, hoa: Browser
) -> None:
    second_lot(town)
    there = town.arrive(lot="HK02", declared=False)
    here = town.arrive(lot="HK01", declared=False)
    search = f"{LIST}?q=30A12345"
    form = {"plate": "30A12345", "lot": "HK01", "reason": "Chọn nhầm bãi"}
    answer = hoa.post(f"/attendant/elsewhere/{there.id}/move", page=search, **form)
    assert answer.status_code == 409
    assert 'value="30A12345"' in answer.get_data(as_text=True)
    assert 'class="notice bad" role="alert"' in answer.get_data(as_text=True)
    assert now_of(town, here).lot_id != now_of(town, there).lot_id


def test_a_vehicle_inside_is_moved_to_another_own_lot_from_its_page(town: Town) -> None:
    second_lot(town)
    both = NewPerson("lan", "attendant", name="Lan", lots=("HK01", "HK02"))
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, both, town.now)
    lan = Browser(town.house)
    lan.sign_in("lan", password)
    bike, car = town.arrive(BIKE, "motorbike"), town.arrive()
    answer = lan.post(
        check(bike, "move"), page=check(bike), to_lot="HK02", why_moved="Khách quét nhầm biển"
    )
    assert answer.status_code == 400
    shown = answer.get_data(as_text=True)
    assert 'value="Khách quét nhầm biển"' in shown
    assert "HK02" in plain(answer).partition(BIKE)[0]
    moved = lan.post(check(car, "move"), page=check(car), to_lot="HK02", why_moved="Nhầm biển")
    assert moved.headers["Location"] == f"{check(car)}?news=moved"
    assert "Chuyển từ bãi HK01 sang bãi HK02: Nhầm biển" in plain(lan.get(check(car)))


def test_digits_that_find_nothing_offer_a_search_by_the_whole_plate(
    town: Town, hoa: Browser
) -> None:
    assert "Gõ cả biển số" in plain(hoa.get(f"{LIST}?q=777"))
    assert "không gửi ở bãi nào khác" in plain(hoa.get(f"{LIST}?q=30A-777.77"))


def test_an_exit_nobody_recorded_is_found_and_put_right(town: Town, hoa: Browser) -> None:
    bike = forget(town)
    assert BIKE not in plain(hoa.get(LIST))
    assert f"{BIKE} Chưa ghi giờ ra Kết thúc 18:00 20/11/2026" in plain(hoa.get(f"{LIST}?q=345"))
    page = hoa.get(check(bike))
    assert state_of(page) == "unrecorded"
    assert "Hệ thống đã kết thúc lượt gửi lúc 18:00 20/11/2026" in plain(page)
    wrong = hoa.post(check(bike, "real-exit"), page=check(bike), exit_at="2026-11-20T20:00")
    assert wrong.status_code == 400
    hoa.post(check(bike, "real-exit"), page=check(bike), exit_at="2026-11-20T18:50")
    row = now_of(town, bike)
    assert (row.exit_kind, row.exit_at) == ("observed", town.now - timedelta(minutes=10))
    assert "Ghi giờ ra thật 18:50 20/11/2026" in plain(hoa.get(check(bike)))


def test_a_vehicle_that_never_left_is_inside_again(town: Town, hoa: Browser) -> None:
    bike = forget(town)
    assert hoa.post(check(bike, "still-here"), page=check(bike)).status_code == 303
    assert "Trong bãi 1" in plain(hoa.get(LIST))
    assert "8.000 ₫" in plain(hoa.get(check(bike)))


def test_stays_of_other_lots_cannot_be_touched(town: Town, hoa: Browser) -> None:
    there = town.arrive(lot="DD01")
    for act in ("exempt", "withdraw-exemption", "real-exit", "still-here"):
        answer = hoa.post(check(there, act), page=NEW, exemption="police")
        assert answer.status_code == 404


def test_an_attendant_sees_own_exemptions_only(town: Town, hoa: Browser) -> None:
    bike = town.arrive(BIKE, "motorbike")
    tu = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson("tu", "attendant", lots=("HK01",)), town.now)
    tu.sign_in("tu", password)
    tu.post(check(bike, "exempt"), page=check(bike), exemption="funeral")
    assert "Miễn phí hôm nay 0" in plain(hoa.get("/attendant/mine"))
    assert "Miễn phí hôm nay 1" in plain(tu.get("/attendant/mine"))
