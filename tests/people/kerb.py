"""An operator's kerb: Bình's phone, enrolled as “Cổng 1”, and the administrator's browser."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from parking.house import House
from parking.people.models import Person, Phone
from parking.people.passwords import hash_password
from parking.people.service import NewPerson, add_person
from tests.web.kit import Browser, add_lots

ENROL = "/admin/phones"
PIN = "407193"
#: Hashing takes its time on purpose: once for all tests.
PIN_HASH = hash_password(PIN)


def cookie(browser: Browser) -> str | None:
    """The cookie that makes this browser an enrolled phone."""
    found = browser.client.get_cookie("phone")
    return found.value if found else None


def new_link(admin: Browser, name: str, operator: str = "song-hong") -> str:
    """The path of a fresh link, as the administrator reads it off the page."""
    page = admin.post(ENROL, page=ENROL, operator=operator, name=name).get_data(as_text=True)
    found = re.search(r"(/phone/[\w-]+)", page)
    assert found, page
    return found[1]


@dataclass
class Kerb:
    """`password` is Bình's, who works for Sông Hồng and has the PIN `PIN`."""

    house: House
    admin: Browser
    admin_password: str
    phone: Browser
    password: str

    def type_pin(
        self, pin: str = PIN, who: str = "binh", phone: Browser | None = None
    ) -> TestResponse:
        """Somebody types a PIN, on Bình's phone if on no other."""
        browser = phone or self.phone
        return browser.post("/sign-in/pin", page="/sign-in?password=", who=who, pin=pin)

    def type_password(self, who: str, password: str) -> TestResponse:
        """Somebody signs in on Bình's phone with a password."""
        form = {"username": who, "password": password}
        return self.phone.post("/sign-in", page="/sign-in?password=", **form)

    def enter(self) -> None:
        """Bình signs in by PIN."""
        answer = self.type_pin()
        assert (answer.status_code, answer.location) == (303, "/attendant/")

    def add(self, username: str, role: str, lot: str = "", pin: bool = True) -> str:
        """Somebody more, with the same PIN; the password."""
        with self.house.databases.write.begin() as tx:
            new = NewPerson(username, role, lots=(lot,) if lot else ())
            password = add_person(tx, new, self.house.clock())
            who = tx.scalars(select(Person).where(Person.username == username)).one()
            who.pin_hash = PIN_HASH if pin else None
        return password

    def another_phone(self, name: str = "Cổng 2", operator: str = "song-hong") -> Browser:
        """One more enrolled phone."""
        path, browser = new_link(self.admin, name, operator), Browser(self.house)
        assert browser.post(path, page=path).status_code == 200
        return browser

    def revoke(self, name: str = "Cổng 1") -> None:
        """The administrator revokes a phone."""
        with self.house.databases.read() as tx:
            phone = tx.scalars(select(Phone.id).where(Phone.name == name)).one()
        answer = self.admin.post(f"/admin/phones/{phone}/revoke", page="/admin/phones")
        assert answer.status_code == 303


@pytest.fixture
def kerb(house: House) -> Kerb:
    """Bình's phone is enrolled; nobody is signed in on it."""
    add_lots(house)
    admin = Browser(house)
    with house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson("admin-0", "admin"), house.clock())
    assert admin.sign_in("admin-0", password).status_code == 303
    made = Kerb(house, admin, password, Browser(house), "")
    made.phone = made.another_phone("Cổng 1")
    made.password = made.add("binh", "attendant", "A1")
    return made
