"""An inspector counts without seeing the books, and opens nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from parking.watch.models import Headcount
from payments.models import Audit, AuditDetail
from tests.kit import Town
from tests.watch.history import History
from tests.web.kit import Browser

COUNT = "/inspector/lots/HK01"


def inspector(town: Town, operator: str | None = None, name: str = "nga") -> Browser:
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        new = NewPerson(name, "inspector", name="Lê Thanh Nga", operator=operator)
        password = add_person(tx, new, town.now)
    assert browser.sign_in(name, password).location == "/inspector/"
    return browser


def text_of(browser: Browser, path: str) -> str:
    return browser.get(path).get_data(as_text=True)


def rows(town: Town) -> list[Headcount]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(Headcount).order_by(Headcount.vehicle_class)))


def test_the_books_are_shown_after_the_count_and_not_before(town: Town, history: History) -> None:
    for _ in range(37):
        history.stay(history.ago(minutes=30))
    history.stay(history.ago(minutes=30), left=town.now)
    history.write()
    nga = inspector(town)
    for page in ("/inspector/", COUNT):
        assert "37" not in text_of(nga, page).replace("37rem", "")
    answer = nga.post(COUNT, page=COUNT, motorbike="52", bicycle="0", note="  hàng  ngoài ")
    assert answer.status_code == 303
    text = text_of(nga, answer.location)
    assert "15 xe đang ở đây nhưng không có trên sổ sách" in text
    assert "37" in text
    found = [(row.vehicle_class, row.counted, row.open_then, row.note) for row in rows(town)]
    assert found == [("bicycle", 0, 0, "hàng ngoài"), ("motorbike", 52, 37, "hàng ngoài")]
    assert {row.by for row in rows(town)} == {"person:nga"}


def test_a_second_look_is_a_second_count(town: Town) -> None:
    nga = inspector(town)
    nga.post(COUNT, page=COUNT, car="3")
    town.clock.forward(minutes=5)
    nga.post(COUNT, page=COUNT, car="4")
    assert [row.counted for row in rows(town)] == [3, 4]


def test_books_and_count_agree_or_the_books_have_more(town: Town, history: History) -> None:
    history.stay(history.ago(minutes=30))
    history.write()
    nga = inspector(town)
    agree = nga.post(COUNT, page=COUNT, motorbike="1")
    assert "khớp với sổ sách" in text_of(nga, agree.location)
    fewer = nga.post(COUNT, page=COUNT, motorbike="0")
    assert "1 xe có trên sổ sách nhưng không thấy" in text_of(nga, fewer.location)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"motorbike": "many"},
        {"motorbike": "-1"},
        {"motorbike": "10000"},
        {"motorbike": "٣"},
        {"truck": "3"},
        {"motorbike": "3", "note": "x" * 301},
    ],
)
def test_what_is_no_count_is_explained_and_stays_in_the_form(
    town: Town, form: dict[str, str]
) -> None:
    nga = inspector(town)
    answer = nga.post(COUNT, page=COUNT, **form)
    assert answer.status_code == 400
    assert f'value="{form.get("motorbike", "")}"' in answer.get_data(as_text=True)
    assert rows(town) == []


def test_an_inspector_sees_the_lots_of_their_operator_or_of_the_whole_city(town: Town) -> None:
    city, own = inspector(town), inspector(town, "thang-long", "minh")
    assert all(number in text_of(city, "/inspector/") for number in ("HK01", "DD01"))
    assert "HK01" not in text_of(own, "/inspector/")
    assert own.get(COUNT).status_code == 404
    assert own.post(COUNT, page="/inspector/lots/DD01", car="1").status_code == 404
    assert "DD01" not in text_of(city, "/inspector/?q=quang+khải")


def test_an_inspector_opens_nothing_but_the_inspection(town: Town) -> None:
    nga = inspector(town)
    for path in ("/attendant/", "/finance/", "/finance/lots", "/admin/", "/pin"):
        assert nga.get(path).status_code == 403
    assert nga.get("/password").status_code == 200


def test_a_count_is_read_by_whoever_made_it(town: Town) -> None:
    nga, minh = inspector(town), inspector(town, name="minh")
    page = nga.post(COUNT, page=COUNT, car="3").location
    assert nga.get(page).status_code == 200
    assert minh.get(page).status_code == 404
    assert nga.get(page.replace("HK01", "DD01")).status_code == 404


def test_a_count_is_in_the_trail(town: Town) -> None:
    nga = inspector(town)
    nga.post(COUNT, page=COUNT, car="3")
    with town.house.databases.read() as tx:
        detail = tx.scalar(
            select(AuditDetail.detail)
            .join(Audit, Audit.id == AuditDetail.audit_id)
            .where(Audit.act == "headcount.record", Audit.subject == "lot:HK01")
        )
    assert detail == {"counted": {"car": 3}, "open": {"car": 0}}
