from __future__ import annotations

import pytest

from parking.people.service import NewPerson, add_person
from tests.kit import Town
from tests.web.kit import Browser


def signed_in(town: Town, username: str, name: str) -> Browser:
    """The phone of an attendant who works at HK01 only, signed in."""
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        new = NewPerson(username, "attendant", name=name, lots=("HK01",))
        password = add_person(tx, new, town.now)
    assert browser.sign_in(username, password).status_code == 303
    return browser


@pytest.fixture
def hoa(town: Town) -> Browser:
    """Hoa's phone: she is signed in and works at HK01 only."""
    return signed_in(town, "hoa", "Nguyễn Thị Hoa")
