"""The town, its attendants Hoa and Tú, and a browser for whoever watches."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.people.models import Person
from parking.people.service import NewPerson, add_person
from tests.kit import Town
from tests.watch.history import History


@pytest.fixture
def history(town: Town) -> History:
    """Nothing has happened yet."""
    return History(town)


@pytest.fixture
def hoa(town: Town) -> Person:
    """The attendant of HK01."""
    with town.house.databases.write.begin() as tx:
        new = NewPerson("hoa", "attendant", name="Nguyễn Thị Hoa", lots=("HK01",))
        add_person(tx, new, town.now)
        return tx.scalars(select(Person).where(Person.username == "hoa")).one()
