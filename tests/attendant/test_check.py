"""The check screen: one link for driver and attendant, exit, undo, corrections; all of it audited."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parking.attendant.check_pages import local_input, local_time
from parking.sessions.models import ParkingSession
from payments import audit
from payments.db import CITY_ZONE
from payments.errors import WrongUsage
from payments.models import Audit, AuditDetail
from tests.driver.kit import plain, session_path, state_of
from tests.kit import Town
from tests.web.kit import Browser

ACTS = ("exit", "undo-exit", "plate", "entry")


def check(session: ParkingSession, act: str = "") -> str:
    return f"/attendant/sessions/{session.id}" + (f"/{act}" if act else "")


def now_of(town: Town, session: ParkingSession) -> ParkingSession:
    with town.house.databases.read() as tx:
        return tx.get_one(ParkingSession, session.id)


def trail(town: Town, session: ParkingSession) -> list[tuple[str, str]]:
    with town.house.databases.read() as tx:
        rows = select(Audit).where(Audit.subject == session.reference).order_by(Audit.id)
        return [(entry.act, entry.actor) for entry in tx.scalars(rows)]


def test_one_link_serves_driver_and_attendant(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    path = session_path(town, session)
    answer = hoa.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(check(session))
    assert "Cho xe ra" in plain(hoa.get(check(session)))
    assert "Cho xe ra" not in plain(Browser(town.house).get(path))


def test_at_a_lot_of_somebody_else_an_attendant_is_a_driver(town: Town, hoa: Browser) -> None:
    session = town.arrive(lot="DD01")
    assert hoa.get(session_path(town, session)).status_code == 200
    assert hoa.get(check(session)).status_code == 404
    for act in ACTS:
        answer = hoa.post(check(session, act), page="/attendant/new/HK01", unpaid="yes")
        assert answer.status_code == 404
    assert trail(town, session) == [("session.enter", "driver")]
    assert hoa.get(f"/attendant/sessions/{uuid.uuid4()}").status_code == 404


def test_a_paid_vehicle_drives_out_with_one_touch_and_the_price_freezes(
    town: Town, hoa: Browser
) -> None:
    session = town.arrive()
    town.clock.forward(minutes=50)
    town.pay(session)
    answer = hoa.post(check(session, "exit"), page=check(session))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/attendant/")
    assert now_of(town, session).exit_at == town.now
    town.clock.forward(hours=5)
    page = hoa.get(check(session))
    assert "Đã trả, đã ra" in plain(page)
    assert state_of(page) == "paid"
    assert trail(town, session)[1:] == [("session.exit", "person:hoa")]


def test_an_unpaid_vehicle_needs_a_second_word(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=50)
    warned = hoa.post(check(session, "exit"), page=check(session))
    assert warned.status_code == 409
    assert "Xe còn nợ 25.000 ₫" in plain(warned)
    assert "Cho ra dù chưa trả" in plain(warned)
    assert now_of(town, session).exit_at is None
    answer = hoa.post(check(session, "exit"), page=check(session), unpaid="yes")
    assert answer.status_code == 303
    assert trail(town, session)[1:] == [
        ("session.exit", "person:hoa"),
        ("session.exit_unpaid", "person:hoa"),
    ]
    assert "Cho ra dù chưa trả 25.000 ₫" in plain(hoa.get(check(session)))


def test_an_exit_recorded_twice_is_one_exit(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    for _ in range(2):
        hoa.post(check(session, "exit"), page="/attendant/new/HK01", unpaid="yes")
        town.clock.forward(minutes=1)
    assert [act for act, _ in trail(town, session)].count("session.exit") == 1


def test_an_exit_can_be_undone_for_ten_minutes_only(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    hoa.post(check(session, "exit"), page=check(session))
    assert "Hoàn tác giờ ra" in plain(hoa.get(check(session)))
    answer = hoa.post(check(session, "undo-exit"), page=check(session))
    assert answer.headers["Location"] == check(session)
    assert now_of(town, session).exit_at is None
    hoa.post(check(session, "exit"), page=check(session))
    town.clock.forward(minutes=11)
    late = hoa.post(check(session, "undo-exit"), page="/attendant/new/HK01")
    assert late.status_code == 409
    assert "quá mười phút" in plain(late)


def test_a_plate_is_corrected_with_a_reason(town: Town, hoa: Browser) -> None:
    session = town.arrive("30A-123.45")
    form = {"plate": "30A-123.46", "reason": "Nhìn lại biển số"}
    assert hoa.post(check(session, "plate"), page=check(session), **form).status_code == 303
    assert now_of(town, session).plate == "30A-123.46"
    text = plain(hoa.get(check(session)))
    assert "Sửa biển số từ 30A-123.45 thành 30A-123.46: Nhìn lại biển số Nguyễn Thị Hoa" in text


@pytest.mark.parametrize(
    ("plate", "reason", "status", "said"),
    [
        ("30A-999.99", "", 400, "Vui lòng ghi lý do"),
        ("🚗", "sai biển", 400, "vui lòng bỏ"),
        ("30A-777.77", "sai biển", 409, "đang có một lượt gửi khác"),
    ],
)
def test_a_correction_that_will_not_do_is_explained_and_kept(
    town: Town, hoa: Browser, plate: str, reason: str, status: int, said: str
) -> None:
    town.arrive("30A-777.77")
    session = town.arrive("30A-123.45")
    answer = hoa.post(check(session, "plate"), page=check(session), plate=plate, reason=reason)
    assert answer.status_code == status
    assert said in plain(answer)
    assert f'value="{plate}"' in answer.get_data(as_text=True)
    assert now_of(town, session).plate == "30A-123.45"


def test_a_declared_entry_is_confirmed(town: Town, hoa: Browser) -> None:
    session = town.arrive(declared=True)
    assert "Giờ vào có đúng không?" in plain(hoa.get(check(session)))
    assert hoa.post(check(session, "entry"), page=check(session)).status_code == 303
    assert not now_of(town, session).declared
    text = plain(hoa.get(check(session)))
    assert "Giờ vào có đúng không?" not in text
    assert "Xác nhận giờ vào 08:00 20/11/2026 (khai báo: 08:00 20/11/2026)" in text


def test_a_declared_entry_is_set_back_in_local_time(town: Town, hoa: Browser) -> None:
    session = town.arrive(declared=True)
    form = {"entry_at": "2026-11-20T06:30"}
    assert hoa.post(check(session, "entry"), page=check(session), **form).status_code == 303
    assert now_of(town, session).entry_at == town.now - timedelta(minutes=90)


@pytest.mark.parametrize(
    "entry_at", ["yesterday", "2026-11-20T09:00", "2026-11-20T06:30Z", "2026-11-20", ""]
)
def test_an_impossible_entry_time_is_explained(town: Town, hoa: Browser, entry_at: str) -> None:
    session = town.arrive(declared=True)
    answer = hoa.post(check(session, "entry"), page=check(session), entry_at=entry_at)
    assert answer.status_code == 400
    assert now_of(town, session).entry_at == session.entry_at


def test_without_our_form_nothing_happens(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    for act in ACTS:
        form = {"unpaid": "yes", "plate": "30A-1", "reason": "because"}
        answer = hoa.client.post(check(session, act), data=form, base_url=hoa.base)
        assert answer.status_code == 400
    assert trail(town, session) == [("session.enter", "driver")]


def test_payments_stand_on_the_check_screen(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=50)
    payment = town.checkout(session)
    assert f"{payment.code} 08:50 Chưa xác nhận 0 ₫" in plain(hoa.get(check(session)))
    town.act(payment)
    town.learn(payment)
    assert f"{payment.code} 08:50 Đã trả 25.000 ₫" in plain(hoa.get(check(session)))


def test_history_stays_readable_when_its_words_were_deleted(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        for detail in tx.scalars(select(AuditDetail)):
            tx.delete(detail)
    assert "Bắt đầu gửi xe, biển số …" in plain(hoa.get(check(session)))


def test_an_act_without_words_is_shown_by_its_name(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        audit.append(tx, "system:care", "session.reviewed", session.reference, {}, town.now)
    assert "session.reviewed Hệ thống" in plain(hoa.get(check(session)))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 60 * 24 * 366 * 50))
def test_a_time_field_gives_back_what_it_shows(minutes: int) -> None:
    shown = datetime(2000, 1, 1, tzinfo=CITY_ZONE) + timedelta(minutes=minutes)
    assert local_time(local_input(shown)) == shown


@settings(deadline=None, max_examples=60)
@given(st.text())
def test_any_text_in_a_time_field_is_a_time_or_a_complaint(text: str) -> None:
    with suppress(WrongUsage):
        assert local_time(text).tzinfo is CITY_ZONE
