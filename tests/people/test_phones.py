"""A phone is enrolled by a link that works once, and is nothing any more the moment it is revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from parking.house import House
from parking.people import phones
from parking.people.models import Phone, SignIn
from parking.people.phone_commands import phone as command
from parking.people.phones import Enrolment
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Audit
from tests.people.kerb import ENROL, Kerb, cookie, kerb, new_link
from tests.web.kit import Browser, HandClock, add_lots, make_house

__all__ = ["kerb"]

GATE = Enrolment("song-hong", "Cổng 1", timedelta(hours=24))


def enrolled(house: House) -> int:
    with house.databases.read() as tx:
        return len(tx.scalars(select(Phone).where(Phone.enrolled_at.is_not(None))).all())


def test_a_preview_by_a_chat_application_does_not_use_the_link_up(kerb: Kerb) -> None:
    path = new_link(kerb.admin, "Cổng 2")
    for _ in range(3):
        preview = Browser(kerb.house)
        assert "Ghi danh điện thoại này?" in preview.get(path).get_data(as_text=True)
        assert preview.client.head(path, base_url=preview.base).status_code == 200
        assert cookie(preview) is None
    real = Browser(kerb.house)
    answer = real.post(path, page=path)
    assert (answer.status_code, cookie(real) is None) == (200, False)


def test_a_link_works_once(kerb: Kerb) -> None:
    path = new_link(kerb.admin, "Cổng 2")
    first, second = Browser(kerb.house), Browser(kerb.house)
    assert second.get(path).status_code == 200
    token = second.token(path)
    assert first.post(path, page=path).status_code == 200
    late = second.client.post(path, data={"csrf_token": token}, base_url=second.base)
    assert late.status_code == 409
    assert "đã được dùng" in late.get_data(as_text=True)
    assert cookie(second) is None
    assert "đã được dùng" in second.get(path).get_data(as_text=True)


def test_a_phone_that_opens_its_link_again_learns_that_it_is_enrolled(kerb: Kerb) -> None:
    path = new_link(kerb.admin, "Cổng 2")
    again = kerb.phone.get(path).get_data(as_text=True)
    assert "đã được ghi danh" in again
    assert "Cổng 1" in again
    answer = kerb.phone.post(path, page="/sign-in?password=")
    assert "Cổng 1" in answer.get_data(as_text=True)
    assert enrolled(kerb.house) == 1


def test_a_link_runs_out(kerb: Kerb, clock: HandClock) -> None:
    path = new_link(kerb.admin, "Cổng 2")
    clock.wind(hours=24, seconds=-1)
    assert Browser(kerb.house).get(path).status_code == 200
    clock.wind(seconds=1)
    answer = Browser(kerb.house).get(path)
    assert (answer.status_code, "hết hạn" in answer.get_data(as_text=True)) == (409, True)


def test_how_long_a_link_is_good_is_a_setting(
    tmp_path: Path, sqlite_url: str, clock: HandClock
) -> None:
    house = make_house(tmp_path / "var", sqlite_url, clock, PHONE_LINK_HOURS="2")
    add_lots(house)
    browser = Browser(house)
    browser.become("admin")
    path = new_link(browser, "Cổng 1")
    clock.wind(hours=2)
    assert Browser(house).get(path).status_code == 409
    house.databases.dispose()


def test_a_link_of_nobody_and_a_withdrawn_one_are_told_apart_from_a_used_one(kerb: Kerb) -> None:
    assert Browser(kerb.house).get("/phone/nothing").status_code == 404
    path = new_link(kerb.admin, "Cổng 2")
    with kerb.house.databases.read() as tx:
        waiting = tx.scalars(select(Phone.id).where(Phone.enrolled_at.is_(None))).one()
    kerb.admin.post(f"/admin/phones/{waiting}/revoke", page="/admin/phones")
    answer = Browser(kerb.house).get(path)
    assert (answer.status_code, "đã bị thu hồi" in answer.get_data(as_text=True)) == (409, True)


def test_the_database_holds_neither_the_link_nor_the_cookie(kerb: Kerb) -> None:
    path = new_link(kerb.admin, "Cổng 2")
    with kerb.house.databases.read() as tx:
        held = str([vars(phone) for phone in tx.scalars(select(Phone))])
    assert path.rsplit("/", 1)[1] not in held
    assert (cookie(kerb.phone) or "none") not in held


def test_the_link_is_shown_once_and_its_code_leads_there(kerb: Kerb) -> None:
    form = {"operator": "ho-guom", "name": "Cổng 9"}
    page = kerb.admin.post(ENROL, page=ENROL, **form).get_data(as_text=True)
    assert page.count("/phone/") == 1
    assert "<svg" in page
    assert "/phone/" not in kerb.admin.get(ENROL).get_data(as_text=True).replace("/admin/phone", "")


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (Enrolment("nobody", "x", timedelta(hours=1)), NotFound),
        (Enrolment("song-hong", "  ", timedelta(hours=1)), WrongUsage),
        (Enrolment("song-hong", "x" * 61, timedelta(hours=1)), WrongUsage),
        (Enrolment("song-hong", "cổng  1", timedelta(hours=1)), Conflict),
    ],
)
def test_a_phone_nobody_could_tell_is_not_enrolled(
    house: House, wish: Enrolment, refusal: type[Exception]
) -> None:
    add_lots(house)
    with house.databases.write.begin() as tx:
        phones.enrol(tx, GATE, "command", house.clock())
    with pytest.raises(refusal), house.databases.write.begin() as tx:
        phones.enrol(tx, wish, "command", house.clock())


def test_a_refused_name_stands_in_the_form_with_the_reason(kerb: Kerb) -> None:
    answer = kerb.admin.post(ENROL, page=ENROL, operator="song-hong", name="cổng 1")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "đang là tên của một điện thoại khác" in text
    assert 'value="cổng 1"' in text


def test_revoking_ends_every_sign_in_on_the_phone_with_the_next_request(kerb: Kerb) -> None:
    kerb.enter()
    elsewhere = Browser(kerb.house)
    assert elsewhere.sign_in("binh", kerb.password).status_code == 303
    assert kerb.phone.get("/attendant/").status_code == 200
    kerb.revoke()
    assert kerb.phone.get("/attendant/").status_code == 303
    assert elsewhere.get("/attendant/").status_code == 200
    page = kerb.phone.get("/sign-in").get_data(as_text=True)
    assert "Bạn là ai" not in page
    assert "Điện thoại này không còn được ghi danh" in page
    assert "Đăng nhập bằng mã PIN" not in page
    assert kerb.type_pin().status_code == 403


def test_a_sign_in_by_password_on_the_phone_ends_with_it_too(kerb: Kerb) -> None:
    answer = kerb.type_password("binh", kerb.password)
    assert answer.location == "/attendant/"
    kerb.revoke()
    assert kerb.phone.get("/attendant/").status_code == 303


def test_who_revoked_it_and_when_is_seen_and_in_the_trail(kerb: Kerb, clock: HandClock) -> None:
    clock.wind(minutes=7)
    kerb.revoke()
    kerb.revoke()
    page = kerb.admin.get("/admin/phones").get_data(as_text=True)
    assert "Đã thu hồi máy" in page
    assert re.search(r"08:07.20/11/2026</time> · admin-0", page)
    with kerb.house.databases.read() as tx:
        acts = tx.execute(select(Audit.act, Audit.actor).where(Audit.act.startswith("phone.")))
        found = [tuple(row) for row in acts]
    assert found.count(("phone.revoke", "person:admin-0")) == 1
    assert ("phone.enrol", "person:admin-0") in found
    assert sum(act == "phone.open" for act, _ in found) == 1


def test_a_revoked_phone_gives_its_name_back_and_can_be_enrolled_anew(kerb: Kerb) -> None:
    kerb.revoke()
    path = new_link(kerb.admin, "Cổng 1")
    assert kerb.phone.post(path, page=path).status_code == 200
    assert kerb.type_pin().status_code == 303


def test_the_list_says_when_a_phone_was_last_seen(kerb: Kerb, clock: HandClock) -> None:
    kerb.enter()
    clock.wind(minutes=42)
    kerb.phone.get("/attendant/")
    page = kerb.admin.sign_in("admin-0", kerb.admin_password)
    assert page.status_code == 303
    assert "08:42" in kerb.admin.get("/admin/phones?operator=song-hong").get_data(as_text=True)
    assert "08:42" not in kerb.admin.get("/admin/phones?operator=ho-guom").get_data(as_text=True)


def test_a_phone_nobody_has_cannot_be_revoked(kerb: Kerb) -> None:
    path = f"/admin/phones/{'0' * 8}-0000-0000-0000-{'0' * 12}/revoke"
    assert kerb.admin.post(path, page="/admin/phones").status_code == 404


def test_over_tls_the_phones_cookie_belongs_to_this_host_and_lasts(
    tmp_path: Path, sqlite_url: str, clock: HandClock
) -> None:
    house = make_house(tmp_path / "var", sqlite_url, clock, PUBLIC_URL="https://do.xe")
    add_lots(house)
    with house.databases.write.begin() as tx:
        _, token = phones.enrol(tx, GATE, "command", clock())
    browser = Browser(house)
    answer = browser.post(f"/phone/{token}", page=f"/phone/{token}")
    (line,) = (c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-phone="))
    assert all(word in line for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert "Max-Age=34560000" in line
    house.databases.dispose()


def run(house: House, *words: str) -> str:
    answer = CliRunner().invoke(command, words, obj=lambda: house, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.strip()


def test_a_phone_is_enrolled_listed_and_revoked_from_the_terminal(house: House) -> None:
    add_lots(house)
    link = run(house, "enrol", "--operator", "song-hong", "--name", "Cổng 1")
    base = house.config.public_url
    assert link.startswith(f"{base}/phone/")
    browser, path = Browser(house), link.removeprefix(base)
    assert "waiting" in run(house, "list")
    assert browser.post(path, page=path).status_code == 200
    assert "enrolled" in run(house, "list", "--operator", "song-hong")
    assert run(house, "list", "--operator", "ho-guom") == ""
    run(house, "revoke", "--operator", "song-hong", "--name", "cổng 1")
    assert "revoked" in run(house, "list")
    with pytest.raises(NotFound, match="Cổng 1"):
        run(house, "revoke", "--operator", "song-hong", "--name", "Cổng 1")


def test_a_sign_in_remembers_its_phone(kerb: Kerb) -> None:
    kerb.enter()
    with kerb.house.databases.read() as tx:
        phone = tx.scalars(select(Phone)).one()
        here = tx.scalars(select(SignIn).where(SignIn.phone_id == phone.id)).all()
    assert len(here) == 1
