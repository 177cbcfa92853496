"""Money goes back when two people want it, or one for little; never more than was paid."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select

from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.models import Audit, Payment, Refund
from payments.payback import RefundTask
from payments.refund_tasks import Approval, approve, needs_another, propose, reject
from payments.refunds import RefundRequest
from tests.payments.kit import PRICE, House, at_once

LIMIT = 5_000
WHY = "two payments for one stay"


def wish(
    payment: Payment, key: str = "K1", amount: int = PRICE, by: str = "person:lan"
) -> RefundRequest:
    return RefundRequest(payment.id, amount, "excess", WHY, by, key)


def opened(house: House, request: RefundRequest) -> RefundTask:
    with house.databases.write.begin() as tx:
        return propose(tx, request, house.now)


def approved(house: House, task: RefundTask, by: str = "person:minh") -> Refund:
    with house.databases.write.begin() as tx:
        return approve(tx, task.id, Approval(by, LIMIT, house.now))


def rejected(house: House, task: RefundTask, reason: str = "not ours") -> RefundTask:
    with house.databases.write.begin() as tx:
        return reject(tx, task.id, reason, "person:minh", house.now)


def task_of(house: House, task: RefundTask) -> RefundTask:
    with house.databases.read() as tx:
        return tx.get_one(RefundTask, task.id)


def refuses(said: str, call: Callable[[], object], error: type[Complaint] = Conflict) -> None:
    with pytest.raises(error, match=said):
        call()


def test_a_task_moves_no_money(house: House) -> None:
    payment = house.paid_payment()
    task = opened(house, wish(payment))
    assert (task.state, house.payment(payment.id).refunded, house.count(Refund)) == ("open", 0, 0)


def test_much_money_goes_back_when_somebody_else_approves(house: House) -> None:
    payment = house.paid_payment()
    task = opened(house, wish(payment))
    refuses("somebody else", partial(approved, house, task, "person:lan"))
    refund = approved(house, task)
    after = task_of(house, task)
    assert (after.state, after.refund_id, after.decided_by) == (
        "approved", refund.id, "person:minh",
    )  # fmt: skip
    assert (refund.asked_by, refund.amount, refund.key) == ("person:lan", PRICE, "K1")
    assert house.payment(payment.id).refunded == PRICE
    with house.databases.read() as tx:
        trail = [tuple(row) for row in tx.execute(select(Audit.actor, Audit.act))]
    assert ("person:lan", "refund_task.open") in trail
    assert ("person:minh", "refund_task.approved") in trail


def test_a_little_money_needs_one_person(house: House) -> None:
    task = opened(house, wish(house.paid_payment(), amount=LIMIT))
    assert approved(house, task, "person:lan").amount == LIMIT


def test_the_limit_counts_what_went_back_before(house: House) -> None:
    payment = house.paid_payment()
    approved(house, opened(house, wish(payment, "K1", LIMIT)), "person:lan")
    second = opened(house, wish(payment, "K2", 1))
    refuses("somebody else", partial(approved, house, second, "person:lan"))
    assert approved(house, second).amount == 1


def test_what_the_service_asks_for_always_needs_one_person(house: House) -> None:
    task = opened(house, wish(house.paid_payment(), amount=1, by="system:paid-twice"))
    with house.databases.read() as tx:
        assert needs_another(tx, task, LIMIT)
    refuses("somebody else", partial(approved, house, task, "system:paid-twice"))
    refuses("somebody else", partial(approved, house, task, "system:another"))
    assert approved(house, task, "person:lan").amount == 1


def test_approving_twice_is_one_refund(house: House) -> None:
    task = opened(house, wish(house.paid_payment()))
    assert approved(house, task).id == approved(house, task).id
    assert house.count(Refund) == 1


def test_a_rejection_has_a_reason_and_is_final(house: House) -> None:
    task = opened(house, wish(house.paid_payment()))
    refuses("why this money does not go back", partial(rejected, house, task, " x "), WrongUsage)
    after = rejected(house, task)
    assert (after.state, after.decision) == ("rejected", "not ours")
    refuses("rejected before", partial(approved, house, task))
    refuses("rejected before", partial(rejected, house, task))


def test_what_was_approved_is_not_rejected(house: House) -> None:
    task = opened(house, wish(house.paid_payment()))
    approved(house, task)
    refuses("approved before", partial(rejected, house, task))


def test_an_open_task_counts_as_gone_and_a_rejected_one_does_not(house: House) -> None:
    payment = house.paid_payment()
    first = opened(house, wish(payment, "K1", 15_000))
    refuses("5000 is left", partial(opened, house, wish(payment, "K2", 5_001)))
    rejected(house, first)
    assert opened(house, wish(payment, "K2", PRICE)).amount == PRICE


def test_a_task_needs_a_reason_and_an_amount(house: House) -> None:
    payment = house.paid_payment()
    silent = RefundRequest(payment.id, 5, "excess", " ", "person:lan", "K")
    refuses("why the money goes back", partial(opened, house, silent), WrongUsage)
    refuses("cannot be refunded", partial(opened, house, wish(payment, amount=0)))
    refuses("cannot be refunded", partial(opened, house, wish(payment, amount=PRICE + 1)))


def test_a_key_stands_for_one_task(house: House) -> None:
    payment = house.paid_payment()
    first = opened(house, wish(payment, "K1", 5_000))
    assert opened(house, wish(payment, "K1", 5_000)).id == first.id
    refuses("another refund", partial(opened, house, wish(payment, "K1", 4_000)))


def test_a_task_that_does_not_exist_is_not_decided(house: House) -> None:
    with pytest.raises(NotFound), house.databases.write.begin() as tx:
        approve(tx, uuid.UUID(int=1), Approval("person:minh", LIMIT, house.now))


def test_twenty_requests_at_once_never_ask_for_more_than_was_paid(house: House) -> None:
    payment = house.paid_payment()
    answers = at_once([partial(opened, house, wish(payment, f"K{n}", 3_000)) for n in range(20)])
    tasks = [answer for answer in answers if isinstance(answer, RefundTask)]
    assert len(tasks) == PRICE // 3_000
    assert all(isinstance(a, Conflict) for a in answers if not isinstance(a, RefundTask))
    refunds = at_once([partial(approved, house, task) for task in tasks])
    assert all(isinstance(answer, Refund) for answer in refunds)
    assert house.payment(payment.id).refunded == 18_000


def test_twenty_approvals_at_once_are_one_refund(house: House) -> None:
    payment = house.paid_payment()
    task = opened(house, wish(payment))
    answers = at_once([partial(approved, house, task)] * 20)
    assert len({answer.id for answer in answers if isinstance(answer, Refund)}) == 1
    assert house.payment(payment.id).refunded == PRICE


def test_approvals_and_rejections_at_once_end_in_one_decision(house: House) -> None:
    payment = house.paid_payment()
    task = opened(house, wish(payment))
    yes: Callable[[], object] = partial(approved, house, task)
    no: Callable[[], object] = partial(rejected, house, task)
    at_once([yes, no] * 10)
    after = task_of(house, task)
    assert house.count(Refund) == (after.state == "approved")
    assert house.payment(payment.id).refunded == (PRICE if after.state == "approved" else 0)
    assert (after.refund_id is None) == (after.state == "rejected")
