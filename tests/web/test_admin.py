"""The administrator's pages: people, lots and signs, the audit trail."""

from __future__ import annotations

import io
import re

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from parking.lots.models import Lot, Sign
from parking.lots.service import issue_sign
from parking.people import service
from payments import audit
from payments.models import AuditDetail
from qr.links import read_sign_path
from tests.web.kit import Browser, HandClock, add_lots

ADMIN = "admin-0"
NEW = "/admin/people/new"


@pytest.fixture
def admin(browser: Browser) -> Browser:
    """An administrator's browser in a city with two lots."""
    add_lots(browser.house)
    browser.become("admin")
    return browser


def shown_password(text: str) -> str:
    found = re.search(r'class="secret"[^>]*>([^<]+)<', text)
    assert found
    return found[1]


def test_an_added_attendant_signs_in_with_the_password_shown(admin: Browser) -> None:
    answer = admin.post(
        NEW, page=NEW, username="Binh", name="Trần Văn Bình", role="attendant", lot=["A1"]
    )
    password = shown_password(answer.get_data(as_text=True))
    text = admin.get("/admin/").get_data(as_text=True)
    assert "Trần Văn Bình" in text
    assert "Công ty Sông Hồng" in text
    assert password not in text
    assert Browser(admin.house).sign_in("binh", password).status_code == 303


def test_a_refused_person_keeps_what_was_typed(admin: Browser) -> None:
    answer = admin.post(NEW, page=NEW, username="binh", name="Bình <b>", role="attendant")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "ít nhất một bãi xe" in text
    assert 'value="Bình &lt;b&gt;"' in text
    endless = admin.post(NEW, page=NEW, username="chi", name="x" * 81, role="finance")
    assert "nhiều nhất 80 ký tự" in endless.get_data(as_text=True)
    taken = admin.post(NEW, page=NEW, username=ADMIN, role="finance")
    assert taken.status_code == 409


def test_a_reset_shows_a_new_password_once(admin: Browser) -> None:
    admin.post(NEW, page=NEW, username="chi", role="finance", operator="ho-guom")
    answer = admin.post("/admin/people/chi/reset", page="/admin/")
    password = shown_password(answer.get_data(as_text=True))
    assert Browser(admin.house).sign_in("chi", password).location == "/finance/"


def test_access_is_taken_away_and_given_back(admin: Browser) -> None:
    answer = admin.post(NEW, page=NEW, username="chi", role="finance")
    password = shown_password(answer.get_data(as_text=True))
    assert admin.post("/admin/people/chi/disable", page="/admin/").status_code == 303
    assert "Đã khóa" in admin.get("/admin/").get_data(as_text=True)
    assert Browser(admin.house).sign_in("chi", password).status_code == 403
    assert admin.post("/admin/people/chi/enable", page="/admin/").status_code == 303
    assert Browser(admin.house).sign_in("chi", password).status_code == 303


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/admin/people/{ADMIN}/disable", 409),
        ("/admin/people/nobody/disable", 404),
        ("/admin/people/nobody/reset", 404),
        (f"/admin/people/{ADMIN}/promote", 404),
        ("/admin/lots/Z9/signs", 404),
        ("/admin/lots/A1/signs/7/retire", 404),
        (f"/admin/lots/A1/signs/{10**30}/retire", 404),
    ],
)
def test_what_cannot_be_done_is_explained_and_changes_nothing(
    admin: Browser, path: str, status: int
) -> None:
    assert admin.post(path, page="/admin/").status_code == status
    assert admin.get("/admin/").status_code == 200


def test_a_sign_is_issued_opened_downloaded_and_retired(admin: Browser) -> None:
    lot = "/admin/lots/A1"
    assert "Chưa phát hành biển nào" in admin.get(lot).get_data(as_text=True)
    assert admin.post(f"{lot}/signs", page=lot).status_code == 303
    link = re.search(rf'href="{admin.base}(/l/A1/1/[^"]+)"', admin.get(lot).get_data(as_text=True))
    assert link
    assert read_sign_path(admin.house.keys, link[1]).version == 1
    picture = admin.get(f"{lot}/sign-1.png")
    assert picture.headers["Content-Disposition"] == 'attachment; filename="sign-A1-1.png"'
    with Image.open(io.BytesIO(picture.data)) as image:
        codes = zxingcpp.read_barcodes(image)
    assert [code.text for code in codes] == [admin.base + link[1]]
    assert admin.get(f"{lot}/sign-1.svg").data.startswith(b"<svg")
    assert admin.post(f"{lot}/signs/1/retire", page=lot).status_code == 303
    assert "Đã thu hồi" in admin.get(lot).get_data(as_text=True)
    with admin.house.databases.read() as tx:
        assert tx.scalars(select(Sign.retired_at)).one() == admin.house.clock()


def test_every_lot_is_listed_with_its_operator(admin: Browser) -> None:
    text = admin.get("/admin/lots").get_data(as_text=True)
    assert all(word in text for word in ("A1 · Trần Hưng Đạo", "Công ty Hồ Gươm"))


def test_a_city_without_lots_says_how_to_get_them(browser: Browser) -> None:
    browser.become("admin")
    assert "Chưa có bãi xe" in browser.get("/admin/lots").get_data(as_text=True)


def test_the_trail_shows_what_was_done_to_somebody_and_by_them(admin: Browser) -> None:
    admin.post(NEW, page=NEW, username="chi", role="finance")
    with admin.house.databases.write.begin() as tx:
        lot = tx.scalars(select(Lot).where(Lot.number == "B1")).one()
        issue_sign(tx, lot, "person:chi", admin.house.clock())
    text = admin.get("/admin/audit?subject=person:chi").get_data(as_text=True)
    assert "person.add" in text
    assert "sign.issue" in text
    assert "person.sign_in" not in text
    assert "Không tìm thấy gì" in admin.get("/admin/audit?subject=x").get_data(as_text=True)


def test_the_trail_is_read_page_by_page_and_nothing_is_skipped(
    admin: Browser, clock: HandClock
) -> None:
    with admin.house.databases.write.begin() as tx:
        for number in range(120):
            audit.append(tx, "command", "test.act", "lot:A1", {"number": f"n{number}."}, clock())
    seen: list[str] = []
    path: str | None = "/admin/audit?subject=lot:A1"
    while path and len(seen) <= 120:
        text = admin.get(path).get_data(as_text=True)
        seen += re.findall(r"number: n(\d+)\.", text)
        found = re.search(r'class="button" href="([^"]+before=[^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == [str(number) for number in reversed(range(120))]


def test_a_cut_page_address_is_explained(admin: Browser) -> None:
    assert admin.get("/admin/audit?before=yesterday").status_code == 400


def test_a_detail_that_retention_deleted_leaves_its_entry(admin: Browser) -> None:
    with admin.house.databases.write.begin() as tx:
        password = service.reset_password(tx, ADMIN, admin.house.clock())
        for detail in tx.scalars(select(AuditDetail)):
            tx.delete(detail)
    admin.sign_in(ADMIN, password)
    text = admin.get(f"/admin/audit?subject=person:{ADMIN}").get_data(as_text=True)
    assert "person.add" in text
