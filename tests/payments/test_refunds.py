"""Money back: never more than was paid, asked for once, and the books say where it stands."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import permutations

import pytest
from sqlalchemy import select

from payments.db import Databases
from payments.errors import Conflict
from payments.facts import facts_of
from payments.models import Audit, AuditDetail, Payment, Refund, Transfer
from payments.polling import poll_refund
from payments.provider import MovementKind, ProviderRefused, ProviderUnavailable, Status
from payments.provider import Notice as Told
from payments.refunds import RefundRequest, ask, refund_order, send
from payments.service import paid, record
from tests.payments.kit import PRICE, House, at_once, motion

HELD = {"clearing:an-binh": PRICE, "collected": -PRICE}


def done(payment: Payment, key: str = "K1", amount: int = PRICE, name: str = "done") -> Told:
    back = motion(MovementKind.REFUND, f"B-{key}", amount, payment.created_at)
    return Told(f"{name}-{key}", payment.code, Status.PAID, back.event_at, (back,), refund_key=key)


def refused(payment: Payment, key: str = "K1") -> Told:
    return Told(f"no-{key}", payment.code, Status.FAILED, payment.created_at, refund_key=key)


def kept(house: House) -> int:
    with house.databases.read() as tx:
        return paid(tx, "session-1")


def test_money_asked_back_is_set_aside_at_once(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment, amount=5_000)
    assert (refund.state, refund.settled_at) == ("asked", None)
    assert refund.next_poll_at == house.now + timedelta(seconds=30)
    assert house.payment(payment.id).refunded == 5_000
    assert kept(house) == PRICE - 5_000
    assert house.books() == {"clearing:an-binh": PRICE, "collected": -15_000, "refunds": -5_000}


def test_money_that_went_back_leaves_clearing(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment, amount=5_000)
    house.memory.answers["K1"] = done(payment, amount=5_000)
    after = send(house.databases.write, house.gateways, refund.id, house.now)
    assert (after.state, after.settled_at, after.next_poll_at) == ("done", house.now, None)
    assert house.books() == {"clearing:an-binh": 15_000, "collected": -15_000}
    assert house.payment(payment.id).refunded == 5_000
    assert house.payment(payment.id).state == "paid"


def test_twenty_requests_at_once_never_give_back_more_than_was_paid(house: House) -> None:
    payment = house.paid_payment()
    calls = [partial(house.ask, payment, f"K{n}", 3_000) for n in range(20)]
    answers = at_once(calls)
    given = [a for a in answers if isinstance(a, Refund)]
    assert len(given) == PRICE // 3_000 == 6
    assert all(isinstance(a, Conflict) for a in answers if not isinstance(a, Refund))
    assert house.payment(payment.id).refunded == 18_000
    assert house.books() == {"clearing:an-binh": PRICE, "collected": -2_000, "refunds": -18_000}


def test_the_same_key_twenty_times_at_once_is_one_refund(house: House) -> None:
    payment = house.paid_payment()
    answers = at_once([partial(house.ask, payment)] * 20)
    assert len({a.id for a in answers if isinstance(a, Refund)}) == 1
    assert all(isinstance(a, Refund) for a in answers)
    assert house.count(Refund) == 1
    assert house.payment(payment.id).refunded == PRICE


def test_a_refund_sent_twice_is_done_once(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    house.memory.answers["K1"] = done(payment)
    for _ in range(2):
        after = send(house.databases.write, house.gateways, refund.id, house.now)
    assert after.state == "done"
    assert house.memory.asked[-2:] == ["refund K1", "refund K1"]
    assert house.books() == {}
    assert house.count(Transfer) == 3


def test_a_single_dong_can_go_back_and_so_can_all(house: House) -> None:
    payment = house.paid_payment()
    house.ask(payment, "K1", 1)
    house.ask(payment, "K2", PRICE - 1)
    assert house.payment(payment.id).refunded == PRICE


@pytest.mark.parametrize("amount", [0, -5, PRICE + 1])
def test_what_cannot_be_given_back_is_refused_with_what_is_left(house: House, amount: int) -> None:
    payment = house.paid_payment()
    sentence = f"{amount} cannot be refunded: 20000 is left of payment {payment.code}"
    with pytest.raises(Conflict, match=sentence):
        house.ask(payment, amount=amount)
    assert house.books() == HELD
    assert house.count(Refund) == 0


def test_nothing_is_left_of_a_payment_that_was_reversed(house: House) -> None:
    payment = house.paid_payment()
    back = motion(MovementKind.REVERSAL, "V1", PRICE, house.now)
    house.tell(Told("n2", payment.code, Status.DISPUTED, house.now, (back,)))
    with pytest.raises(Conflict, match="0 is left"):
        house.ask(payment, amount=1)


def test_a_key_does_not_change_its_meaning(house: House) -> None:
    payment, other = house.paid_payment(), house.paid_payment("quote-2", "R2")
    house.ask(payment, amount=5_000)
    with pytest.raises(Conflict, match="K1 already stands for another refund"):
        house.ask(payment, amount=6_000)
    with pytest.raises(Conflict, match="K1 already stands for another refund"):
        house.ask(other, amount=5_000)
    excess = RefundRequest(payment.id, 5_000, "excess", "paid twice", "lan", "K1")
    with house.databases.write() as tx, pytest.raises(Conflict):
        ask(tx, excess, house.now)
    assert house.count(Refund) == 1


def test_a_silent_provider_leaves_the_refund_asked_for(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    house.memory.refusal = ProviderUnavailable("away")
    after = send(house.databases.write, house.gateways, refund.id, house.now)
    assert after.state == "asked"
    assert after.next_poll_at is not None
    assert kept(house) == 0


def test_a_refused_refund_gives_the_money_back_to_paid(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    house.memory.refusal = ProviderRefused("too late")
    after = send(house.databases.write, house.gateways, refund.id, house.now)
    assert (after.state, after.settled_at, after.next_poll_at) == ("failed", house.now, None)
    assert (kept(house), house.payment(payment.id).refunded) == (PRICE, 0)
    assert house.payment(payment.id).state == "paid"
    assert house.books() == HELD
    assert house.ask(payment, "K2").state == "asked"


def test_every_order_of_refusal_and_success_ends_as_done(house: House) -> None:
    """A provider that contradicts itself: the money moved, so it is done."""
    for turn, order in enumerate(permutations(range(4))):
        payment = house.paid_payment(f"quote-{turn}", f"R{turn}")
        key = f"K{turn}"
        refund = house.ask(payment, key)
        waiting = Told(f"wait-{key}", payment.code, Status.PENDING, house.now, refund_key=key)
        again = done(payment, key, name="done-again")
        events = (waiting, refused(payment, key), done(payment, key), again)
        with house.databases.write.begin() as tx:
            for place in (*order, *order):
                record(tx, house.account, events[place], house.now, source="webhook")
        assert house.refund(refund.id).state == "done"
        after = house.payment(payment.id)
        assert (after.refunded, after.state, after.flags) == (PRICE, "paid", "")
        assert house.books(after) == {}


def test_refused_and_then_done_after_all_takes_the_money_out_again(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    house.tell(refused(payment))
    assert (kept(house), house.books()) == (PRICE, HELD)
    house.tell(done(payment))
    assert house.refund(refund.id).state == "done"
    assert (kept(house), house.books()) == (0, {})
    with house.databases.read() as tx:
        kinds = sorted(tx.scalars(select(Transfer.kind)))
    assert kinds == ["receipt", "refund_asked", "refund_done", "refund_failed", "refund_revived"]


def test_a_waiting_answer_changes_nothing(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    told = Told("wait", payment.code, Status.PENDING, house.now, refund_key="K1")
    house.memory.answers["K1"] = told
    after = send(house.databases.write, house.gateways, refund.id, house.now)
    assert (after.state, after.settled_at) == ("asked", None)
    assert house.payment(payment.id).state == "paid"


def test_a_stale_word_about_a_refund_is_asked_about_at_once(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    told = done(payment)
    old = Told(told.key, told.order_code, told.status, told.event_at, told.movements,
               refund_key="K1", stale=True)  # fmt: skip
    house.tell(old)
    assert house.refund(refund.id).next_poll_at == house.now
    waiting = Told("wait", payment.code, Status.PENDING, house.now, refund_key="K1")
    house.tell(waiting)
    assert house.refund(refund.id).state == "asked"
    house.tell(told)
    assert house.refund(refund.id).state == "done"
    assert house.books() == {}


def test_a_refund_we_never_asked_for_comes_out_of_what_was_collected(house: House) -> None:
    payment = house.paid_payment()
    house.tell(done(payment, "from their portal", 5_000))
    assert house.payment(payment.id).refunded == 5_000
    assert kept(house) == 15_000
    assert house.books() == {"clearing:an-binh": 15_000, "collected": -15_000}


def test_word_of_a_foreign_refund_says_nothing_of_the_payment(house: House) -> None:
    payment = house.start()
    house.tell(refused(payment, "from their portal"))
    after = house.payment(payment.id)
    assert (after.state, after.flags) == ("pending", "")
    assert after.next_poll_at is not None


def test_who_asked_and_why_is_written_down(house: House) -> None:
    payment = house.paid_payment()
    house.ask(payment, amount=5_000)
    with house.databases.read() as tx:
        entry, words = tx.execute(select(Audit, AuditDetail).join(AuditDetail)).one()
    assert (entry.actor, entry.act, entry.subject) == ("lan", "refund.ask", payment.code)
    assert words.detail == {"amount": 5_000, "purpose": "charge", "reason": "left early"}


def test_the_provider_is_told_the_key_and_the_order(house: House) -> None:
    payment = house.paid_payment()
    asked = house.ask(payment, amount=5_000)
    with house.databases.read() as tx:
        order = refund_order(tx, asked)
    assert (order.key, order.amount, order.payment.code) == ("K1", 5_000, payment.code)
    assert (order.number, order.asked_by, order.reason) == (1, "lan", "left early")
    assert order.receipt_ref == "R1"
    assert order.payment.provider_ref == "WOM-1"


def test_the_stored_sums_equal_the_rows(house: House) -> None:
    payment = house.paid_payment()
    house.ask(payment, "K1", 5_000)
    house.tell(done(payment, "their own", 1_000))
    with house.databases.read() as tx:
        row = tx.get_one(Payment, payment.id)
        assert row.refunded == facts_of(tx, row.id).refunded == 6_000
        assert row.received == facts_of(tx, row.id).fold(row).received == PRICE


def test_polling_and_a_notice_at_once_do_not_lock_each_other_out(house: House) -> None:
    payments = [house.paid_payment(f"q{n}", f"R{n}") for n in range(4)]
    refunds = [house.ask(p, f"K{n}") for n, p in enumerate(payments)]
    for n, payment in enumerate(payments):
        house.memory.answers[f"K{n}"] = done(payment, f"K{n}", name="answer")
    calls = [partial(tell_done, house, p, f"K{n}") for n, p in enumerate(payments)]
    calls += [partial(send_it, house.databases, house, r) for r in refunds]
    calls += [partial(poll_it, house, r) for r in refunds]
    assert set(at_once(calls)) == {"done"}
    assert house.books() == {}


def tell_done(house: House, payment: Payment, key: str) -> str:
    house.tell(done(payment, key))
    return "done"


def send_it(databases: Databases, house: House, refund: Refund) -> str:
    return send(databases.write, house.gateways, refund.id, house.now).state


def poll_it(house: House, refund: Refund) -> str:
    poll_refund(house.databases.write, house.gateways, refund.id, house.now)
    return house.refund(refund.id).state
