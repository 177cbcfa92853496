"""The ageing queue: who vouched for what the bank never told of, how old it is, and how it is closed."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from parking.sessions import claims
from parking.sessions.claim_queue import (
    AGES,
    Waiting,
    age_group,
    by_lot_and_attendant,
    waiting_claims,
)
from parking.sessions.exits import Leaving
from parking.sessions.models import ParkingSession, TransferClaim
from payments.accounts import account_by_slug
from payments.models import Audit
from payments.silence import LEAST_PATIENCE
from tests.attendant.test_claims import Fed, transfer
from tests.driver.kit import plain
from tests.driver.rails import open_rail
from tests.finance.conftest import Desk
from tests.kit import Town
from tests.web.kit import Browser

QUEUE = "/finance/claims?lang=en"


def out(desk: Desk, plate: str, lot: str = "HK01", by: str = "person:hoa") -> ParkingSession:
    """Somebody is let out who owes 25,000 dong, waiting for the bank."""
    town = desk.town
    session = town.arrive(plate, lot=lot)
    town.clock.forward(minutes=50)
    with town.house.databases.write.begin() as tx:
        claims.release(tx, town.house.tariffs, session.id, Leaving(by, town.now), town.now)
    return session


def says_so(desk: Desk, plate: str) -> ParkingSession:
    town = desk.town
    session = town.arrive(plate)
    town.clock.forward(minutes=50)
    with town.house.databases.write.begin() as tx:
        claims.claim(tx, town.house.tariffs, session.id, "driver", "FT77", town.now)
    return session


def claim_of(desk: Desk, session: ParkingSession) -> TransferClaim:
    with desk.town.house.databases.read() as tx:
        return tx.scalars(select(TransferClaim).where(TransferClaim.session_id == session.id)).one()


def close(desk: Desk, session: ParkingSession, reason: str, status: int = 303) -> str:
    path = f"/finance/claims/{claim_of(desk, session).id}/close"
    answer = desk.browser.post(path, page="/finance/unmatched", reason=reason)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return plain(answer)


@pytest.fixture
def hoa(desk: Desk) -> None:
    """The attendant has a name."""
    with desk.town.house.databases.write.begin() as tx:
        add_person(
            tx, NewPerson("hoa", "attendant", "Nguyễn Thị Hoa", lots=("HK01",)), desk.town.now
        )


@pytest.mark.usefixtures("hoa")
def test_the_queue_ages_by_lot_and_attendant(desk: Desk) -> None:
    out(desk, "30A-111.11")
    desk.town.clock.forward(days=5)
    out(desk, "30A-222.22")
    says_so(desk, "30A-333.33")
    out(desk, "30A-444.44", "DD01", "person:tu")
    desk.sit()
    text = plain(desk.browser.get(QUEUE))
    assert "0–1 days 2–3 days 4–7 days 8–30 days over 30 days Total" in text
    nothing = "– – – –"
    assert (
        "DD01 Bãi xe Chùa Bộc person:tu VND 25,000 1 – – – – VND 25,000 1 "
        "HK01 Bãi xe Trần Quang Khải Drivers only, nobody let out "
        f"VND 25,000 1 {nothing} VND 25,000 1 "
        "HK01 Bãi xe Trần Quang Khải Nguyễn Thị Hoa VND 25,000 1 – VND 25,000 1 – – VND 50,000 2"
    ) in text
    assert text.index("30A-111.11") < text.index("30A-222.22")
    assert "5 days HK01 Nguyễn Thị Hoa Let out at" in text
    assert "by Nguyễn Thị Hoa" in text
    assert "Still inside Bank reference FT77" in text


def test_the_first_page_counts_them_and_leads_there(desk: Desk) -> None:
    out(desk, "30A-111.11")
    says_so(desk, "30A-333.33")
    desk.sit()
    page = desk.read("/finance/?lang=en")
    assert 'href="/finance/claims"' in page
    assert "Waiting for the bank VND 50,000 2 announced" in plain(
        desk.browser.get("/finance/?lang=en")
    )


def test_an_operator_sees_and_closes_its_own_only(desk: Desk) -> None:
    out(desk, "30A-111.11")
    theirs = out(desk, "30A-444.44", "DD01", "person:tu")
    desk.sit("hoan-kiem")
    text = plain(desk.browser.get(QUEUE))
    assert "30A-111.11" in text
    assert "30A-444.44" not in text
    assert "VND 25,000 1 announced" in plain(desk.browser.get("/finance/?lang=en"))
    close(desk, theirs, "Không có trong sao kê", 404)
    assert claim_of(desk, theirs).outcome is None


def test_a_claim_is_closed_as_unpaid_with_a_reason(desk: Desk) -> None:
    session = out(desk, "30A-111.11")
    desk.sit()
    assert "Vui lòng ghi lý do" in close(desk, session, "x", 400)
    close(desk, session, "Không có trong sao kê")
    found = claim_of(desk, session)
    assert (found.outcome, found.settled_by) == ("unpaid", "person:finance-city")
    assert "Nobody waits for the bank" in plain(desk.browser.get(QUEUE))
    with desk.town.house.databases.read() as tx:
        acts = tx.scalars(select(Audit.act).where(Audit.subject == session.reference)).all()
    assert "session.claim_unpaid" in acts
    assert "of 30A-111.11 is settled" in close(desk, session, "Không có trong sao kê", 409)


def test_an_administrator_looks_and_does_not_close(desk: Desk) -> None:
    session = out(desk, "30A-111.11")
    desk.sit(role="admin")
    page = desk.read(QUEUE)
    assert "30A-111.11" in page
    assert "Close as unpaid" not in page
    path = f"/finance/claims/{claim_of(desk, session).id}/close"
    token = desk.browser.token("/admin/people/new")
    answer = desk.browser.client.post(
        path, data={"csrf_token": token, "reason": "x"}, base_url=desk.browser.base
    )
    assert answer.status_code in (400, 403)
    assert claim_of(desk, session).outcome is None


def test_a_silent_feed_is_named_on_the_first_page_and_in_the_queue(town: Town) -> None:
    open_rail(town, Fed)
    with town.house.databases.read() as tx:
        account = account_by_slug(tx, "hk-bank")
    transfer(town, account, "30A-111.11")
    begun = town.now
    transfer(town, account, "30A-222.22")
    town.clock.now = begun + LEAST_PATIENCE + timedelta(minutes=11)
    browser = Browser(town.house)
    browser.become("finance")
    told = "The bank feed of hk-bank is silent: 2 transfers begun since 08:30 20/11/2026"
    for path in ("/finance/?lang=en", QUEUE):
        assert told in plain(browser.get(path))


# Pure


def waiting(lot: str, actor: str, released: bool, age: int, amount: int) -> Waiting:
    claim: Any = SimpleNamespace(
        claimed_by="driver" if released else actor,
        released_by=actor if released else None,
        amount=amount,
    )
    session: Any = SimpleNamespace(lot=SimpleNamespace(number=lot))
    return Waiting(claim, session, age)


rows = st.lists(
    st.builds(
        waiting,
        st.sampled_from(["A1", "B1"]),
        st.sampled_from(["driver", "person:hoa", "person:tu"]),
        st.booleans(),
        st.integers(0, 400),
        st.integers(1, 10**6),
    )
)


@given(rows)
def test_no_claim_is_lost_between_the_rows(found: list[Waiting]) -> None:
    table = by_lot_and_attendant(found)
    assert sum(row.count for row in table) == len(found)
    assert sum(row.total for row in table) == sum(row.claim.amount for row in found)
    keys = [(row.lot.number, row.attendant or "") for row in table]
    assert keys == sorted(set(keys))
    for row in table:
        assert all(
            (count == 0) == (total == 0) for count, total in zip(row.counts, row.sums, strict=True)
        )


@given(st.integers(0, 500))
def test_every_age_has_its_group_and_older_is_never_a_younger_one(age: int) -> None:
    group = age_group(age)
    assert 0 <= group <= len(AGES)
    assert group == len(AGES) or age <= AGES[group]
    assert group == 0 or age > AGES[group - 1]
    assert age_group(age + 1) >= group


def test_ages_are_the_citys_calendar_days(desk: Desk) -> None:
    out(desk, "30A-111.11")
    town = desk.town
    town.clock.forward(hours=13)  # 23:30, then past midnight
    ages = []
    for _ in range(2):
        with town.house.databases.read() as tx:
            ages += [row.age for row in waiting_claims(tx, town.now)]
        town.clock.forward(hours=1)
    assert ages == [0, 1]
