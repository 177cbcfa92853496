"""Closing on the finance pages: what is missing, two people, the certificate, opening a day again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.finance.closings import LISTED
from parking.trace.service import trace
from reconciliation.closing.finishing import finish_due
from reconciliation.closing.models import Certificate
from reconciliation.invariants import check
from reconciliation.running import keep_current
from reconciliation.seals.sealing import Turn, seal
from tests.finance.conftest import Desk, differ
from tests.trace.conftest import settle
from tests.web.kit import Browser

PATH = "/finance/close/hoan-kiem/2026-11-20"


def press(desk: Desk, act: str, status: int = 303, /, **form: str) -> str:
    answer = desk.browser.post(PATH, page=f"{PATH}?lang=en", act=act, **form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    return text


def swap(desk: Desk, operator: str | None) -> None:
    """Somebody else sits down."""
    desk.browser = Browser(desk.town.house)
    desk.sit(operator)


def certify(desk: Desk) -> Certificate:
    desk.town.clock.forward(minutes=11)
    databases = desk.town.house.databases
    assert finish_due(databases.write, desk.town.now) == 1
    with databases.read() as tx:
        return tx.scalars(select(Certificate).order_by(Certificate.number.desc())).all()[0]


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """Hoàn Kiếm's day is closed."""
    settle(desk.town)
    desk.sit("hoan-kiem")
    press(desk, "close")
    certify(desk)
    return desk


def test_a_day_without_its_file_says_what_is_missing_and_links_to_it(desk: Desk) -> None:
    settle(desk.town)
    late = desk.town.arrive("30E-111.11")
    desk.town.clock.forward(hours=2)
    desk.town.pay(late)
    keep_current(desk.town.house.databases.write, desk.town.now)
    desk.town.clock.forward(days=1)
    desk.sit()
    page = desk.read("/finance/close?lang=en")
    assert "Ready to be closed" in page
    assert "file has not come" in page
    desk.read("/finance/close?month=2026-10&lang=en")
    told = desk.read("/finance/close/hoan-kiem/2026-11-22?lang=en")
    assert "What is not explained" in told
    assert 'href="/finance/day/2026-11-22"' in told
    assert "Close with these exceptions" in told


def test_one_person_closes_a_day_on_which_everything_is_explained(desk: Desk) -> None:
    settle(desk.town)
    desk.sit("hoan-kiem")
    assert "Close this day" in desk.read(f"{PATH}?lang=en")
    press(desk, "close")
    assert "the day is certified by itself" in desk.read(f"{PATH}?lang=en")
    certificate = certify(desk)
    page = desk.read(f"{PATH}?lang=en")
    assert certificate.sha256 in page
    assert "Open this day again" in page
    answer = desk.browser.get(f"{PATH}/certificate-1.json")
    assert hashlib.sha256(answer.get_data()).hexdigest() == certificate.sha256
    assert certificate.sha256[:16] in desk.read("/finance/close?lang=en")
    desk.read(f"{PATH}/certificate-2.json", 404)


def test_figures_are_of_vehicles_in_words(desk: Desk) -> None:
    settle(desk.town)
    desk.sit("hoan-kiem")
    page = desk.read(PATH)
    assert 'data-label="Dịch vụ">Ô tô' in page
    assert "parking:" not in page


def test_of_thousands_of_differences_the_first_stand_on_the_page(desk: Desk) -> None:
    settle(desk.town)
    differ(desk, LISTED + 11)
    desk.sit("hoan-kiem")
    page = desk.read(f"{PATH}?lang=en")
    assert page.count('name="except"') == LISTED
    assert "11 more are not listed here" in page
    assert "/finance/breaks?since=2026-11-20&amp;until=2026-11-20" in page
    assert "× 111" in desk.read("/finance/close?lang=en")


def test_exceptions_are_named_by_one_and_agreed_to_by_another(desk: Desk) -> None:
    keep_current(desk.town.house.databases.write, desk.town.now)
    desk.town.clock.forward(days=1)
    desk.sit("hoan-kiem")
    subject = {"except": "account:hoan-kiem-sandbox"}
    assert "not explained" in press(desk, "close", 409)
    press(desk, "close", 400, **subject)
    press(desk, "close", reason="the provider is closed for ever", **subject)
    page = desk.read(f"{PATH}?lang=en")
    assert "somebody else has to agree to it" in page
    assert "not finance-hoan-kiem" in press(desk, "confirm", 409)
    swap(desk, None)
    assert "Agree and close this day" in desk.read(f"{PATH}?lang=en")
    press(desk, "confirm")
    assert b"closed for ever" in certify(desk).body


def test_a_closed_day_is_opened_again_by_two_people(closed: Desk) -> None:
    press(closed, "ask", 400, reason="")
    press(closed, "ask", reason="a file was wrong")
    assert "You asked for it" in closed.read(f"{PATH}?lang=en")
    assert "somebody else" in press(closed, "reopen", 409)
    assert "asks to open it again" in closed.read("/finance/close?lang=en")
    first = closed.browser
    swap(closed, None)
    press(closed, "refuse")
    press(closed, "ask", reason="a file was wrong")
    closed.browser = first
    press(closed, "reopen")
    press(closed, "close")
    assert certify(closed).revision == 2
    page = closed.read(f"{PATH}?lang=en")
    assert "What revision 2 changed" in page
    assert "No figure has changed" in page


def test_closing_is_given_up_before_it_is_certified(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    press(desk, "close")
    press(desk, "withdraw")
    assert "Close this day" in desk.read(f"{PATH}?lang=en")
    press(desk, "dance", 400)


def test_other_operators_and_other_roles_are_kept_out(closed: Desk) -> None:
    closed.browser = Browser(closed.town.house)
    closed.sit("thang-long")
    closed.read(PATH, 404)
    closed.browser = Browser(closed.town.house)
    closed.sit(role="admin")
    assert "Ask to open it again" not in closed.read(f"{PATH}?lang=en")
    press(closed, "ask", 403, reason="because")
    closed.read("/finance/close/nobody/2026-11-20", 404)


def test_a_trace_ends_in_the_certificate_and_the_seal(closed: Desk) -> None:
    town, code = closed.town, closed.payment.code
    with town.house.databases.read() as tx:
        before = {step.stage.value for step in trace(tx, code).steps}
    assert "seal" not in before
    seal(town.house.databases.write, Turn(town.now, behind=timedelta(seconds=-1)))
    with town.house.databases.read() as tx:
        found = trace(tx, code)
    stages = [step.stage.value for step in found.steps]
    assert "certificate" in stages
    assert stages.count("seal") == stages.count("movement") == 3  # receipt, fee, payout
    words = [step.text("en") for step in found.steps]
    assert "Certified in certificate 1 of 20/11/2026, revision 1" in words
    page = closed.read(f"/finance/trace?q={code}&lang=en")
    assert "Certified in certificate 1 of 20/11/2026, revision 1" in page
    with town.house.databases.read() as tx:
        assert list(check(tx)) == []
