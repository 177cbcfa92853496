"""What tests of the driver's and the attendant's pages share: addresses, and pages as plain text."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select
from werkzeug.test import TestResponse

from parking.lots.models import Lot
from parking.sessions.models import ParkingSession
from payments.models import Payment
from qr.links import session_link, sign_link
from tests.kit import Town
from tests.web.kit import Browser


def sign_path(town: Town, lot: str = "HK01", version: int = 1) -> str:
    """Where the code on a lot's sign leads."""
    return sign_link(town.house.keys, "", lot, version)


def session_path(town: Town, session: ParkingSession) -> str:
    """Where the code of a parking session leads."""
    return session_link(town.house.keys, "", session.token)


def plain(answer: TestResponse) -> str:
    """What a reader reads: no tags, single spaces; a time stands in its sentence."""
    body = re.sub(r"</?time[^>]*>", "", answer.get_data(as_text=True))
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", body)
    return " ".join(unescape(body).split())


def state_of(answer: TestResponse) -> str:
    """The state that the badge names first."""
    found = re.search(r'data-state="(\w+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def amount_of(answer: TestResponse) -> str:
    """The amount on the button "pay"."""
    found = re.search(r'name="amount" value="(\d+)"', answer.get_data(as_text=True))
    assert found
    return found[1]


def ways_of(answer: TestResponse) -> list[str]:
    """What the buttons to pay send, in their order."""
    return re.findall(r'name="way" value="([^"]+)"', answer.get_data(as_text=True))


def pay(browser: Browser, path: str, way: str = "") -> TestResponse:
    """Press the first button to pay on the session page at `path`, or the one of `way`."""
    page = browser.get(path)
    return browser.post(
        f"{path}/pay", page=path, amount=amount_of(page), way=way or ways_of(page)[0]
    )


def payments(town: Town) -> list[Payment]:
    """Every payment there is, oldest first."""
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(Payment).order_by(Payment.id)))


def close(town: Town, number: str) -> None:
    """The lot closes now."""
    with town.house.databases.write.begin() as tx:
        tx.get_one(Lot, town.lots[number].id).closed_at = town.now
