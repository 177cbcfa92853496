"""The list of differences and the page of each, as two people of finance work on them."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from payments.db import business_day
from payments.models import Transfer
from reconciliation.models import Break, Statement, StatementLine
from reconciliation.resolving.models import BreakAct
from tests.driver.kit import plain
from tests.finance.conftest import Desk, settle
from tests.web.kit import Browser

LIST = "/finance/breaks?lang=en"


def missing(desk: Desk) -> uuid.UUID:
    """The sandbox forgets a payment of Hoàn Kiếm in its file."""
    town = desk.town
    code = desk.payment.code
    town.driver_of(town.account()).plant(business_day(town.now), "missing_line", order=code)
    settle(town)
    with town.house.databases.read() as tx:
        return tx.scalars(select(Break.id).where(Break.kind == "missing_external")).one()


def page_of(break_id: uuid.UUID) -> str:
    return f"/finance/break/{break_id}?lang=en"


def act(desk: Desk, break_id: uuid.UUID, name: str, status: int = 303, **form: str) -> str:
    path = f"/finance/break/{break_id}"
    answer = desk.browser.post(path, page=page_of(break_id), act=name, **form)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return plain(answer)


def text_of(desk: Desk, path: str) -> str:
    return plain(desk.browser.get(path))


def make_big(desk: Desk, break_id: uuid.UUID) -> None:
    """As if it were a difference that one person may not decide."""
    with desk.town.house.databases.write.begin() as tx:
        tx.get_one(Break, break_id).difference = -900_000


def test_a_difference_is_taken_commented_and_resolved(desk: Desk) -> None:
    found = missing(desk)
    desk.sit()
    text = text_of(desk, page_of(found))
    assert "Who has it Nobody" in text
    assert "Debit adjustments, credit owed by provider" in text
    act(desk, found, "take")
    act(desk, found, "comment", words="Đã gọi đối tác <b>")
    text = text_of(desk, page_of(found))
    assert "Given to finance-city" in text
    assert "Đã gọi đối tác <b>" in desk.read(page_of(found)).replace("&lt;", "<").replace(
        "&gt;", ">"
    )
    act(desk, found, "resolve", reason="written_off")
    text = text_of(desk, page_of(found))
    assert "Resolved: Written off" in text
    assert "Debit adjustments, credit owed by provider" in text
    assert "No differences" in text_of(desk, LIST)
    act(desk, found, "undo", words="Nhầm")
    assert "Unexplained" in text_of(desk, page_of(found))
    with desk.town.house.databases.read() as tx:
        assert tx.scalars(select(BreakAct.act).order_by(BreakAct.id)).all() == [
            "assign", "comment", "resolve", "undo",
        ]  # fmt: skip


def test_above_the_limit_the_proposer_waits_and_another_approves(desk: Desk) -> None:
    found = missing(desk)
    make_big(desk, found)
    desk.sit()
    act(desk, found, "resolve", reason="provider_corrects", words="Đã xác nhận qua thư")
    text = text_of(desk, page_of(found))
    assert "Waits for approval Proposed: The provider corrects it later" in text
    assert "Đã xác nhận qua thư" in text
    assert "somebody else has to approve it" in text
    assert "Why you take it back" in text
    assert "Match by hand" not in text
    told = act(desk, found, "approve", 409)
    assert "finance-city proposed this, so finance-city cannot approve it" in told
    assert "Waits for approval" in text_of(desk, LIST + "&state=waiting")
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem")
    act(desk, found, "approve")
    assert "Approved and resolved" in text_of(desk, page_of(found))


def test_a_refused_form_says_why_and_keeps_what_was_chosen(desk: Desk) -> None:
    found = missing(desk)
    desk.sit()
    told = act(desk, found, "resolve", 400, reason="other", words=" ")
    assert "Please say in a few words why" in told
    assert 'value="other" checked' in desk.browser.post(
        f"/finance/break/{found}", page=page_of(found), act="resolve", reason="other", words=""
    ).get_data(as_text=True)
    assert "incomplete" in act(desk, found, "assign", 400, owner="person:nobody")
    assert "incomplete" in act(desk, found, "burn", 400)


def test_a_reason_that_does_not_fit_is_named_in_words(desk: Desk) -> None:
    found = missing(desk)
    desk.sit()
    text = act(desk, found, "resolve", 400, reason="over_kept", words="Không hợp")
    assert "Surplus kept is no reason for this difference" in text
    path = "/finance/breaks?lang=en"
    form = {"act": "resolve", "reason": "over_kept", "words": "Không hợp", "id": str(found)}
    assert "1 times: Surplus kept is no reason" in plain(desk.browser.post(path, page=path, **form))


def test_a_difference_is_given_to_somebody_who_may_see_it(desk: Desk) -> None:
    found = missing(desk)
    with desk.town.house.databases.write.begin() as tx:
        for name, operator in (("hoa", "hoan-kiem"), ("thu", "thang-long")):
            add_person(tx, NewPerson(name, "finance", operator=operator), desk.town.now)
    desk.sit()
    act(desk, found, "assign", owner="person:hoa")
    assert "incomplete" in act(desk, found, "assign", 400, owner="person:thu")
    page = desk.read("/finance/breaks?lang=en&owner=person:hoa")
    assert str(found) in page
    act(desk, found, "release")
    assert "Put back, nobody has it" in text_of(desk, page_of(found))


def test_many_are_worked_on_from_the_list(desk: Desk) -> None:
    found = missing(desk)
    desk.sit()
    path = LIST + "&kind=missing_external"
    assert "Written off" in text_of(desk, path)
    answer = desk.browser.post(path, page=path, act="take", all="1", page_id=str(found))
    assert "Done for 1 differences" in plain(answer)
    again = plain(desk.browser.post(path, page=path, act="take", id=str(found)))
    assert "Not done for 1 differences" in again
    assert "Done for" not in again.replace("Not done for", "")
    assert "wait for a second person" not in again
    assert "1 times: Nothing changes" in again
    answer = desk.browser.post(
        path, page=path, act="resolve", reason="written_off", id=str(found), words="Cả lô"
    )
    assert "Done for 1 differences" in plain(answer)
    with desk.town.house.databases.read() as tx:
        assert tx.scalars(select(Transfer.kind).where(Transfer.cause.is_not(None))).all() == [
            "adjusted"
        ]


@pytest.mark.parametrize("form", [{}, {"id": "x"}, {"id": str(uuid.uuid4()), "act": "burn"}])
def test_a_list_form_that_says_nothing_is_refused(desk: Desk, form: dict[str, str]) -> None:
    missing(desk)
    desk.sit()
    answer = desk.browser.post(LIST, page=LIST, **({"act": "take"} | form))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query",
    ["state=soon", "kind=x", "age=5", "sort=x", "size=7", "page=0", "page=x", "since=gestern"],
)
def test_a_question_nobody_may_ask_is_explained(desk: Desk, query: str) -> None:
    desk.sit()
    desk.read(f"/finance/breaks?{query}", 400)


def test_another_operators_differences_do_not_exist(desk: Desk) -> None:
    found = missing(desk)
    desk.sit("thang-long")
    assert str(found) not in desk.read(LIST)
    assert str(found) not in desk.read(LIST + "&operator=hoan-kiem")
    desk.read(page_of(found), 404)
    answer = desk.browser.post(f"/finance/break/{found}", page="/finance/refunds", act="take")
    assert answer.status_code == 404
    told = plain(desk.browser.post(LIST, page="/finance/refunds", act="take", id=str(found)))
    assert "1 times: There is no such difference." in told
    with desk.town.house.databases.read() as tx:
        assert tx.scalars(select(BreakAct)).all() == []


def test_an_administrator_reads_and_does_not_decide(desk: Desk) -> None:
    found = missing(desk)
    desk.sit(role="admin")
    assert 'name="act"' not in desk.read(page_of(found))
    assert 'name="act"' not in desk.read(LIST)


def test_day_and_month_lead_to_the_list(desk: Desk) -> None:
    missing(desk)
    desk.sit()
    assert "/finance/breaks?since=2026-11-20" in desk.read("/finance/?month=2026-11")
    assert "/finance/breaks?since=2026-11-20" in desk.read("/finance/day/2026-11-20")


def test_what_a_file_explained_says_which_and_where(desk: Desk) -> None:
    found = missing(desk)
    with desk.town.house.databases.write.begin() as tx:
        line = tx.scalars(select(StatementLine).where(StatementLine.kind == "payout")).first()
        row = tx.get_one(Break, found)
        assert line is not None
        row.state, row.resolution, row.resolved_at = "resolved", "late", desk.town.now
        row.line_id, row.difference = line.id, 0
        name = tx.get_one(Statement, line.statement_id).name
    desk.sit()
    assert f"line {line.position} of {name}" in text_of(desk, page_of(found))
    assert f"by line {line.position} of {name}" in text_of(desk, LIST + "&state=resolved")
