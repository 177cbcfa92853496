"""The sign-in page in a browser."""

from __future__ import annotations

import pytest

from parking.people import throttle
from parking.people.service import NewPerson, add_person
from tests.web.kit import Browser, HandClock, add_lots


def add(browser: Browser, username: str = "an", role: str = "admin") -> str:
    house = browser.house
    with house.databases.write.begin() as tx:
        return add_person(tx, NewPerson(username, role), house.clock())


def cookie(browser: Browser) -> str | None:
    found = browser.client.get_cookie("sign-in")
    return found.value if found else None


def test_somebody_signs_in_works_and_signs_out(browser: Browser) -> None:
    password = add(browser)
    answer = browser.sign_in("an", password)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert "an" in browser.get("/admin/").get_data(as_text=True)
    token = cookie(browser)
    assert token
    answer = browser.post("/sign-out", page="/admin/")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert cookie(browser) is None
    browser.client.set_cookie("sign-in", token)
    assert browser.get("/admin/").status_code == 303


def test_signing_in_changes_both_tokens_and_ends_the_former_sign_in(browser: Browser) -> None:
    password = add(browser)
    browser.sign_in("an", password)
    former, form_token = cookie(browser), browser.token("/admin/")
    answer = browser.post("/sign-in", page="/admin/", username="an", password=password)
    assert answer.status_code == 303
    assert former
    assert cookie(browser) != former
    assert browser.token("/admin/") != form_token
    browser.client.set_cookie("sign-in", former)
    assert browser.get("/admin/").status_code == 303


def test_who_is_signed_in_needs_no_sign_in_page(browser: Browser) -> None:
    browser.become("finance")
    assert browser.get("/sign-in").location == "/finance/"


def test_a_wrong_password_keeps_the_name_and_says_so(browser: Browser) -> None:
    add(browser)
    answer = browser.sign_in("an", "wrong wrong wrong")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 403
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in text
    assert 'value="an"' in text
    assert "wrong wrong" not in text


def test_too_many_attempts_are_told_when_to_come_back(browser: Browser) -> None:
    for _ in range(throttle.PER_USERNAME):
        browser.sign_in("an", "wrong wrong wrong")
    answer = browser.sign_in("an", "wrong wrong wrong")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_page_that_was_wanted_opens_after_signing_in(browser: Browser) -> None:
    password = add(browser)
    answer = browser.get("/admin/audit?subject=lot:A1")
    assert answer.status_code == 303
    wanted = "/admin/audit?subject=lot:A1"
    assert f'value="{wanted}"' in browser.get(answer.location).get_data(as_text=True)
    assert browser.sign_in("an", password, next=wanted).location == wanted


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "/a\nb"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(browser: Browser, elsewhere: str) -> None:
    password = add(browser)
    assert browser.sign_in("an", password, next=elsewhere).location == "/admin/"


def test_a_page_left_alone_asks_for_the_password_again(browser: Browser, clock: HandClock) -> None:
    browser.become("admin")
    for _ in range(3):
        clock.wind(minutes=29)
        assert browser.get("/admin/").status_code == 200
    clock.wind(minutes=30)
    assert browser.get("/admin/").status_code == 303


def test_an_attendant_stays_signed_in_for_a_shift(browser: Browser, clock: HandClock) -> None:
    add_lots(browser.house)
    browser.become("attendant", "A1")
    clock.wind(hours=11)
    assert browser.get("/password").status_code == 200


def test_somebody_chooses_a_password_of_their_own(browser: Browser) -> None:
    password = add(browser)
    browser.sign_in("an", password)
    new = "một con chim bồ câu"

    def change(old: str, again: str) -> str:
        answer = browser.post("/password", page="/password", old=old, new=new, again=again)
        return answer.get_data(as_text=True)

    assert "Hai mật khẩu mới không giống nhau" in change(password, "khác")
    assert "Mật khẩu hiện tại không đúng" in change("wrong wrong wrong", new)
    assert "Đã đổi mật khẩu" in change(password, new)
    assert browser.get("/admin/").status_code == 303
    assert browser.sign_in("an", password).status_code == 403
    assert browser.sign_in("an", new).status_code == 303


def test_a_chosen_password_is_not_easy_to_guess(browser: Browser) -> None:
    password = add(browser)
    browser.sign_in("an", password)
    easy = "123456789012"
    answer = browser.post("/password", page="/password", old=password, new=easy, again=easy)
    assert answer.status_code == 400
    assert "quá dễ đoán" in answer.get_data(as_text=True)
