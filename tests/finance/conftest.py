"""Town with two paid stays, and a web browser that somebody of finance sits at."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from parking.people.service import NewPerson, add_person
from payments.models import Payment
from tests.kit import Town
from tests.trace.conftest import Paid, paid, settle
from tests.web.kit import Browser

__all__ = ["Desk", "desk", "paid", "settle"]


@dataclass
class Desk:
    """A desk in the finance office."""

    town: Town
    browser: Browser
    payment: Payment
    other: Payment

    def sit(self, operator: str | None = None, role: str = "finance") -> None:
        """Somebody of `operator` (None: of the city) signs in."""
        name = f"{role}-{operator or 'city'}"
        with self.town.house.databases.write.begin() as tx:
            password = add_person(tx, NewPerson(name, role, operator=operator), self.town.now)
        assert self.browser.sign_in(name, password).status_code == 303

    def read(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.browser.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, text
        return text


@pytest.fixture
def desk(paid: Paid) -> Desk:
    """Nobody has signed in yet."""
    return Desk(paid.town, Browser(paid.town.house), paid.payment, paid.other)
