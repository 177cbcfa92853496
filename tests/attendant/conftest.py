from __future__ import annotations

import pytest

from parking.people.service import NewPerson, add_person
from tests.kit import Town
from tests.web.kit import Browser


@pytest.fixture
def hoa(town: Town) -> Browser:
    """Hoa's phone: she is signed in and works at HK01 only."""
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        new = NewPerson("hoa", "attendant", name="Nguyễn Thị Hoa", lots=("HK01",))
        password = add_person(tx, new, town.now)
    assert browser.sign_in("hoa", password).status_code == 303
    return browser
