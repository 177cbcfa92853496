"""The list of refunds: a second person decides, everybody sees who did what."""

from __future__ import annotations

from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from payments.models import Audit, Payment, Refund
from payments.payback import RefundTask
from payments.refund_tasks import propose
from payments.refunds import RefundRequest
from tests.driver.kit import plain
from tests.finance.conftest import Desk

LIST = "/finance/refunds?lang=en"


def task(desk: Desk, payment: Payment | None = None, by: str = "system:paid-twice") -> RefundTask:
    """Somebody asks for 10,000 of the payment to go back."""
    request = RefundRequest(
        (payment or desk.payment).id,
        10_000 if payment is None else 1_000,
        "charge",
        "Paid more than once",
        by,
        f"K-{by}",
    )
    with desk.town.house.databases.write.begin() as tx:
        return propose(tx, request, desk.town.now)


def text_of(desk: Desk) -> str:
    return plain(desk.browser.get(LIST))


def decide(desk: Desk, found: RefundTask, decision: str, status: int = 303, **form: str) -> str:
    path = f"/finance/refunds/{found.id}"
    answer = desk.browser.post(path, page=LIST, decision=decision, **form)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return plain(answer)


def test_an_open_task_says_who_asked_when_and_how_long_ago(desk: Desk) -> None:
    task(desk)
    desk.town.clock.forward(days=3)
    desk.sit()
    text = text_of(desk)
    assert "Waiting for approval Paid more than once VND 10,000" in text
    assert "Our system Age 3 days" in text
    assert "30A-123.45 · HK01" in text


def test_approving_sends_the_money_and_lowers_the_charge(desk: Desk) -> None:
    found = task(desk)
    desk.sit()
    decide(desk, found, "approve")
    with desk.town.house.databases.read() as tx:
        assert tx.scalars(select(Refund.state)).all() == ["done"]
        acts = [tuple(row) for row in tx.execute(select(Audit.actor, Audit.act))]
    assert ("person:finance-city", "refund_task.approved") in acts
    text = text_of(desk)
    assert "Nothing waits for approval" in text
    assert "Went back" in text
    assert "finance-city" in text
    assert "Refund done: Paid more than once" in desk.read(
        f"/finance/trace?q={desk.payment.code}&lang=en"
    )


def test_rejecting_needs_a_reason_and_shows_it(desk: Desk) -> None:
    found = task(desk)
    desk.sit()
    assert "why this money does not go back" in decide(desk, found, "reject", 400, reason=" ")
    decide(desk, found, "reject", reason="Đã trả tiền mặt")
    text = text_of(desk)
    assert "Rejected" in text
    assert "Đã trả tiền mặt" in text


def test_much_money_waits_for_somebody_else(desk: Desk) -> None:
    town = desk.town
    session = town.arrive("30E-555.55")
    town.clock.forward(days=9)
    payment = town.pay(session)
    assert payment.amount > 200_000
    desk.sit()
    page = f"/finance/trace?q={payment.code}&lang=en"
    form = {
        "amount": str(payment.amount),
        "purpose": "charge",
        "reason": "Xe bị kẹt",
        "key": "c" * 32,
    }
    answer = desk.browser.post(f"/finance/payments/{payment.code}/refund", page=page, **form)
    assert answer.headers["Location"].endswith("/finance/refunds")
    with town.house.databases.read() as tx:
        found = tx.scalars(select(RefundTask)).one()
        assert tx.scalars(select(Refund)).all() == []
    text = text_of(desk)
    assert "somebody else has to approve it" in text
    assert "Approve VND" not in text
    assert "somebody else than who asked" in decide(desk, found, "approve", 409)


def test_another_operators_refunds_do_not_exist(desk: Desk) -> None:
    found = task(desk, desk.other)
    desk.sit("hoan-kiem")
    assert "Nothing waits for approval" in text_of(desk)
    own = task(desk, by="person:x")
    answer = desk.browser.post(
        f"/finance/refunds/{found.id}", page=LIST, decision="approve", reason=""
    )
    assert answer.status_code == 404
    decide(desk, own, "approve")


def test_an_administrator_reads_and_does_not_decide(desk: Desk) -> None:
    task(desk)
    desk.sit(role="admin")
    assert 'name="decision"' not in desk.read(LIST)


def test_who_asked_is_called_by_name(desk: Desk) -> None:
    with desk.town.house.databases.write.begin() as tx:
        add_person(tx, NewPerson("mai", "finance", name="Trần Thị Mai"), desk.town.now)
    task(desk, by="person:mai")
    task(desk, desk.other, by="system:some-part")
    desk.sit()
    text = text_of(desk)
    assert "Trần Thị Mai" in text
    assert "Our system" in text
    assert "some-part" not in text
