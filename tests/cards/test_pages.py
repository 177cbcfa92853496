"""A card's code for drivers and attendants, and what an attendant does with cards at the lot."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from parking.cards.models import Card
from parking.cards.service import CardAct
from parking.sessions.models import ParkingSession
from tests.cards.kit import (
    arrive,
    card_now,
    card_path,
    change,
    charge_for_lost_cards,
    lose,
    make,
    stay_now,
)
from tests.driver.kit import plain, session_path
from tests.kit import Town
from tests.web.kit import Browser

NEW = "/attendant/new/HK01"


def check(stay: ParkingSession, act: str = "") -> str:
    return f"/attendant/sessions/{stay.id}" + (f"/{act}" if act else "")


def stays(town: Town) -> list[ParkingSession]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(ParkingSession).order_by(ParkingSession.id)))


def test_a_drivers_card_leads_to_the_price(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    driver = Browser(town.house)
    answer = driver.get(card_path(town, card))
    assert (answer.status_code, answer.headers["Location"]) == (303, session_path(town, stay))
    page = plain(driver.get(answer.headers["Location"]))
    assert "Thanh toán 2.000 ₫" in page
    assert "Khi ra về, xin trả thẻ #0001 cho nhân viên." in page


def test_a_card_in_nobodys_hand_says_so(town: Town) -> None:
    card = make(town)[0]
    driver = Browser(town.house)
    page = driver.get(card_path(town, card))
    assert page.status_code == 200
    assert "Thẻ này hiện chưa được dùng" in plain(page)
    change(town, card, CardAct.BLOCK)
    assert "không còn dùng nữa" in plain(driver.get(card_path(town, card)))


def test_whoever_finds_a_lost_card_sees_nobodys_stay(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card, "29-B1 234.56", "motorbike")
    lose(town, card)
    page = Browser(town.house).get(card_path(town, card))
    assert page.status_code == 200
    assert "Thẻ này đã được báo mất" in plain(page)
    assert stay.plate not in plain(page)
    assert stay.token not in page.get_data(as_text=True)


def test_an_altered_card_is_warned_of(town: Town) -> None:
    path = card_path(town, make(town)[0])
    for altered in (path[:-1], path.replace("/1/", "/2/"), path.replace("HK01", "DD01")):
        answer = Browser(town.house).get(altered)
        assert answer.status_code == 404
        assert "không phải thẻ của chúng tôi" in plain(answer)


def test_an_attendant_who_scans_a_free_card_takes_a_vehicle_in(town: Town, hoa: Browser) -> None:
    card = make(town, 42)[41]
    ways = [card_path(town, card)]
    for _ in range(2):
        ways.append(hoa.get(ways[-1]).headers["Location"])
    assert ways[-1] == f"{NEW}?card=0042"
    form = hoa.get(ways[-1]).get_data(as_text=True)
    assert 'value="0042"' in form
    answer = hoa.post(NEW, page=ways[-1], plate="", card="0042", vehicle="bicycle")
    assert answer.status_code == 303
    (stay,) = stays(town)
    assert (stay.plate, stay.card_id, stay.opened_by) == ("#0042", card.id, "person:hoa")
    page = plain(hoa.get(answer.headers["Location"]))
    assert "Bắt đầu gửi xe bằng thẻ #0042" in page
    assert "Phát thẻ #0042" in page


def test_a_scanned_card_and_a_plate_go_together(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    scanned = f"https://p.example.vn{card_path(town, card)}"
    form = {"plate": "29-B1 234.56", "vehicle": "motorbike"}
    assert hoa.post(NEW, page=NEW, card=scanned, **form).status_code == 303
    (stay,) = stays(town)
    assert (stay.plate, stay.card_id) == ("29-B1 234.56", card.id)
    assert "Thẻ #0001" in plain(hoa.get(check(stay)))


def test_a_doubtful_plate_keeps_its_card_while_it_is_asked_about(town: Town, hoa: Browser) -> None:
    make(town)
    answer = hoa.post(NEW, page=NEW, card="1", plate="30A-123.45", vehicle="motorbike")
    assert answer.status_code == 409
    assert '<input type="hidden" name="card" value="1">' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("card", "status", "said"),
    [
        ("9", 404, "thẻ cuối cùng là #0003"),
        ("x", 400, "không phải số thẻ"),
        ("/c/HK01/1/a.ALTERED", 400, "không phải thẻ của chúng tôi"),
        ("2", 409, "đã được báo mất"),
        ("3", 409, "đang bị khóa"),
    ],
)
def test_a_card_that_cannot_be_handed_out_is_explained_on_the_form(
    town: Town, hoa: Browser, card: str, status: int, said: str
) -> None:
    _, lost, blocked = make(town)
    change(town, lost, CardAct.LOST)
    change(town, blocked, CardAct.BLOCK)
    answer = hoa.post(NEW, page=NEW, card=card, plate="", vehicle="bicycle")
    assert answer.status_code == status
    assert said in plain(answer)
    assert f'value="{card}"' in answer.get_data(as_text=True)
    assert stays(town) == []


def test_a_card_scanned_at_the_wrong_lot_names_both(town: Town, hoa: Browser) -> None:
    theirs = make(town, 1, "DD01")[0]
    path = card_path(town, theirs)
    answer = hoa.post(NEW, page=NEW, card=path, plate="", vehicle="bicycle")
    assert answer.status_code == 409
    for name in ("DD01 (Bãi xe Chùa Bộc)", "HK01 (Bãi xe Trần Quang Khải)"):
        assert name in plain(answer)
    page = plain(hoa.get(path))
    assert "là của bãi DD01 (Bãi xe Chùa Bộc). Bạn làm việc ở HK01" in page
    assert "Xem giá và trả tiền" not in page
    arrive(town, theirs, lot="DD01")
    assert "Xem giá và trả tiền" in plain(hoa.get(path))
    assert hoa.get(f"/attendant/cards/{theirs.id}").status_code == 404


def test_a_card_in_use_leads_to_the_vehicle_that_has_it(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    stay = arrive(town, card, "29-B1 234.56", "motorbike")
    answer = hoa.post(NEW, page=NEW, card="1", plate="", vehicle="bicycle")
    assert answer.status_code == 409
    assert "Thẻ #0001 đang theo xe 29-B1 234.56 từ 08:00 20/11/2026" in plain(answer)
    assert f'href="{check(stay)}"' in answer.get_data(as_text=True)


def test_a_driver_cannot_take_a_card_by_a_forged_form(town: Town) -> None:
    make(town)
    driver = Browser(town.house)
    answer = driver.post("/lot/HK01", page="/lot/HK01", plate="", card="1", vehicle="bicycle")
    assert answer.status_code == 400
    assert stays(town) == []


def leave(hoa: Browser, stay: ParkingSession, **form: str) -> int:
    return hoa.post(check(stay, "exit"), page=check(stay), unpaid="yes", **form).status_code


def test_a_scanned_card_lets_its_vehicle_out_with_one_tap(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    place = hoa.get(card_path(town, card)).headers["Location"]
    page = hoa.get(place)
    assert "Đúng thẻ #0001 của xe này" in plain(page)
    assert '<input type="hidden" name="card" value="0001">' in page.get_data(as_text=True)
    assert leave(hoa, stay, card="0001") == 303
    assert stay_now(town, stay.id).exit_proof == "card"
    left = plain(hoa.get(check(stay)))
    assert "Căn cứ Thẻ xe của bãi" in left
    assert "Đã thu lại thẻ" in left


def test_the_scanned_code_of_a_stay_is_its_proof(town: Town, hoa: Browser) -> None:
    stay, other = town.arrive(), town.arrive("30A-777.77")
    page = hoa.get(hoa.get(session_path(town, stay)).headers["Location"])
    assert "Khách đã trình mã" in plain(page)
    code = session_path(town, stay).removeprefix("/s/")
    assert leave(hoa, other, session_code=code) == 303
    assert leave(hoa, stay, session_code=code) == 303
    assert stay_now(town, stay.id).exit_proof == "session_code"
    assert stay_now(town, other.id).exit_proof is None


def test_checked_papers_are_said_by_hand_and_kept(town: Town, hoa: Browser) -> None:
    stay = town.arrive()
    page = hoa.get(f"{check(stay)}?papers=yes").get_data(as_text=True)
    assert '<input type="hidden" name="papers"' not in page
    assert leave(hoa, stay, papers="yes") == 303
    assert stay_now(town, stay.id).exit_proof == "papers"


@pytest.mark.parametrize(
    ("card", "status", "said"),
    [
        ("2", 409, "Thẻ #0002 không phải thẻ của xe #0001: thẻ đúng là #0001"),
        ("", 409, "đã được phát thẻ #0001"),
        ("77", 404, "không có thẻ #0077"),
        ("abc", 400, "không phải số thẻ"),
    ],
)
def test_another_card_or_none_lets_nobody_out(
    town: Town, hoa: Browser, card: str, status: int, said: str
) -> None:
    stay = arrive(town, make(town)[0])
    answer = hoa.post(check(stay, "exit"), page=check(stay), unpaid="yes", card=card)
    assert (answer.status_code, said in plain(answer)) == (status, True)
    assert stay_now(town, stay.id).exit_at is None


@pytest.fixture
def fee(town: Town, tmp_path: Path) -> None:
    """The city charges for lost cards."""
    charge_for_lost_cards(town, tmp_path)


@pytest.mark.usefixtures("fee")
def test_a_missing_card_is_reported_lost_in_the_same_step_and_its_fee_is_asked_for(
    town: Town, hoa: Browser
) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    assert "Báo mất thẻ #0001 (phí 50.000 ₫)" in plain(hoa.get(check(stay)))
    warned = hoa.post(check(stay, "exit"), page=check(stay), papers="yes", lost="yes")
    assert warned.status_code == 409
    assert "Xe còn nợ 52.000 ₫" in plain(warned)
    assert '<input type="hidden" name="papers" value="yes">' in warned.get_data(as_text=True)
    assert (card_now(town, card).state, stay_now(town, stay.id).exit_at) == ("lost", None)
    driver = plain(Browser(town.house).get(session_path(town, stay)))
    assert "Phí mất thẻ 50.000 ₫ đã tính vào số tiền" in driver
    assert leave(hoa, stay, papers="yes") == 303
    assert stay_now(town, stay.id).exit_proof == "papers"


@pytest.mark.usefixtures("fee")
def test_the_fee_of_a_card_found_again_is_withdrawn_with_a_reason(town: Town, hoa: Browser) -> None:
    stay = arrive(town, make(town)[0])
    press(hoa, stay, "card-lost")
    assert press(hoa, stay, "card-fee", why="Khách tìm thấy thẻ") == 409
    press(hoa, stay, "card-found")
    assert "Phí mất thẻ 50.000 ₫ vẫn còn" in plain(
        Browser(town.house).get(session_path(town, stay))
    )
    assert press(hoa, stay, "card-fee", why="?") == 400
    assert press(hoa, stay, "card-fee", why="Khách tìm thấy thẻ") == 303
    page = plain(hoa.get(check(stay)))
    assert "Bỏ phí mất thẻ 50.000 ₫: Khách tìm thấy thẻ" in page
    assert "Phí mất thẻ: 50.000 ₫" not in page


def press(hoa: Browser, stay: ParkingSession, act: str, **form: str) -> int:
    return hoa.post(check(stay, act), page=check(stay), **form).status_code


def test_a_card_is_lost_and_found_on_the_check_screen(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    assert press(hoa, stay, "card-lost") == 303
    assert card_now(town, card).state == "lost"
    page = plain(hoa.get(f"{check(stay)}?card=0001"))
    assert "Thẻ này đang báo mất" in page
    assert "Đúng thẻ" not in page
    assert press(hoa, stay, "card-found") == 303
    assert card_now(town, card).state == "ready"
    assert press(hoa, stay, "card-fee", why="Khách tìm thấy thẻ") == 409
    assert "Báo mất thẻ #0001" in plain(hoa.get(check(stay)))


def test_a_card_is_handed_out_on_the_check_screen(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    stay, other = town.arrive("29-B1 234.56", "motorbike"), town.arrive("30A-1")
    assert press(hoa, stay, "card", give="0001") == 303
    assert stay_now(town, stay.id).card_id == card.id
    assert press(hoa, other, "card", give="0001") == 409
    assert press(hoa, other, "card-lost") == 409
    assert press(hoa, stay, "card", give="0002") == 409


def test_the_plate_follows_on_the_check_screen(town: Town, hoa: Browser) -> None:
    stay = arrive(town, make(town)[0], vehicle="motorbike")
    assert "Thêm biển số" in plain(hoa.get(check(stay)))
    form = {"plate": "29-B1 234.56", "reason": "Bổ sung biển số cho thẻ"}
    assert press(hoa, stay, "plate", **form) == 303
    page = plain(hoa.get(check(stay)))
    assert "Sửa biển số từ #0001 thành 29-B1 234.56" in page
    assert "Thẻ #0001" in page


def test_an_attendant_finds_a_card_that_was_lost(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    change(town, card, CardAct.LOST)
    place = hoa.get(card_path(town, card)).headers["Location"]
    assert "được báo mất lúc 08:00 20/11/2026" in plain(hoa.get(place))
    assert hoa.post(place, page=place).status_code == 303
    assert card_now(town, card).state == "ready"
    change(town, card, CardAct.BLOCK)
    assert "đang bị khóa" in plain(hoa.get(place))


def test_cards_of_somebody_elses_lot_are_out_of_reach(town: Town, hoa: Browser) -> None:
    theirs: Card = make(town, 1, "DD01")[0]
    stay = arrive(town, theirs, lot="DD01")
    for act in ("card", "card-lost", "card-found", "card-fee"):
        assert hoa.post(check(stay, act), page=NEW, give="1", why="because").status_code == 404
    assert hoa.post(f"/attendant/cards/{theirs.id}", page=NEW).status_code == 404
    assert card_now(town, theirs).state == "ready"


def test_letting_out_on_a_transfer_asks_for_the_card_too(town: Town, hoa: Browser) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    assert press(hoa, stay, "release") == 409
    assert press(hoa, stay, "release", card="2") == 409
    assert stay_now(town, stay.id).exit_at is None
    scanned = hoa.get(hoa.get(card_path(town, card)).headers["Location"])
    assert scanned.get_data(as_text=True).count('name="card" value="0001"') == 2
    assert press(hoa, stay, "release", card="0001") == 303
    assert stay_now(town, stay.id).exit_proof == "card"
