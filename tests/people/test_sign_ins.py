"""Signing in: what counts is kept on the server and ends when it should."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.errors import TooMany
from parking.house import House
from parking.people import sign_ins, throttle
from parking.people.badge import Badge
from parking.people.models import SignIn, SignInAttempt
from parking.people.service import NewPerson, add_person, disable, reset_password
from parking.people.sign_ins import WrongPassword
from payments.models import Audit
from tests.web.kit import HandClock, add_lots

HERE = "203.0.113.7"


def add(house: House, username: str, role: str, *lots: str) -> str:
    with house.databases.write.begin() as tx:
        return add_person(tx, NewPerson(username, role, lots=lots), house.clock())


def enter(house: House, username: str, password: str, address: str = HERE) -> tuple[str, Badge]:
    return sign_ins.sign_in(house.databases.write, username, password, address, house.clock())


def who(house: House, token: str) -> Badge | None:
    with house.databases.read() as tx:
        found = sign_ins.find(tx, token, house.clock())
    return found[0] if found else None


def test_the_right_password_opens_a_sign_in_and_leaves_a_trace(house: House) -> None:
    password = add(house, "an", "admin")
    token, badge = enter(house, " AN ", password)
    assert (badge.username, badge.role, badge.actor) == ("an", "admin", "person:an")
    assert who(house, token) == badge
    with house.databases.read() as tx:
        acts = tx.scalars(select(Audit.act).order_by(Audit.id)).all()
    assert acts == ["person.add", "person.sign_in"]


def test_the_database_holds_no_usable_token(house: House) -> None:
    token, _ = enter(house, "an", add(house, "an", "admin"))
    with house.databases.read() as tx:
        digest = tx.scalars(select(SignIn.token_digest)).one()
    assert token not in digest
    assert who(house, digest) is None


def test_an_attendant_carries_lots_and_operator(house: House) -> None:
    add_lots(house)
    _, badge = enter(house, "binh", add(house, "binh", "attendant", "A1"))
    assert badge.operator == "song-hong"
    assert len(badge.lots) == 1


@pytest.mark.parametrize(
    ("username", "password"), [("an", "wrong wrong wrong"), ("nobody", "x" * 12)]
)
def test_the_answer_does_not_say_what_was_wrong(house: House, username: str, password: str) -> None:
    add(house, "an", "admin")
    with pytest.raises(WrongPassword, match=r"User name or password is not right\."):
        enter(house, username, password)


def test_an_unknown_user_takes_as_long_as_a_known_one(house: House) -> None:
    add(house, "an", "admin")

    def fastest(username: str) -> float:
        spans = []
        for attempt in range(4):
            started = time.perf_counter()
            with pytest.raises(WrongPassword):
                enter(house, username, "wrong wrong wrong", f"203.0.113.{attempt}")
            spans.append(time.perf_counter() - started)
        return min(spans)

    fastest("warm-up")
    assert fastest("nobody") > fastest("an") / 3


@pytest.mark.parametrize(
    ("role", "minutes"),
    [("finance", 30), ("admin", 30), ("attendant", 12 * 60), ("inspector", 120)],
)
def test_a_sign_in_ends_when_nobody_uses_it(
    house: House, clock: HandClock, role: str, minutes: int
) -> None:
    add_lots(house)
    lots = ("A1",) if role == "attendant" else ()
    token, _ = enter(house, "chi", add(house, "chi", role, *lots))
    clock.wind(minutes=minutes, seconds=-1)
    assert who(house, token)
    clock.wind(seconds=1)
    assert who(house, token) is None


def test_use_keeps_a_sign_in_alive_but_never_beyond_a_shift(house: House, clock: HandClock) -> None:
    token, _ = enter(house, "chi", add(house, "chi", "finance"))
    for _ in range(35):
        clock.wind(minutes=20)
        with house.databases.write.begin() as tx:
            assert sign_ins.find(tx, token, clock())
            sign_ins.seen(tx, token, clock())
    clock.wind(minutes=20)
    assert who(house, token) is None


def test_signing_out_ends_it_on_the_server_once(house: House) -> None:
    token, _ = enter(house, "an", add(house, "an", "admin"))
    for _ in range(2):
        with house.databases.write.begin() as tx:
            sign_ins.sign_out(tx, token, house.clock())
    assert who(house, token) is None
    with house.databases.read() as tx:
        acts = tx.scalars(select(Audit.act)).all()
    assert acts.count("person.sign_out") == 1


def test_a_new_password_ends_every_sign_in(house: House) -> None:
    password = add(house, "an", "admin")
    tokens = [enter(house, "an", password)[0] for _ in range(2)]
    with house.databases.write.begin() as tx:
        reset_password(tx, "an", house.clock())
    assert [who(house, token) for token in tokens] == [None, None]
    with pytest.raises(WrongPassword):
        enter(house, "an", password)


def test_a_disabled_person_is_out_at_once_and_stays_out(house: House) -> None:
    password = add(house, "chi", "finance")
    token, _ = enter(house, "chi", password)
    with house.databases.write.begin() as tx:
        disable(tx, "chi", house.clock(), "person:an")
    assert who(house, token) is None
    with pytest.raises(WrongPassword):
        enter(house, "chi", password)


def test_guessing_at_one_name_is_slowed_down_from_anywhere(house: House, clock: HandClock) -> None:
    password = add(house, "an", "admin")
    for attempt in range(throttle.PER_USERNAME):
        with pytest.raises(WrongPassword):
            enter(house, "an", "wrong wrong wrong", f"203.0.113.{attempt}")
    with pytest.raises(TooMany) as refused:
        enter(house, "an", password, "203.0.113.99")
    clock.wind(seconds=refused.value.retry_after)
    assert enter(house, "an", password)


def test_an_address_that_tries_many_names_is_slowed_down(house: House, clock: HandClock) -> None:
    with house.databases.write.begin() as tx:
        for attempt in range(throttle.PER_ADDRESS):
            throttle.count(tx, f"name-{attempt}", HERE, clock())
    with pytest.raises(TooMany) as refused:
        enter(house, "another", "x" * 12)
    assert 0 < refused.value.retry_after <= throttle.WINDOW.total_seconds() + 1
    with pytest.raises(WrongPassword):
        enter(house, "another", "x" * 12, "198.51.100.1")


def test_the_right_password_forgives_earlier_slips(house: House) -> None:
    password = add(house, "an", "admin")
    for _ in range(throttle.PER_USERNAME - 1):
        with pytest.raises(WrongPassword):
            enter(house, "an", "wrong wrong wrong")
    enter(house, "an", password)
    with house.databases.read() as tx:
        assert tx.scalars(select(SignInAttempt)).all() == []


def test_old_attempts_are_swept_away(house: House, clock: HandClock) -> None:
    with house.databases.write.begin() as tx:
        throttle.count(tx, "an", HERE, clock())
    clock.now += throttle.WINDOW + timedelta(seconds=1)
    with house.databases.write.begin() as tx:
        throttle.count(tx, "chi", HERE, clock())
    with house.databases.read() as tx:
        assert tx.scalars(select(SignInAttempt.username)).all() == ["chi"]


def test_an_endless_name_is_an_attempt_like_any_other(house: House) -> None:
    with pytest.raises(WrongPassword):
        enter(house, "x" * 100_000, "y")
    with house.databases.read() as tx:
        (attempt,) = tx.scalars(select(SignInAttempt))
    assert attempt.username == "x" * 64
