"""Taking in a vehicle whose driver has no phone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.sessions.models import ParkingSession
from payments.models import Audit
from tests.driver.kit import plain, session_path
from tests.kit import Town
from tests.web.kit import Browser

NEW = "/attendant/new/HK01"


def sessions(town: Town) -> list[ParkingSession]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(ParkingSession)))


def test_an_attendant_takes_a_vehicle_in_and_shows_its_code(town: Town, hoa: Browser) -> None:
    assert hoa.get("/attendant/new").headers["Location"] == NEW
    answer = hoa.post(NEW, page=NEW, plate="29-B1 234.56", vehicle="motorbike")
    assert answer.status_code == 303
    (session,) = sessions(town)
    assert (session.declared, session.opened_by) == (False, "person:hoa")
    page = hoa.get(answer.headers["Location"])
    assert "Mời khách quét hoặc chụp mã" in plain(page)
    markup = page.get_data(as_text=True)
    assert f'src="{session_path(town, session)}/qr.svg"' in markup
    assert '<details class="press main" open>' in markup
    with town.house.databases.read() as tx:
        entry = tx.scalars(select(Audit).where(Audit.subject == session.reference)).one()
    assert (entry.act, entry.actor) == ("session.enter", "person:hoa")


def test_a_vehicle_that_is_inside_already_is_shown_instead(town: Town, hoa: Browser) -> None:
    session = town.arrive("30A-123.45")
    answer = hoa.post(NEW, page=NEW, plate="30A12345", vehicle="car")
    assert answer.headers["Location"].endswith(f"{session.id}?news=joined")
    assert "Xe này đang gửi ở đây" in plain(hoa.get(answer.headers["Location"]))


@pytest.mark.parametrize(
    ("plate", "vehicle", "status", "said"),
    [
        ("🏍️", "motorbike", 400, "vui lòng bỏ “🏍”"),
        ("30A-123.45", "", 400, "Vui lòng chọn loại xe"),
        ("30A-123.45", "motorbike", 409, "30-A1 2345"),
    ],
)
def test_a_doubtful_form_is_explained(
    town: Town, hoa: Browser, plate: str, vehicle: str, status: int, said: str
) -> None:
    answer = hoa.post(NEW, page=NEW, plate=plate, vehicle=vehicle)
    assert answer.status_code == status
    assert said in plain(answer)
    assert sessions(town) == []


def test_a_lot_of_somebody_else_is_not_there(town: Town, hoa: Browser) -> None:
    for number in ("DD01", "XX99"):
        path = f"/attendant/new/{number}"
        assert hoa.get(path).status_code == 404
        answer = hoa.post(path, page=NEW, plate="30A-1", vehicle="car")
        assert answer.status_code == 404
    assert sessions(town) == []
