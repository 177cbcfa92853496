"""On the page of a difference finance pairs two sides by hand, and takes a pair apart."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from payments.db import new_id
from payments.models import Movement
from reconciliation.models import SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.resolving.finding import Wanted, find
from tests.finance.conftest import Desk
from tests.finance.test_breaks import missing, page_of, text_of
from tests.web.kit import Browser


def told(desk: Desk, break_id: uuid.UUID, off: int = 0) -> StatementLine:
    """A line about that money that came under another reference, with its own difference."""
    with desk.town.house.databases.write.begin() as tx:
        movement = tx.get_one(Movement, tx.get_one(Break, break_id).movement_id)
        same = Statement.account_id == movement.account_id
        statement = tx.scalars(select(Statement).where(same)).first()
        assert statement is not None
        at, amount = movement.event_at + timedelta(minutes=3), movement.amount + off
        line = StatementLine(
            id=new_id(), statement_id=statement.id, account_id=movement.account_id,
            leg=SETTLEMENT, position=999, line_ref="L-OTHER", occurrence=1, kind="payment",
            order_code=None, rail_ref="OTHER", event_at=at, book_day=movement.book_day,
            gross=amount, fee=0, net=amount, currency=movement.currency, text="",
        )  # fmt: skip
        tx.add(line)
        return line


def send(desk: Desk, break_id: uuid.UUID, status: int = 303, **form: str) -> str:
    answer = desk.browser.post(
        f"/finance/break/{break_id}/pair?lang=en", page=page_of(break_id), **form
    )
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def rule_of(desk: Desk, line: StatementLine) -> str | None:
    with desk.town.house.databases.read() as tx:
        return tx.scalar(select(Assignment.rule).where(Assignment.line_id == line.id))


def test_a_suggestion_is_matched_by_one_tap_and_taken_apart(desk: Desk) -> None:
    found = missing(desk)
    line = told(desk, found)
    desk.sit()
    text = text_of(desk, page_of(found))
    assert "please check before you match them" in text
    assert "L-OTHER" in text
    assert rule_of(desk, line) is None
    send(desk, found, reference="L-OTHER")
    assert rule_of(desk, line) == "by_hand"
    assert "Take the pair apart" in text_of(desk, page_of(found))
    assert "Matched by hand: line L-OTHER with money" in text_of(desk, page_of(found))
    send(desk, found)
    assert rule_of(desk, line) is None
    text = text_of(desk, page_of(found))
    assert "Taken apart: line L-OTHER and money" in text
    assert "What was compared here is a difference again" in text
    with desk.town.house.databases.read() as tx:
        states = tx.scalars(select(Break.state).where(Break.line_id == line.id)).all()
    assert sorted(states) == ["open", "resolved"]


@pytest.mark.parametrize("off", [1, 400_000])
def test_another_amount_is_no_suggestion(desk: Desk, off: int) -> None:
    found = missing(desk)
    line = told(desk, found, off)
    desk.sit()
    assert "L-OTHER" not in text_of(desk, page_of(found))
    limit = desk.town.house.config.break_approval_above
    send(desk, found, reference="L-OTHER")
    assert rule_of(desk, line) == ("by_hand" if abs(off) <= limit else None)


def test_a_pair_above_the_limit_is_made_and_taken_apart_by_two(desk: Desk) -> None:
    found = missing(desk)
    line = told(desk, found, 400_000)
    desk.sit()
    send(desk, found, reference="L-OTHER")
    text = text_of(desk, page_of(found))
    assert "Match these two by hand" in text
    assert "You proposed it; somebody else has to approve it." in text
    assert "Match with a reference I know" not in text
    assert "Explain it" not in text
    assert "cannot approve it: it takes another person" in send(desk, found, 409, act="approve")
    assert "Waits for approval" in text_of(desk, "/finance/breaks?state=waiting&lang=en")
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem")
    send(desk, found, act="approve")
    assert rule_of(desk, line) == "by_hand"
    assert "Nothing waits for approval here" in send(desk, found, 409, act="refuse")
    send(desk, found)
    assert "Take this pair apart" in text_of(desk, page_of(found))
    assert rule_of(desk, line) == "by_hand"
    send(desk, found, act="refuse")
    text = text_of(desk, page_of(found))
    for told_so in ("Proposed to match by hand", "Proposed to take apart", "Proposal sent back"):
        assert f"{told_so}: line L-OTHER" in text
    send(desk, found)
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem", name="finance-mai")
    send(desk, found, act="approve")
    assert rule_of(desk, line) is None


WAITING = "/finance/breaks?state=waiting&lang=en"


def from_the_list(desk: Desk, act: str, **form: str) -> str:
    """What the list says of `act` on everything that waits."""
    with desk.town.house.databases.read() as tx:
        waiting = find(tx, Wanted("waiting"), desk.town.now.date())
    ids = [str(row.id) for row in waiting]
    answer = desk.browser.post(WAITING, page=WAITING, act=act, id=ids, **form)
    return unescape(answer.get_data(as_text=True))


def alone(desk: Desk, line: StatementLine) -> None:
    """The line is a difference of its own."""
    with desk.town.house.databases.write.begin() as tx:
        row = Break(
            leg=SETTLEMENT, account_id=line.account_id, day=line.book_day, line_id=line.id,
            kind="missing_internal", difference=line.gross, currency=line.currency, timing=False,
            state="open", opened_at=desk.town.now,
        )  # fmt: skip
        tx.add(row)


def test_pairs_are_decided_from_the_list_by_another_person(desk: Desk) -> None:
    found = missing(desk)
    line = told(desk, found, 400_000)
    alone(desk, line)
    desk.sit()
    send(desk, found, reference="L-OTHER")
    assert "cannot approve it: it takes another person" in from_the_list(desk, "approve")
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem")
    assert "Done for 2 differences" in from_the_list(desk, "refuse", words="Sai khách")
    assert "Sai khách" in text_of(desk, page_of(found))
    assert rule_of(desk, line) is None
    send(desk, found, reference="L-OTHER")
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem", name="finance-mai")
    text = from_the_list(desk, "approve")
    assert "Done for 2 differences" in text
    assert "Not done" not in text
    assert rule_of(desk, line) == "by_hand"


def test_a_reference_that_is_not_there_is_explained(desk: Desk) -> None:
    found = missing(desk)
    desk.sit()
    assert "There are 0 sides with the reference" in send(desk, found, 404, reference="nothing")


def test_only_finance_of_the_operator_pairs(desk: Desk) -> None:
    found = missing(desk)
    desk.sit("thang-long")
    answer = desk.browser.post(f"/finance/break/{found}/pair", page="/finance/", reference="x")
    assert answer.status_code == 404
