"""One payment for several vehicles: each is paid by its share, whatever came and whenever."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, select

from parking import proofs
from parking.receipts import service as receipts
from parking.sessions.due import standings
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import Adjustment, Exemption, ParkingSession
from parking.sessions.paid_twice import ask_back
from parking.sessions.refunds import approve, refund
from parking.trace.model import Stage
from parking.trace.service import trace
from payments.errors import Conflict, WrongUsage
from payments.models import Payment
from payments.payback import RefundTask
from payments.refund_tasks import Approval
from payments.refunds import RefundRequest
from payments.sharing import Allocation
from reconciliation.invariants import check
from tests.kit import Town
from tests.payments.kit import at_once
from tests.sessions.groups import bikes, checkout, dues, look, pay

PRICE = 5_000


def violations(town: Town) -> list[str]:
    with town.house.databases.read() as tx:
        own = [violation.rule for proof in proofs.PROOFS for violation in proof(tx)]
        return own + [violation.rule for violation in check(tx)]


def give_back(
    town: Town, payment: Payment, stay: ParkingSession, purpose: str, amount: int = PRICE
) -> None:
    request = RefundRequest(
        payment.id, amount, purpose, "left at once", "person:lan", f"K{stay.id}", stay.reference
    )
    refund(town.house.databases.write, town.house.gateways, request, 1_000_000, town.now)


def leave(town: Town, stays: list[ParkingSession]) -> None:
    with town.house.databases.write.begin() as tx:
        for stay in stays:
            record_exit(tx, stay.id, Leaving("person:hoa", town.now), town.now)


def tasks(town: Town) -> list[RefundTask]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(RefundTask).order_by(RefundTask.id)))


def ask(town: Town) -> int:
    return ask_back(town.house.databases.write, town.house.tariffs, town.now)


def test_three_bikes_are_paid_with_one_payment(town: Town) -> None:
    stays = bikes(town)
    assert dues(town, stays) == [PRICE] * 3
    payment = pay(town, stays)
    assert (payment.state, payment.amount, payment.product) == (
        "paid",
        3 * PRICE,
        "parking:motorbike",
    )
    assert (payment.cost_centre, payment.description) == ("HK01", "HK01 3 xe")
    seen = look(town, stays)
    assert [(one.due, one.paid) for one in seen] == [(0, PRICE)] * 3
    assert all(one.covered_until for one in seen)
    assert violations(town) == []


def test_paid_before_dusk_and_left_after_it_owes_nothing(town: Town) -> None:
    """Each quote of the payment covers its own stay."""
    town.clock.now = town.now.replace(hour=10)  # 17:00 in Hanoi
    stays = bikes(town)
    town.clock.now = town.now.replace(hour=10, minute=55)
    pay(town, stays)
    town.clock.now = town.now.replace(hour=11, minute=9)
    assert dues(town, stays) == [0, 0, 0]
    leave(town, stays)
    town.clock.forward(hours=3)
    assert dues(town, stays) == [0, 0, 0]


def test_too_little_pays_the_first_ones_whole_and_covers_them(town: Town) -> None:
    stays = bikes(town)
    payment = checkout(town, stays)
    town.act(payment, "pay", amount=12_000)
    assert "underpaid" in town.learn(payment).flags
    seen = look(town, stays)
    assert [(one.due, one.paid) for one in seen] == [(0, 5_000), (0, 5_000), (3_000, 2_000)]
    assert [one.covered_until is not None for one in seen] == [True, True, False]
    assert violations(town) == []
    town.pay(stays[2])
    assert dues(town, stays) == [0, 0, 0]


def test_late_money_is_still_money_and_covers_nothing(town: Town) -> None:
    stays = bikes(town)
    payment = checkout(town, stays)
    town.clock.now = payment.expires_at + timedelta(minutes=1)
    town.act(payment, "pay_late")
    assert "paid_late" in town.learn(payment).flags
    seen = look(town, stays)
    assert [(one.paid, one.covered_until) for one in seen] == [(PRICE, None)] * 3


def test_the_same_click_twice_is_the_same_payment(town: Town) -> None:
    stays = bikes(town)
    first = checkout(town, stays)
    town.clock.forward(minutes=1)
    assert checkout(town, stays[::-1]).id == first.id
    town.act(first)
    town.learn(first)
    with pytest.raises(Conflict, match="Nothing is due"):
        checkout(town, stays)


def test_ten_clicks_at_once_are_one_payment(town: Town) -> None:
    stays = bikes(town)
    calls = [partial(checkout, town, stays[:: 1 - 2 * (n % 2)]) for n in range(10)]
    found = at_once(calls)
    assert {one.code for one in found if isinstance(one, Payment)} == {checkout(town, stays).code}


def test_groups_that_share_vehicles_do_not_stop_each_other(town: Town) -> None:
    one, two, three = bikes(town)
    calls = [
        partial(checkout, town, stays) for stays in ([one, two], [two, three], [three, one]) * 3
    ]
    found = at_once(calls)
    assert [type(one) for one in found] == [Payment] * 9
    assert len({one.code for one in found if isinstance(one, Payment)}) == 3


def test_a_bike_paid_alone_and_with_others_at_once_is_owed_its_own_money(town: Town) -> None:
    stays = bikes(town)
    together, alone = at_once([partial(checkout, town, stays), partial(town.checkout, stays[1])])
    assert isinstance(together, Payment)
    assert isinstance(alone, Payment)
    for payment in (together, alone):
        town.act(payment)
        town.learn(payment)
    assert [one.excess for one in look(town, stays)] == [0, PRICE, 0]
    assert [ask(town), ask(town)] == [1, 0]
    assert (tasks(town)[0].amount, dues(town, stays)) == (PRICE, [0, 0, 0])


def test_two_groups_paid_for_one_bike_give_its_money_back_alone(town: Town) -> None:
    one, two, three = bikes(town)
    first, second = checkout(town, [one, two]), checkout(town, [two, three])
    town.act(first)
    town.learn(first)
    town.clock.forward(seconds=5)
    town.act(second)
    town.learn(second)
    assert [stay.excess for stay in look(town, [one, two, three])] == [0, PRICE, 0]
    assert ask(town) == 1
    task = tasks(town)[0]
    assert (task.payment_id, task.reference, task.amount) == (second.id, two.reference, PRICE)
    house, approval = town.house, Approval("person:lan", 0, town.now)
    approve(house.databases.write, house.gateways, task.id, approval)
    assert [(o.due, o.excess) for o in look(town, [one, two, three])] == [(0, 0)] * 3


def test_money_back_for_the_second_bike_leaves_the_third_paid(town: Town) -> None:
    stays = bikes(town)
    payment = pay(town, stays)
    give_back(town, payment, stays[1], "charge")
    seen = look(town, stays)
    assert [(one.due, one.excess, one.paid) for one in seen] == [
        (0, 0, PRICE), (0, 0, 0), (0, 0, PRICE),
    ]  # fmt: skip
    with town.house.databases.read() as tx:
        assert [row.session_id for row in tx.scalars(select(Adjustment))] == [stays[1].id]
    assert violations(town) == []


def test_an_exempt_bike_gets_its_money_back_and_the_others_stay_paid(town: Town) -> None:
    stays = bikes(town)
    payment = pay(town, stays)
    with town.house.databases.write.begin() as tx:
        tx.add(Exemption(session_id=stays[0].id, reason="police", by="person:hoa", at=town.now))
    assert [one.excess for one in look(town, stays)] == [PRICE, 0, 0]
    give_back(town, payment, stays[0], "excess")
    assert [(one.due, one.excess) for one in look(town, stays)] == [(0, 0)] * 3


def test_a_group_paid_twice_is_asked_back_once_and_whole(town: Town) -> None:
    stays = bikes(town)
    payment = pay(town, stays)
    town.act(payment, "pay_twice")
    town.learn(payment)
    excess = [one.excess for one in look(town, stays)]
    assert excess == [0, 0, payment.amount]
    assert [ask(town), ask(town)] == [1, 0]
    assert (tasks(town)[0].amount, tasks(town)[0].reference) == (payment.amount, stays[2].reference)


def test_ten_runs_of_the_job_at_once_open_one_task_per_stay(town: Town) -> None:
    stays = bikes(town)
    together = checkout(town, stays)
    for payment in (*(town.checkout(stay) for stay in stays), together):
        town.act(payment)
        town.learn(payment)
        town.clock.forward(seconds=5)
    at_once([partial(ask, town)] * 6)
    assert [task.payment_id for task in tasks(town)] == [together.id] * 3
    assert {task.reference for task in tasks(town)} == {stay.reference for stay in stays}


def test_several_kinds_of_vehicle_are_one_row_of_their_own_in_the_figures(town: Town) -> None:
    stays = [*bikes(town), town.arrive("51A-123.45", "bicycle")]
    town.clock.forward(minutes=5)
    assert pay(town, stays).product == "parking:mixed"


@pytest.mark.parametrize("count", [0, 1, 21])
def test_too_few_and_too_many_are_refused(town: Town, count: int) -> None:
    stays = [town.arrive(f"29-B1 {n:03}.11", "motorbike") for n in range(count)]
    with pytest.raises(WrongUsage, match="2 to 20"):
        checkout(town, stays)


def test_a_vehicle_of_another_lot_is_paid_for_by_itself(town: Town) -> None:
    stays = [*bikes(town), town.arrive("29-B1 444.44", "motorbike", lot="DD01")]
    town.clock.forward(minutes=30)
    with pytest.raises(Conflict, match=r"444\.44 is parked at another lot"):
        checkout(town, stays)


def test_a_vehicle_that_has_left_is_refused_by_name(town: Town) -> None:
    stays = bikes(town)
    leave(town, stays[:1])
    with pytest.raises(Conflict, match=r"111\.11 has left"):
        checkout(town, stays)


def test_one_receipt_belongs_to_all_of_them(town: Town) -> None:
    stays = bikes(town)
    payment = pay(town, stays)
    assert receipts.issue_due(town.house.databases.write, town.now) == 1
    assert receipts.issue_due(town.house.databases.write, town.now) == 0
    with town.house.databases.read() as tx:
        found = [receipts.receipts_of(tx, stay.reference) for stay in stays]
    assert {(one.payment_id, one.gross) for rows in found for one in rows} == {
        (payment.id, 3 * PRICE)
    }
    assert [len(rows) for rows in found] == [1, 1, 1]
    assert violations(town) == []


def test_one_dong_is_followed_from_the_payment_to_each_stay_and_back(town: Town) -> None:
    stays = bikes(town)
    payment = pay(town, stays)
    with town.house.databases.read() as tx:
        found = [trace(tx, query) for query in (payment.code, *(stay.token for stay in stays))]
    for one in found:
        assert one.codes == (payment.code,)
        shares = [step for step in one.steps if step.text("en").startswith("Of this, for")]
        assert [(step.id, step.amount) for step in shares] == [(s.id, PRICE) for s in stays]
        entered = [step.id for step in one.steps if step.stage is Stage.SESSION]
        assert entered == [stay.id for stay in stays]
        assert sum(step.stage is Stage.QUOTE for step in one.steps) == 3


def test_a_part_that_names_no_stay_is_found_by_the_proofs(town: Town) -> None:
    payment = pay(town, bikes(town))
    with town.house.databases.write.begin() as tx:
        part = tx.get_one(Allocation, (payment.id, look_part(town, payment)))
        part.reference = "session:nobody"
    assert "payments_are_for_what_exists" in violations(town)


def look_part(town: Town, payment: Payment) -> str:
    with town.house.databases.read() as tx:
        query = select(Allocation.reference).where(Allocation.payment_id == payment.id)
        return str(tx.scalars(query.order_by(Allocation.position)).first())


def test_a_list_of_many_asks_no_more_questions_for_groups(town: Town) -> None:
    """Once groups are known, their number changes nothing."""
    stays = bikes(town)
    pay(town, stays)
    few = questions(town, stays)
    more = bikes(town, [f"29-C1 {n:03}.99" for n in range(6)])
    for n in range(0, 6, 2):
        pay(town, more[n : n + 2])
    assert questions(town, stays + more) == few


def questions(town: Town, stays: list[ParkingSession]) -> int:
    """How often the database is asked where these stand."""
    asked: list[str] = []
    engine = town.house.databases.engine

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    with town.house.databases.read() as tx:
        rows = tx.scalars(
            select(ParkingSession).where(ParkingSession.id.in_([s.id for s in stays]))
        ).all()
        asked.clear()
        standings(tx, town.house.tariffs, rows, town.now)
    event.remove(engine, "before_cursor_execute", hear)
    return len(asked)
