"""Money that decisions about differences moved to suspense, and such decisions about closed days."""

from __future__ import annotations

from sqlalchemy import select

from payments.db import business_day
from payments.models import Transfer
from reconciliation.invariants import check
from reconciliation.models import Break
from tests.driver.kit import plain
from tests.finance.conftest import Desk, settle
from tests.finance.test_breaks import act, page_of
from tests.finance.test_closing import PATH, certify, press
from tests.web.kit import Browser

QUEUE = "/finance/unmatched?lang=en"


def unknown(desk: Desk) -> Break:
    """The sandbox tells of money that nobody paid us."""
    town = desk.town
    town.driver_of(town.account()).plant(business_day(town.now), "unknown_line")
    settle(town)
    with town.house.databases.read() as tx:
        return tx.scalars(select(Break).where(Break.kind == "missing_internal")).one()


def queue(desk: Desk) -> str:
    return plain(desk.browser.get(QUEUE))


def test_money_set_apart_stands_in_the_queue_until_that_is_taken_back(desk: Desk) -> None:
    found = unknown(desk)
    desk.sit()
    assert "Set apart" not in queue(desk)
    act(desk, found.id, "resolve", reason="to_return", words="Not ours")
    page = queue(desk)
    assert "Set apart when a difference was explained" in page
    assert f"+VND {found.difference:,}" in page
    assert f"/finance/break/{found.id}" in desk.read(QUEUE)
    act(desk, found.id, "undo", words="It is ours after all")
    assert "Set apart" not in queue(desk)
    act(desk, found.id, "resolve", reason="kept", words="Nobody asks for it")
    assert "Set apart" not in queue(desk)


def test_money_set_apart_by_another_operator_is_not_seen(desk: Desk) -> None:
    found = unknown(desk)
    desk.sit()
    act(desk, found.id, "resolve", reason="to_return", words="Not ours")
    desk.browser = Browser(desk.town.house)
    desk.sit("thang-long")
    assert "Set apart" not in queue(desk)


def test_what_is_taken_back_on_a_closed_day_is_booked_today_and_the_page_says_so(
    desk: Desk,
) -> None:
    found = unknown(desk)
    desk.sit("hoan-kiem")
    assert "is closed" not in plain(desk.browser.get(page_of(found.id)))
    act(desk, found.id, "resolve", reason="to_return", words="Not ours")
    press(desk, "close")
    certificate = certify(desk)
    today = business_day(desk.town.now)
    assert today > found.day
    told = plain(desk.browser.get(page_of(found.id)))
    assert (
        f"is closed: its certificate stays. What you decide here is booked on {today:%d/%m/%Y}"
        in told
    )
    act(desk, found.id, "undo", words="It is ours after all")
    with desk.town.house.databases.read() as tx:
        back = tx.scalars(select(Transfer).where(Transfer.cause.startswith("undo:break:"))).one()
        assert back.book_day == today
        assert tx.get_one(Break, found.id).state == "open"
        assert [*check(tx)] == []
    page = desk.read(f"{PATH}?lang=en")
    assert certificate.sha256 in page
    assert "since the close" in page
