"""Facts in any order, told again and again, from many threads at once: always the same end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import permutations

from sqlalchemy import select

from payments.checkout import intend
from payments.models import (
    Movement,
    Notice,
    Transfer,
)
from payments.provider import MovementKind, Outcome, Status
from payments.provider import Notice as Told
from payments.service import paid, record
from tests.payments.kit import (
    PRICE,
    House,
    at_once,
    motion,
    paid_notice,
    receipt,
)

MINUTE = timedelta(minutes=1)


def five_events(house: House, code: str, tag: str) -> list[Told]:
    """Paid; paid again; given back by the provider unasked; part of it reversed; run out of time."""
    at = house.now
    told = [
        (Status.PAID, receipt(f"{tag}-R1", at + MINUTE)),
        (Status.PAID, receipt(f"{tag}-R2", at + 2 * MINUTE)),
        (Status.PAID, motion(MovementKind.REFUND, f"{tag}-B1", PRICE, at + 3 * MINUTE)),
        (Status.DISPUTED, motion(MovementKind.REVERSAL, f"{tag}-V1", 5_000, at + 4 * MINUTE)),
        (Status.EXPIRED, None),
    ]
    return [
        Told(f"{tag}-{n}", code, status, at, (fact,) if fact else ())
        for n, (status, fact) in enumerate(told)
    ]


def outcome_of(house: House, told: Told) -> Outcome:
    return house.tell(told).outcome


def test_all_120_orders_of_five_events_end_alike(house: House) -> None:
    """Each event is also told a second time, and the first receipt by a second notice."""
    for turn, order in enumerate(permutations(range(5))):
        with house.databases.write.begin() as tx:
            wish = house.request(f"quote-{turn}", reference=f"session-{turn}")
            payment = intend(tx, wish, house.now)
            events = five_events(house, payment.code, f"t{turn}")
            for place in (*order, *order):
                record(tx, house.account, events[place], house.now, source="webhook")
            again = Told(f"t{turn}-poll", payment.code, Status.PAID, house.now, events[0].movements)
            record(tx, house.account, again, house.now, source="poll")
        after = house.payment(payment.id)
        assert (after.state, after.flags) == ("paid", "disputed,duplicate,overpaid")
        assert (after.received, after.reversed, after.refunded) == (2 * PRICE, 5_000, PRICE)
        assert after.paid_at == house.now + MINUTE
        assert house.books(after) == {"clearing:an-binh": 15_000, "collected": -15_000}
        with house.databases.read() as tx:
            assert paid(tx, f"session-{turn}") == 15_000


def test_the_same_notice_fifty_times_at_once_is_one_row_and_one_movement(house: House) -> None:
    payment = house.start()
    told = paid_notice(payment.code, house.now)
    answers = at_once([partial(outcome_of, house, told)] * 50)
    assert sorted(map(str, answers)) == ["applied", *["repeated"] * 49]
    assert house.count(Movement) == house.count(Transfer) == 1
    with house.databases.read() as tx:
        assert len(tx.scalars(select(Notice).where(Notice.source == "webhook")).all()) == 1
    assert house.payment(payment.id).received == PRICE


def test_the_same_movement_told_by_many_notices_at_once_is_one_movement(house: House) -> None:
    payment = house.start()
    fact = receipt("R1", house.now)
    notices = [Told(f"n{i}", payment.code, Status.PAID, house.now, (fact,)) for i in range(20)]
    answers = at_once([partial(outcome_of, house, told) for told in notices])
    assert set(answers) == {Outcome.APPLIED}
    assert house.count(Movement) == house.count(Transfer) == 1
    assert house.payment(payment.id).received == PRICE


def test_thirty_receipts_at_once_lose_no_update(house: House) -> None:
    payment = house.start()
    notices = [paid_notice(payment.code, house.now, f"R{i}", 1_000) for i in range(30)]
    answers = at_once([partial(outcome_of, house, told) for told in notices])
    assert set(answers) == {Outcome.WRONG_AMOUNT}
    after = house.payment(payment.id)
    assert (after.received, after.state) == (30_000, "paid")
    assert house.books() == {"clearing:an-binh": 30_000, "collected": -30_000}


def test_notices_for_different_payments_at_once_all_arrive(house: House) -> None:
    payments = [house.start(f"q{i}", f"s{i}") for i in range(12)]
    notices = [paid_notice(p.code, house.now, f"R-{p.number}") for p in payments]
    answers = at_once([partial(outcome_of, house, told) for told in notices])
    assert set(answers) == {Outcome.APPLIED}
    assert {house.payment(p.id).state for p in payments} == {"paid"}
