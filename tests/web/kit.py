"""What tests of pages stand on: a house with a clock that is wound by hand, and a browser.

Another room's tests import the fixtures into their own conftest:
``from tests.web.kit import browser, clock, house  # noqa: F401``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from parking.app import build, create_app
from parking.config import Config
from parking.house import House
from parking.lots.models import Lot, Operator
from parking.people.service import NewPerson, add_person
from payments.db import Databases

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_SANDBOX_SECRET = "the sandbox secret of the tests, long enough"


class HandClock:
    """A clock that stands still until a test winds it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wind(self, **span: int) -> None:
        """Move on by `span`, named as `timedelta` names it."""
        self.now += timedelta(**span)


def make_config(folder: Path, **settings: str) -> Config:
    """A development configuration whose files stand in `folder`."""
    return Config.from_env({"PARKING_VAR": str(folder), **settings})


def make_house(folder: Path, url: str, clock: HandClock, **settings: str) -> House:
    """A house on the database `url`, with the sandbox inside this process."""
    config = make_config(folder, DATABASE_URL=url, **settings)
    return build(config, embedded_sandbox=not config.production, clock=clock)


class Browser:
    """One person's browser: cookies, forms filled in from the page before, sign-in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.app = create_app(house)
        self.client = self.app.test_client()
        self.base = house.config.public_url

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=self.base, headers=headers)

    def post(self, path: str, page: str = "/sign-in", **form: object) -> TestResponse:
        """Send a form; the token is taken from `page`, which must hold a form of ours."""
        token = self.token(page)
        headers = {"Referer": f"{self.base}{page}"}
        data = {"csrf_token": token, **form}
        return self.client.post(path, data=data, base_url=self.base, headers=headers)

    def token(self, page: str) -> str:
        """The form token of `page`."""
        found = _TOKEN.search(self.get(page).get_data(as_text=True))
        assert found, f"{page} holds no form"
        return found[1]

    def sign_in(self, username: str, password: str, **form: str) -> TestResponse:
        """Fill in the sign-in form."""
        return self.post("/sign-in", username=username, password=password, **form)

    def become(self, role: str, *lots: str) -> str:
        """Add somebody in `role` (an attendant at `lots`), sign in, and give the user name back."""
        username = f"{role}-{len(lots)}"
        with self.house.databases.write.begin() as tx:
            new = NewPerson(username, role, lots=lots)
            password = add_person(tx, new, self.house.clock())
        answer = self.sign_in(username, password)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return username


def add_lots(house: House) -> None:
    """Two operators, two lots: A1 of Sông Hồng, B1 of Hồ Gươm."""
    with house.databases.write.begin() as tx:
        for number, code, company, name in (
            ("A1", "song-hong", "Công ty Sông Hồng", "Trần Hưng Đạo"),
            ("B1", "ho-guom", "Công ty Hồ Gươm", "Hàng Khay"),
        ):
            operator = Operator(
                code=code, legal_name=company, tax_code="0100000000", unverified=True
            )
            tx.add(operator)
            tx.flush()
            tx.add(_lot(number, name, operator, house.clock()))


def _lot(number: str, name: str, operator: Operator, now: datetime) -> Lot:
    return Lot(
        number=number,
        name=name,
        street=name,
        ward="Cửa Nam",
        former_district="Hoàn Kiếm",
        latitude="21.02",
        longitude="105.84",
        source="test",
        unverified=True,
        operator_id=operator.id,
        created_at=now,
    )


@pytest.fixture
def clock(now: datetime) -> HandClock:
    """A clock that stands still until it is wound."""
    return HandClock(now)


@pytest.fixture
def house(tmp_path: Path, databases: Databases, database_url: str, clock: HandClock) -> House:
    """A house with an empty, migrated database; the test runs once on each kind."""
    made = make_house(tmp_path / "var", database_url, clock)
    made.databases.dispose()
    return replace(made, databases=databases)


@pytest.fixture
def browser(house: House) -> Browser:
    """A browser that nobody has signed in with."""
    return Browser(house)
