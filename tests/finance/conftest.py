"""Town with two paid stays, and a web browser that somebody of finance sits at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from parking.people.service import NewPerson, add_person
from payments.accounts import open_account
from payments.models import Payment
from payments.providers import PROVIDERS
from tests.kit import Town
from tests.statements.kit import ACCOUNT
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

    def sit(self, operator: str | None = None, role: str = "finance", name: str = "") -> None:
        """Somebody of `operator` (None: of the city) signs in."""
        name = name or f"{role}-{operator or 'city'}"
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


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The desk, and a VietQR account of Hoàn Kiếm."""
    house = desk.town.house
    gateways = replace(house.gateways, registry=PROVIDERS)
    desk.town.house = replace(house, gateways=gateways)
    with house.databases.write.begin() as tx:
        open_account(
            tx, gateways.vault, slug="hk-vietqr", operator="hoan-kiem", provider="vietqr",
            mode="test",
            settings={
                "bank": "970436", "account": ACCOUNT, "holder": "HOAN KIEM", "feeds": ["sepay"],
            },
            secret={"sepay_secret": "s" * 20, "sepay_token": "t" * 20}, now=desk.town.now,
        )  # fmt: skip
    desk.browser = Browser(desk.town.house)
    return desk
