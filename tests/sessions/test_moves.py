"""The wrong lot: a move within one operator, a refund task between two, and what others may learn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.cards.models import Card
from parking.lots.models import Lot, LotTariff
from parking.sessions.due import Standing, standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import ParkingSession
from parking.sessions.moves import Begun, Elsewhere, Move, begin_at_right_lot, elsewhere, move
from parking.sessions.refunds import approve
from parking.sessions.service import Arrival, enter
from payments.errors import Conflict, WrongUsage
from payments.models import Audit, Payment
from payments.payback import RefundTask
from payments.refund_tasks import Approval
from tests.kit import TARIFFS, Town
from tests.sessions.test_reliefs import sell

HOA = "person:hoa"
WHY = "Chọn nhầm bãi"


@pytest.fixture
def other(town: Town) -> Lot:
    """HK02, another lot of the operator of HK01; motorbikes pay as at schools, bicycles may not."""
    with town.house.databases.write.begin() as tx:
        lot = Lot(
            number="HK02", name="Bãi xe Phan Chu Trinh", street="Phan Chu Trinh", ward="Cửa Nam",
            former_district="Hoàn Kiếm", latitude="21", longitude="105", source="ours",
            unverified=True, operator_id=town.lots["HK01"].operator_id, created_at=town.now,
        )  # fmt: skip
        codes = TARIFFS | {"motorbike": "hn-school"}
        lot.tariffs = [
            LotTariff(vehicle_class=vehicle, tariff_code=code)
            for vehicle, code in codes.items()
            if vehicle != "bicycle"
        ]
        tx.add(lot)
    town.lots["HK02"] = lot
    return lot


def moved(town: Town, session: ParkingSession, number: str, reason: str = WHY) -> ParkingSession:
    with town.house.databases.write.begin() as tx:
        asked = Move(town.lots[number], HOA, reason)
        return move(tx, town.house.tariffs, session.id, asked, town.now)


def begun(town: Town, session: ParkingSession, number: str) -> Begun:
    with town.house.databases.write.begin() as tx:
        asked = Move(town.lots[number], HOA, WHY)
        return begin_at_right_lot(tx, town.house.tariffs, session.id, asked, town.now)


def stay(town: Town, session: ParkingSession) -> Standing:
    with town.house.databases.read() as tx:
        row = tx.get_one(ParkingSession, session.id)
        return standing(tx, town.house.tariffs, row, town.now)


def found(town: Town, key: str, number: str = "HK01") -> list[Elsewhere]:
    with town.house.databases.read() as tx:
        return list(elsewhere(tx, town.house.tariffs, key, [town.lots[number]], town.now))


def tasks(town: Town) -> list[RefundTask]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(RefundTask)))


def test_a_move_takes_price_and_link_along_and_leaves_the_money_where_it_is(
    town: Town, other: Lot
) -> None:
    bike = town.arrive("29-G1 123.45", "motorbike")
    payment = town.pay(bike)
    there = moved(town, bike, "HK02")
    assert (there.lot.number, there.tariff_code, there.token) == ("HK02", "hn-school", bike.token)
    here = stay(town, bike)
    assert (here.price.amount, here.paid, here.excess) == (3_000, 5_000, 2_000)
    with town.house.databases.read() as tx:
        assert tx.get_one(Payment, payment.id).cost_centre == "HK01"
        last = tx.scalars(select(Audit).order_by(Audit.id.desc())).first()
    assert last is not None
    assert (last.act, last.actor, last.subject) == ("session.move", HOA, bike.reference)


def test_moving_to_where_it_is_changes_nothing(town: Town, other: Lot) -> None:
    bike = town.arrive("29-G1 123.45", "motorbike")
    for _ in range(2):
        moved(town, bike, "HK02")
    with town.house.databases.read() as tx:
        assert list(tx.scalars(select(Audit.act).where(Audit.act == "session.move"))) == [
            "session.move"
        ]


def test_what_cannot_be_moved_is_explained_and_stays(town: Town, other: Lot) -> None:
    bicycle, open_twice = town.arrive("XE 12", "bicycle"), town.arrive("30A-222.22")
    town.arrive("30A-222.22", lot="HK02", declared=False)
    gone = town.arrive("30A-333.33")
    with town.house.databases.write.begin() as tx:
        record_exit(tx, gone.id, Leaving(HOA, town.now), town.now)
    for session, number, reason, error, said in (
        (bicycle, "HK02", WHY, WrongUsage, "takes no vehicle of class bicycle"),
        (open_twice, "HK02", WHY, Conflict, "another open session"),
        (gone, "HK02", WHY, Conflict, "has left"),
        (bicycle, "DD01", WHY, Conflict, "another operator"),
        (open_twice, "HK02", " ", WrongUsage, "reason"),
    ):
        with pytest.raises(error, match=said):
            moved(town, session, number, reason)
        assert stay(town, session).session.lot.number == "HK01"


def test_a_card_is_taken_back_before_its_stay_moves(town: Town, other: Lot) -> None:
    with town.house.databases.write.begin() as tx:
        card = Card(lot_id=town.lots["HK01"].id, number=7, made_by=HOA, made_at=town.now)
        tx.add(card)
        tx.flush()
        arrival = Arrival(town.lots["HK01"], "", "motorbike", town.now, HOA, False, card=card)
        session = enter(tx, town.house.tariffs, arrival, town.now).session
    with pytest.raises(Conflict, match="holds a card of lot HK01"):
        moved(town, session, "HK02")
    assert found(town, "#0007", "DD01") == []


def test_a_pass_is_left_behind_at_a_lot_it_does_not_hold_for(town: Town, other: Lot) -> None:
    sell(town, "29G112345", town.now.date() + timedelta(days=9))
    bike = town.arrive("29-G1 123.45", "motorbike")
    assert stay(town, bike).due == 0
    assert moved(town, bike, "HK02").pass_id is None
    assert stay(town, bike).due == 3_000
    assert moved(town, bike, "HK01").pass_id == bike.pass_id


def test_two_attendants_who_move_one_vehicle_at_once_move_it_once(town: Town, other: Lot) -> None:
    bike, gate = town.arrive("29-G1 123.45", "motorbike"), threading.Barrier(8)

    def act() -> None:
        gate.wait()
        moved(town, bike, "HK02")

    at_once(act, 8)
    with town.house.databases.read() as tx:
        assert len(tx.scalars(select(Audit).where(Audit.act == "session.move")).all()) == 1


def test_a_move_and_an_arrival_at_the_right_lot_never_leave_two_open_stays_there(
    town: Town, other: Lot
) -> None:
    bike, gate = town.arrive("29-G1 123.45", "motorbike"), threading.Barrier(2)
    refused: list[Conflict] = []

    def act() -> None:
        gate.wait()
        try:
            moved(town, bike, "HK02")
        except Conflict as error:
            refused.append(error)

    def come() -> None:
        gate.wait()
        town.arrive("29-G1 123.45", "motorbike", lot="HK02", declared=False)

    threads = [threading.Thread(target=work) for work in (act, come)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with town.house.databases.read() as tx:
        there = select(ParkingSession).where(ParkingSession.lot_id == other.id)
        assert len(tx.scalars(there).all()) == 1
    assert stay(town, bike).session.lot.number == ("HK01" if refused else "HK02")


def at_once(act: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_money_at_another_operators_lot_is_asked_back_and_the_stay_begins_at_the_right_one(
    town: Town,
) -> None:
    wrong = town.arrive(lot="DD01")
    town.clock.forward(minutes=30)
    payment = town.pay(wrong)
    town.clock.forward(minutes=5)
    right = begun(town, wrong, "HK01")
    assert (right.asked_back, right.session.lot.number) == (25_000, "HK01")
    assert right.session.entry_at == wrong.entry_at
    (task,) = tasks(town)
    assert (task.payment_id, task.amount, task.purpose) == (payment.id, 25_000, "charge")
    assert (task.state, task.asked_by) == ("open", HOA)
    again = begun(town, wrong, "HK01")
    assert (again.session.id, again.asked_back) == (right.session.id, 0)
    assert stay(town, right.session).due == 25_000
    with town.house.databases.write.begin() as tx:
        record_exit(tx, wrong.id, Leaving("person:tu", town.now), town.now)
    allowed = Approval("person:lan", 200_000, town.now)
    approve(town.house.databases.write, town.house.gateways, task.id, allowed)
    after = stay(town, wrong)
    assert (after.paid, after.due) == (0, 0)


def test_whoever_asked_cannot_approve_above_the_limit(town: Town) -> None:
    wrong = town.arrive(lot="DD01")
    town.clock.forward(minutes=30)
    town.pay(wrong)
    begun(town, wrong, "HK01")
    alone = Approval(HOA, 20_000, town.now)
    with pytest.raises(Conflict, match="somebody else"):
        approve(town.house.databases.write, town.house.gateways, tasks(town)[0].id, alone)


def test_eight_taps_at_once_ask_for_the_money_once(town: Town) -> None:
    wrong, gate = town.arrive(lot="DD01"), threading.Barrier(8)
    town.clock.forward(minutes=30)
    town.pay(wrong)

    def act() -> None:
        gate.wait()
        begun(town, wrong, "HK01")

    at_once(act, 8)
    assert [task.amount for task in tasks(town)] == [25_000]


def test_a_visit_of_another_day_does_not_make_this_one_longer(town: Town) -> None:
    wrong = town.arrive(lot="DD01")
    town.clock.forward(days=2)
    assert begun(town, wrong, "HK01").session.entry_at == town.now


def test_a_vehicle_open_elsewhere_is_found_and_strangers_learn_only_where_and_whether_paid(
    town: Town, other: Lot
) -> None:
    car = town.arrive(lot="DD01")
    town.clock.forward(minutes=30)
    (unpaid,) = found(town, "30A12345")
    assert (unpaid.lot.number, unpaid.own, unpaid.open, unpaid.paid) == ("DD01", False, True, False)
    assert unpaid.entry_at is None
    town.pay(car)
    assert found(town, "30A12345")[0].paid
    ours = town.arrive("29-G1 123.45", "motorbike")
    (own,) = found(town, "29G112345", "HK02")
    assert (own.own, own.entry_at) == (True, ours.entry_at)
    assert found(town, "29G112345", "HK01") == []
    assert found(town, "30A1234") == []


def test_a_stay_that_is_over_is_found_for_a_day_when_it_was_paid(town: Town) -> None:
    paid, unpaid = town.arrive(lot="DD01"), town.arrive("30A-222.22", lot="DD01")
    town.clock.forward(minutes=30)
    town.pay(paid)
    for session in (paid, unpaid):
        with town.house.databases.write.begin() as tx:
            record_exit(tx, session.id, Leaving("person:tu", town.now), town.now)
    assert [stay.open for stay in found(town, "30A12345")] == [False]
    assert found(town, "30A22222") == []
    town.clock.forward(days=1, seconds=1)
    assert found(town, "30A12345") == []
