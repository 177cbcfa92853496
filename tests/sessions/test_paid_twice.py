"""A stay that was paid twice is found by itself, once, and a person decides."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import ParkingSession
from parking.sessions.paid_twice import ACTOR, ask_back
from parking.sessions.refunds import approve
from payments.checkout import Request, start
from payments.models import Payment
from payments.payback import RefundTask
from payments.refund_tasks import Approval, reject
from reconciliation.invariants import check
from tests.kit import Town
from tests.payments.kit import at_once


def run(town: Town) -> int:
    return ask_back(town.house.databases.write, town.house.tariffs, town.now)


def tasks(town: Town) -> list[RefundTask]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(RefundTask).order_by(RefundTask.id)))


def leave(town: Town, session: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)


def pay_again(town: Town, session: ParkingSession, amount: int, intent: str = "again") -> Payment:
    """Somebody else pays the same stay from another phone."""
    request = Request(
        account=town.account(session.lot.operator.code), reference=session.reference,
        intent=intent, amount=amount, cost_centre="HK01", product="parking:car",
        description="again", expires_at=town.clock.now.replace(hour=23),
        return_url="http://localhost/", notify_url="http://localhost/",
    )  # fmt: skip
    payment = start(town.house.databases.write, town.house.gateways, request, town.now)
    town.act(payment)
    return town.learn(payment)


@pytest.fixture
def stay(town: Town) -> tuple[ParkingSession, Payment]:
    """A stay that was paid once."""
    session = town.arrive()
    town.clock.forward(minutes=30)
    return session, town.pay(session)


def test_a_stay_paid_twice_in_full_gets_one_task(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    session, first = stay
    town.clock.forward(minutes=2)
    second = pay_again(town, session, first.amount)
    assert [run(town), run(town)] == [1, 0]
    task = tasks(town)[0]
    assert (task.payment_id, task.amount, task.purpose) == (second.id, first.amount, "excess")
    assert (task.asked_by, task.state, task.key) == (ACTOR, "open", f"excess:{second.code}:1")


def test_ten_runs_at_once_open_one_task(town: Town, stay: tuple[ParkingSession, Payment]) -> None:
    pay_again(town, stay[0], stay[1].amount)
    opened = at_once([partial(run, town)] * 10)
    assert sorted(map(str, opened)) == ["0"] * 9 + ["1"]
    assert len(tasks(town)) == 1


def test_a_payment_that_nothing_was_due_for_goes_back_at_once(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    pay_again(town, stay[0], 5_000)
    assert run(town) == 1
    assert [task.amount for task in tasks(town)] == [5_000]


def test_money_that_a_longer_stay_may_use_up_waits_for_the_exit(town: Town) -> None:
    session = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(session)
    town.act(payment, "pay_more", amount=payment.amount + 7_000)
    town.learn(payment)
    assert run(town) == 0
    leave(town, session)
    assert run(town) == 1
    assert tasks(town)[0].amount == 7_000


def test_a_stay_paid_in_two_parts_owes_nothing_and_is_owed_nothing(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    session, _ = stay
    town.clock.forward(hours=3)
    town.pay(session)
    leave(town, session)
    assert run(town) == 0


def test_what_was_rejected_is_not_asked_for_again(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    session, first = stay
    pay_again(town, session, first.amount)
    run(town)
    with town.house.databases.write.begin() as tx:
        reject(tx, tasks(town)[0].id, "went back in cash", "person:lan", town.now)
    assert run(town) == 0


def test_a_third_payment_after_the_second_went_back_gets_its_own_task(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    session, first = stay
    pay_again(town, session, first.amount)
    run(town)
    house = town.house
    approval = Approval("person:lan", 0, town.now)
    approve(house.databases.write, house.gateways, tasks(town)[0].id, approval)
    assert run(town) == 0
    third = pay_again(town, session, first.amount, "third")
    assert run(town) == 1
    assert tasks(town)[1].payment_id == third.id
    with house.databases.read() as tx:
        assert list(check(tx)) == []


def test_an_excess_larger_than_one_payment_is_spread(
    town: Town, stay: tuple[ParkingSession, Payment]
) -> None:
    session, first = stay
    for name in ("second", "third"):
        pay_again(town, session, first.amount, name)
    leave(town, session)
    assert run(town) == 2
    assert sum(task.amount for task in tasks(town)) == 2 * first.amount
    assert run(town) == 0
