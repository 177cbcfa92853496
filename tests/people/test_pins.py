"""A PIN lets an attendant in on an enrolled phone, for a shift, and is not to be guessed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from parking.people import pins, throttle
from parking.people.models import Person, Phone, SignIn
from parking.people.passwords import matches
from parking.people.pins import NotEnrolled, WrongPin, check_pin, generate_pin
from parking.people.service import disable, reset_password
from payments.db import connect
from payments.errors import WrongUsage
from payments.models import Audit, AuditDetail
from tests.people.kerb import PIN, Kerb, cookie, kerb
from tests.web.kit import Browser, HandClock

__all__ = ["kerb"]

WRONG = "180264"
WRONG_PIN = "Mã PIN không đúng."


def text_of(browser: Browser, path: str) -> str:
    return browser.get(path).get_data(as_text=True)


# --- what a PIN is


@given(st.text(st.sampled_from("0123456789٣x "), max_size=8))
def test_a_pin_is_six_ascii_digits_or_nothing(text: str) -> None:
    if len(text) != 6 or not text.isascii() or not text.isdigit():
        with pytest.raises(WrongUsage):
            check_pin(text)


@pytest.mark.parametrize(
    "pin",
    [
        "000000",
        "123456",
        "654321",
        "890123",
        "210987",
        "121212",
        "123123",
        "112233",
        "900900",
        "171171",
    ],
)
def test_a_pin_that_is_tried_first_is_refused(pin: str) -> None:
    with pytest.raises(WrongUsage, match="too easy"):
        check_pin(pin)


def test_a_generated_pin_is_one_that_may_be_chosen() -> None:
    for _ in range(2_000):
        check_pin(generate_pin())


def test_few_pins_are_refused() -> None:
    """A rule that refused many would help whoever guesses."""
    refused = sum(pins._weak(f"{number:06}") for number in range(0, 1_000_000, 7))
    assert refused < 1_000_000 // 7 // 50


# --- signing in


def test_an_enrolled_phone_asks_who_is_there_and_for_the_pin(kerb: Kerb) -> None:
    kerb.add("chi", "attendant", "B1")
    kerb.add("dung", "finance")
    page = text_of(kerb.phone, "/sign-in?next=/attendant/new")
    assert "Bạn là ai?" in page
    assert "who=binh" in page
    assert "chi" not in page.replace("chính", "")
    assert "who=dung" not in page
    pad = text_of(kerb.phone, "/sign-in/pin?who=binh&next=/attendant/new")
    assert 'inputmode="numeric"' in pad
    assert 'value="/attendant/new"' in pad
    answer = kerb.phone.post(
        "/sign-in/pin", page="/sign-in/pin?who=binh", who="binh", pin=PIN, next="/attendant/new"
    )
    assert (answer.status_code, answer.location) == (303, "/attendant/new")


def test_signing_out_goes_back_to_the_people_of_the_phone(kerb: Kerb) -> None:
    kerb.enter()
    kerb.phone.post("/sign-out", page="/pin")
    assert "Bạn là ai?" in text_of(kerb.phone, "/sign-in")
    assert kerb.phone.get("/attendant/").status_code == 303


def test_a_pin_sign_in_lasts_one_shift_at_most(kerb: Kerb, clock: HandClock) -> None:
    kerb.enter()
    for _ in range(11):
        clock.wind(hours=1)
        assert kerb.phone.get("/attendant/").status_code == 200
    clock.wind(hours=1)
    assert kerb.phone.get("/attendant/").status_code == 303


def test_the_trail_says_that_it_was_a_pin_and_on_which_phone(kerb: Kerb) -> None:
    kerb.enter()
    with kerb.house.databases.read() as tx:
        detail = tx.scalar(
            select(AuditDetail.detail)
            .join(Audit, Audit.id == AuditDetail.audit_id)
            .where(Audit.act == "person.sign_in", Audit.actor == "person:binh")
        )
    assert detail == {"by": "pin", "phone": "Cổng 1"}


def test_a_pin_is_worth_nothing_without_an_enrolled_phone(kerb: Kerb) -> None:
    stranger = Browser(kerb.house)
    answer = kerb.type_pin(phone=stranger)
    assert answer.status_code == 403
    assert "chưa được ghi danh" in answer.get_data(as_text=True)
    stranger.client.set_cookie("phone", "made-up")
    assert kerb.type_pin(phone=stranger).status_code == 403
    assert stranger.get("/sign-in/pin?who=binh").status_code == 403
    assert "Tên đăng nhập" in text_of(stranger, "/sign-in")


def test_every_reason_to_stay_out_gets_the_same_answer(kerb: Kerb) -> None:
    """Wrong, unknown, of another operator, disabled, without a PIN, of the desks."""
    kerb.add("chi", "attendant", "B1")
    kerb.add("dung", "finance")
    kerb.add("em", "admin")
    kerb.add("giang", "attendant", "A1")
    kerb.add("hai", "attendant", "A1", pin=False)
    with kerb.house.databases.write.begin() as tx:
        disable(tx, "giang", kerb.house.clock(), "person:admin-0")
    answers = {
        who: kerb.type_pin(WRONG if who == "binh" else PIN, who, kerb.another_phone(f"Máy {who}"))
        for who in ("binh", "nobody", "chi", "dung", "em", "giang", "hai")
    }
    for who, answer in answers.items():
        text = answer.get_data(as_text=True)
        assert (answer.status_code, WRONG_PIN in text) == (403, True), who


def test_every_reason_to_stay_out_takes_as_long(kerb: Kerb) -> None:
    kerb.add("chi", "attendant", "B1")
    kerb.add("hai", "attendant", "A1", pin=False)
    phone = cookie(kerb.phone)

    def fastest(username: str) -> float:
        spans = []
        for _ in range(2):
            started = time.perf_counter()
            with pytest.raises(WrongPin):
                pins.sign_in(kerb.house.databases.write, phone, username, WRONG, kerb.house.clock())
            spans.append(time.perf_counter() - started)
        return min(spans)

    fastest("warm-up")
    right = fastest("binh")
    assert all(fastest(other) > right / 3 for other in ("nobody", "chi", "hai"))


# --- guessing


def test_guessing_at_one_person_is_slowed_down_on_every_phone(kerb: Kerb, clock: HandClock) -> None:
    other = kerb.another_phone()
    for attempt in range(throttle.PER_PIN):
        assert kerb.type_pin(WRONG, phone=(kerb.phone, other)[attempt % 2]).status_code == 403
    clock.wind(seconds=1)
    answer = kerb.type_pin()
    assert answer.status_code == 429
    assert "đợi 15 phút" in answer.get_data(as_text=True)
    clock.wind(minutes=10)
    assert "đợi 5 phút" in kerb.type_pin(phone=other).get_data(as_text=True)
    assert int(kerb.type_pin().headers["Retry-After"]) == 5 * 60
    clock.wind(minutes=5)
    kerb.enter()


def test_a_locked_pin_leaves_the_password_and_the_colleagues_alone(kerb: Kerb) -> None:
    kerb.add("chi", "attendant", "A1")
    for _ in range(throttle.PER_PIN):
        kerb.type_pin(WRONG)
    assert kerb.type_pin(who="chi").status_code == 303
    kerb.phone.post("/sign-out", page="/pin")
    assert kerb.type_password("binh", kerb.password).status_code == 303


def test_a_lockout_survives_a_restart(kerb: Kerb, database_url: str) -> None:
    for _ in range(throttle.PER_PIN):
        kerb.type_pin(WRONG)
    fresh = connect(database_url)
    with pytest.raises(Exception, match="Too many attempts"):
        pins.sign_in(fresh.write, cookie(kerb.phone), "binh", PIN, kerb.house.clock())
    fresh.dispose()


def guess_until_locked(kerb: Kerb, clock: HandClock) -> None:
    for attempt in range(throttle.PER_PHONE):
        if attempt % throttle.PER_PIN == 0:
            clock.wind(minutes=20)
        assert kerb.type_pin(WRONG).status_code == 403


def test_a_phone_that_was_guessed_on_takes_no_pin_until_a_password_unlocks_it(
    kerb: Kerb, clock: HandClock
) -> None:
    guess_until_locked(kerb, clock)
    clock.wind(hours=30)
    answer = kerb.type_pin()
    assert answer.status_code == 403
    assert "đăng nhập bằng mật khẩu để mở khóa" in answer.get_data(as_text=True).lower()
    first = text_of(kerb.phone, "/sign-in")
    assert "who=binh" not in first
    assert "mở khóa" in first
    kerb.admin.sign_in("admin-0", kerb.admin_password)
    assert "Bị khóa do sai mã PIN" in text_of(kerb.admin, "/admin/phones")
    assert kerb.type_password("binh", "wrong wrong wrong").status_code == 403
    assert kerb.type_pin().status_code == 403
    assert kerb.type_password("binh", kerb.password).status_code == 303
    kerb.phone.post("/sign-out", page="/pin")
    kerb.enter()


def test_somebody_of_another_operator_does_not_unlock_a_phone(kerb: Kerb, clock: HandClock) -> None:
    password = kerb.add("chi", "attendant", "B1")
    guess_until_locked(kerb, clock)
    clock.wind(hours=1)
    assert kerb.type_password("chi", password).status_code == 303
    kerb.phone.post("/sign-out", page="/pin")
    assert kerb.type_pin().status_code == 403


def test_the_lock_is_in_the_trail_once(kerb: Kerb, clock: HandClock) -> None:
    guess_until_locked(kerb, clock)
    kerb.type_pin(WRONG)
    with kerb.house.databases.read() as tx:
        phone = tx.scalars(select(Phone)).one()
        locks = tx.scalars(select(Audit.subject).where(Audit.act == "phone.lock")).all()
    assert locks == [f"phone:{phone.id}"]


def test_ones_own_right_pin_gives_no_new_guesses_at_a_colleagues(
    kerb: Kerb, clock: HandClock
) -> None:
    kerb.add("chi", "attendant", "A1")
    for attempt in range(throttle.PER_PHONE):
        if attempt % throttle.PER_PIN == 0:
            clock.wind(minutes=20)
        assert kerb.type_pin(who="chi").status_code == 303
        kerb.phone.post("/sign-out", page="/pin")
        assert kerb.type_pin(WRONG).status_code == 403
    assert kerb.type_pin(who="chi").status_code == 403


def test_the_right_pin_forgives_ones_own_slips(kerb: Kerb) -> None:
    for _ in range(3):
        for _ in range(throttle.PER_PIN - 1):
            kerb.type_pin(WRONG)
        kerb.enter()
        kerb.phone.post("/sign-out", page="/pin")


# --- choosing


def choose(browser: Browser, password: str, pin: str, again: str = "") -> tuple[int, str]:
    form = {"password": password, "pin": pin, "again": again or pin}
    answer = browser.post("/pin", page="/pin", **form)
    return answer.status_code, answer.get_data(as_text=True)


def test_an_attendant_chooses_a_pin_after_the_first_password(kerb: Kerb) -> None:
    password = kerb.add("chi", "attendant", "A1", pin=False)
    answer = kerb.type_password("chi", password)
    assert answer.location == "/pin"
    assert choose(kerb.phone, password, "123456")[0] == 400
    status, text = choose(kerb.phone, "wrong wrong wrong", "730916")
    assert (status, "Mật khẩu hiện tại không đúng" in text) == (400, True)
    assert "không giống nhau" in choose(kerb.phone, password, "730916", "730917")[1]
    former = kerb.phone.client.get_cookie("sign-in")
    assert choose(kerb.phone, password, "730916")[0] == 303
    after = kerb.phone.client.get_cookie("sign-in")
    assert former
    assert after
    assert former.value != after.value
    assert kerb.phone.get("/attendant/").status_code == 200
    kerb.phone.post("/sign-out", page="/pin")
    assert kerb.type_pin("730916", "chi").status_code == 303
    kerb.phone.post("/sign-out", page="/pin")
    assert kerb.type_password("chi", password).location == "/attendant/"


def test_a_pin_is_hashed_like_a_password(kerb: Kerb) -> None:
    kerb.enter()
    assert choose(kerb.phone, kerb.password, "730916")[0] == 303
    with kerb.house.databases.read() as tx:
        stored = tx.scalars(select(Person).where(Person.username == "binh")).one()
    assert stored.pin_hash
    assert stored.pin_hash.split("$")[:4] == stored.password_hash.split("$")[:4]


def test_choosing_ends_the_sign_ins_elsewhere(kerb: Kerb) -> None:
    other = kerb.another_phone()
    assert kerb.type_pin(phone=other).status_code == 303
    kerb.enter()
    assert choose(kerb.phone, kerb.password, "730916")[0] == 303
    assert other.get("/attendant/").status_code == 303


def test_a_pin_is_chosen_on_an_enrolled_phone_of_ones_operator_only(kerb: Kerb) -> None:
    desk = Browser(kerb.house)
    desk.sign_in("binh", kerb.password)
    assert "máy này thì chưa" in text_of(desk, "/pin")
    answer = desk.post(
        "/pin", page="/attendant/", password=kerb.password, pin="730916", again="730916"
    )
    assert answer.status_code == NotEnrolled.http_status
    password = kerb.add("chi", "attendant", "B1", pin=False)
    assert kerb.type_password("chi", password).location == "/attendant/"
    status, text = choose(kerb.phone, password, "730916")
    assert (status, "thuộc đơn vị khác" in text) == (403, True)


def test_guessing_the_password_on_the_pin_page_is_slowed_down_too(kerb: Kerb) -> None:
    kerb.enter()
    for _ in range(throttle.PER_USERNAME):
        assert choose(kerb.phone, "wrong wrong wrong", "730916")[0] == 400
    assert choose(kerb.phone, kerb.password, "730916")[0] == 429


# --- given anew by the administrator


def test_a_pin_given_by_the_administrator_replaces_the_former_one(kerb: Kerb) -> None:
    kerb.enter()
    page = kerb.admin.post("/admin/people/binh/pin", page="/admin/").get_data(as_text=True)
    given_pin = page.split('class="secret" translate="no">')[1][:6]
    check_pin(given_pin)
    assert kerb.phone.get("/attendant/").status_code == 303
    assert kerb.type_pin().status_code == 403
    assert kerb.type_pin(given_pin).status_code == 303


def test_nobody_at_a_desk_is_given_a_pin(kerb: Kerb) -> None:
    kerb.add("dung", "finance", pin=False)
    answer = kerb.admin.post("/admin/people/dung/pin", page="/admin/")
    assert answer.status_code == 409
    assert kerb.admin.post("/admin/people/nobody/pin", page="/admin/").status_code == 404
    assert "/dung/pin" not in text_of(kerb.admin, "/admin/")


def test_a_new_password_takes_the_pin_away(kerb: Kerb) -> None:
    with kerb.house.databases.write.begin() as tx:
        reset_password(tx, "binh", kerb.house.clock())
    assert kerb.type_pin().status_code == 403


def test_a_phone_revoked_while_the_pin_is_hashed_lets_nobody_in(
    kerb: Kerb, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(stored: str | None, pin: str) -> bool:
        kerb.revoke()
        return matches(stored, pin)

    monkeypatch.setattr(pins, "matches", slow)
    assert kerb.type_pin().status_code == 403
    with kerb.house.databases.read() as tx:
        assert tx.scalars(select(SignIn).where(SignIn.phone_id.is_not(None))).all() == []


def test_a_disabled_person_is_out_with_the_next_request_and_off_the_list(kerb: Kerb) -> None:
    kerb.enter()
    kerb.admin.post("/admin/people/binh/disable", page="/admin/")
    assert kerb.phone.get("/attendant/").status_code == 303
    assert "who=binh" not in text_of(kerb.phone, "/sign-in")
    assert kerb.type_pin().status_code == 403
