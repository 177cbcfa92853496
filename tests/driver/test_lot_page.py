"""From a sign, or a typed lot number, to a parking session."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from parking.lots.models import LotTariff
from parking.lots.service import current_sign, retire_sign
from parking.sessions.models import ParkingSession
from payments.models import Audit
from tests.driver.kit import close, plain, sign_path
from tests.kit import Town
from tests.web.kit import Browser


def sessions(town: Town) -> list[ParkingSession]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(ParkingSession).order_by(ParkingSession.id)))


def test_a_sign_says_who_runs_the_lot_and_what_every_class_pays(
    town: Town, driver: Browser
) -> None:
    answer = driver.get(sign_path(town))
    text = plain(answer)
    assert answer.status_code == 200
    for said in (
        "Bãi xe số HK01",
        "Bãi xe Trần Quang Khải",
        "Phường Hoàn Kiếm",
        "Đơn vị trông giữ: Công ty Cổ phần Bãi xe Hoàn Kiếm",
        "Mã số thuế: 0100000001",
        "Giờ 1–2: 25.000 ₫/giờ",
        "Ban đêm (18:00–06:00): 8.000 ₫/lượt",
        "Một phần thông tin này chưa được thành phố xác nhận.",
    ):
        assert said in text
    assert text.count("Mức giá này chưa được thành phố xác nhận") == 1


def test_plate_and_class_start_a_session_that_only_the_driver_vouches_for(
    town: Town, driver: Browser
) -> None:
    sign = sign_path(town)
    answer = driver.post(sign, page=sign, plate="30a 12345", vehicle="car")
    assert answer.status_code == 303
    (session,) = sessions(town)
    assert (session.plate, session.declared, session.opened_by) == ("30A-123.45", True, "driver")
    assert session.entry_at == town.now
    assert session.token in answer.headers["Location"]
    page = driver.get(answer.headers["Location"])
    assert "30A-123.45" in plain(page)
    assert "Giờ vào do bạn khai báo" in plain(page)


def test_a_second_start_joins_the_open_session_and_says_so(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    first = driver.post(sign, page=sign, plate="30A-123.45", vehicle="car")
    town.clock.forward(minutes=20)
    again = driver.post(sign, page=sign, plate="30A12345", vehicle="car")
    joined = again.headers["Location"]
    assert joined == first.headers["Location"] + "?joined=yes"
    assert "Xe này đang gửi ở đây" in plain(driver.get(joined))
    assert len(sessions(town)) == 1


@pytest.mark.parametrize(
    ("plate", "vehicle", "said"),
    [
        ("🚗30A", "car", "vui lòng bỏ “🚗”"),
        ("", "car", "Vui lòng nhập biển số"),
        ("1" * 30, "car", "nhiều nhất 20 ký tự"),
        ("30A-123.45", "", "Vui lòng chọn loại xe"),
        ("30A-123.45", "truck", "không nhận loại xe truck"),
    ],
)
def test_a_form_that_will_not_do_is_explained_and_kept(
    town: Town, driver: Browser, plate: str, vehicle: str, said: str
) -> None:
    sign = sign_path(town)
    answer = driver.post(sign, page=sign, plate=plate, vehicle=vehicle)
    assert answer.status_code == 400
    assert said in plain(answer)
    assert f'value="{plate}"' in answer.get_data(as_text=True)
    assert sessions(town) == []


def test_the_same_mistake_is_explained_in_english(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    assert "Start parking" in plain(driver.get(f"{sign}?lang=en"))
    answer = driver.post(sign, page=sign, plate="🚗", vehicle="car")
    assert "remove “🚗”" in plain(answer)


def test_a_stay_remembers_the_sign_that_was_scanned_or_that_none_was(
    town: Town, driver: Browser
) -> None:
    for page, plate in ((sign_path(town), "30A-123.45"), ("/lot/HK01", "30A-123.46")):
        assert driver.post(page, page=page, plate=plate, vehicle="car").status_code == 303
    with town.house.databases.read() as tx:
        sign = current_sign(tx, town.lots["HK01"])
    assert [row.sign_id for row in sessions(town)] == [sign.id, None]


def test_an_unknown_plate_is_taken(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    assert driver.post(sign, page=sign, plate="ABC", vehicle="motorbike").status_code == 303
    assert [row.needs_review for row in sessions(town)] == [True]


def test_a_plate_that_contradicts_its_class_is_asked_about(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    answer = driver.post(sign, page=sign, plate="30A-123.45", vehicle="motorbike")
    assert answer.status_code == 409
    assert "30-A1 2345" in plain(answer)
    assert sessions(town) == []
    chosen = driver.post(sign, page=sign, plate="30-A1 2345", vehicle="motorbike")
    assert chosen.status_code == 303
    assert [row.plate for row in sessions(town)] == ["30-A1 2345"]


def test_a_bicycle_with_a_number_like_a_plate_is_not_asked_about(
    town: Town, driver: Browser
) -> None:
    sign = sign_path(town)
    assert driver.post(sign, page=sign, plate="30A12345", vehicle="bicycle").status_code == 303


def test_every_changed_byte_of_a_sign_leads_to_the_warning(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    for place in range(len("/l/"), len(sign)):
        changed = sign[:place] + ("A" if sign[place] != "A" else "B") + sign[place + 1 :]
        answer = driver.get(changed)
        assert answer.status_code == 404, changed
    assert "không phải biển của chúng tôi" in plain(driver.get(sign[:-1] + "?x=1"))


@pytest.mark.parametrize("keep", [5, 9, 12, 30])
def test_a_cut_sign_offers_the_safe_way(town: Town, driver: Browser, keep: int) -> None:
    answer = driver.get(sign_path(town)[:keep])
    assert answer.status_code == 404
    text = plain(answer)
    assert "Nhập số bãi xe in trên biển" in text
    assert "báo cho nhân viên trông xe" in text


def test_a_genuine_seal_for_a_lot_or_version_we_never_had_is_no_sign(
    town: Town, driver: Browser
) -> None:
    for path in (sign_path(town, "ZZ99"), sign_path(town, version=7)):
        assert driver.get(path).status_code == 404


def test_a_retired_sign_warns_and_starts_nothing(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    token_page = "/lot/HK01"
    with town.house.databases.write.begin() as tx:
        retire_sign(tx, town.lots["HK01"], 1, "person:admin", town.now)
    answer = driver.get(sign)
    assert answer.status_code == 404
    assert "Biển này đã được thay" in plain(answer)
    assert driver.post(sign, page=token_page, plate="30A1", vehicle="car").status_code == 404
    assert sessions(town) == []
    assert driver.get("/?lot=HK01").status_code == 303


def test_a_closed_lot_takes_nobody(town: Town, driver: Browser) -> None:
    close(town, "HK01")
    for path in (sign_path(town), "/lot/HK01"):
        assert "Bãi xe này đã đóng cửa" in plain(driver.get(path))


def test_a_typed_lot_number_leads_to_the_lot(town: Town, driver: Browser) -> None:
    assert "Bãi xe Chùa Bộc" in plain(driver.get("/"))
    answer = driver.get("/?lot=%20hk01")
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert driver.post(where, page=where, plate="30A-1", vehicle="car").status_code == 303


def test_a_lot_number_that_does_not_exist_is_explained(driver: Browser) -> None:
    answer = driver.get("/?lot=XX<1>")
    assert answer.status_code == 404
    assert "Không có bãi xe XX<1>; các bãi hiện có: DD01, HK01." in plain(answer)
    assert driver.get("/lot/XX").status_code == 404


def test_a_class_without_a_price_in_force_is_not_offered(town: Town, driver: Browser) -> None:
    with town.house.databases.write.begin() as tx:
        for row in tx.scalars(select(LotTariff).where(LotTariff.vehicle_class == "car")):
            row.tariff_code = "no-such-tariff"
    text = driver.get("/lot/HK01").get_data(as_text=True)
    assert 'value="motorbike"' in text
    assert 'value="car"' not in text


def test_without_our_form_nothing_starts(town: Town, driver: Browser) -> None:
    form = {"plate": "30A-1", "vehicle": "car"}
    answer = driver.client.post(sign_path(town), data=form, base_url=driver.base)
    assert answer.status_code == 400
    assert sessions(town) == []


def test_starts_are_audited_once(town: Town, driver: Browser) -> None:
    sign = sign_path(town)
    for _ in range(2):
        driver.post(sign, page=sign, plate="30A-1", vehicle="car")
    with town.house.databases.read() as tx:
        entered = select(func.count()).where(Audit.act == "session.enter")
        assert tx.scalar(entered) == 1


def test_asking_for_the_head_of_a_page_starts_nothing(town: Town, driver: Browser) -> None:
    form = {"plate": "30A-123.45", "vehicle": "car"}
    answer = driver.client.head(sign_path(town), data=form, base_url=driver.base)
    assert answer.status_code == 200
    assert sessions(town) == []


def test_an_endless_lot_number_is_not_repeated_to_its_end(town: Town, driver: Browser) -> None:
    answer = driver.get(f"/?lot={'9' * 5000}")
    assert answer.status_code == 404
    assert f"Không có bãi xe {'9' * 20};" in plain(answer)
    assert driver.get(f"/lot/{'9' * 5000}").status_code == 404
