"""`parking user` in a terminal."""

from __future__ import annotations

from click.testing import CliRunner

from parking.house import House
from parking.people.commands import user
from parking.people.sign_ins import sign_in
from payments.errors import NotFound
from tests.web.kit import add_lots


def run(house: House, *words: str) -> str:
    answer = CliRunner().invoke(user, words, obj=lambda: house, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.strip()


def test_an_added_person_signs_in_with_the_printed_password(house: House) -> None:
    add_lots(house)
    password = run(house, "add", "binh", "--role", "attendant", "--lot", "A1", "--name", "Bình")
    _, badge = sign_in(house.databases.write, "binh", password, "terminal", house.clock())
    assert (badge.name, badge.operator) == ("Bình", "song-hong")


def test_a_reset_password_replaces_the_former_one(house: House) -> None:
    former = run(house, "add", "an", "--role", "admin")
    password = run(house, "reset", "an")
    assert former != password
    assert sign_in(house.databases.write, "an", password, "terminal", house.clock())


def test_an_unknown_user_is_named(house: House) -> None:
    answer = CliRunner().invoke(user, ["reset", "nobody"], obj=lambda: house)
    assert isinstance(answer.exception, NotFound)
    assert "nobody" in str(answer.exception)


def test_an_unknown_role_is_wrong_usage(house: House) -> None:
    answer = CliRunner().invoke(user, ["add", "an", "--role", "king"], obj=lambda: house)
    assert answer.exit_code == 2
