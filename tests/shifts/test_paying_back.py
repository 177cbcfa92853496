"""A refund of a cash payment leaves a till as the payment came, and is counted there."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.proofs import PROOFS
from parking.sessions.refunds import refund
from parking.shifts.models import CashReturn
from parking.shifts.paying_back import pay_back, returned_in, waiting_at
from payments.db import business_day
from payments.errors import Complaint, Conflict, NotFound
from payments.models import Audit, Payment, Refund
from payments.refunds import RefundRequest
from reconciliation import invariants
from tests.payments.kit import at_once
from tests.shifts.kit import Counter


def approved(counter: Counter, payment: Payment, amount: int = 5_000) -> Refund:
    """Finance gives money back; within its limit nobody else has to approve it."""
    house, now = counter.town.house, counter.town.now
    request = RefundRequest(payment.id, amount, "charge", "Tính nhầm giờ", "person:tai", "r-1")
    task = refund(house.databases.write, house.gateways, request, 200_000, now)
    with house.databases.read() as tx:
        return tx.scalars(select(Refund).where(Refund.id == task.refund_id)).one()


def hand_over(counter: Counter, badge: object, owed: Refund) -> Refund:
    with counter.town.house.databases.write.begin() as tx:
        return pay_back(tx, owed.id, badge, counter.town.now)  # type: ignore[arg-type]


def broken(counter: Counter) -> list[object]:
    with counter.town.house.databases.read() as tx:
        return [row for proof in (*invariants.PROOFS, *PROOFS) for row in proof(tx)]


def test_a_refund_of_cash_waits_for_a_till_and_leaves_from_it(counter: Counter) -> None:
    session = counter.stay()
    shift = counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, session)
    owed = approved(counter, payment)
    with counter.town.house.databases.read() as tx:
        assert [row.id for row in waiting_at(tx, "HK01")] == [owed.id]
        assert [row.id for row in waiting_at(tx, "HK01", session.reference)] == [owed.id]
        assert waiting_at(tx, "DD01") == []
    assert counter.balances()["refunds"] == -5_000
    assert hand_over(counter, counter.hoa, owed).state == "done"
    assert counter.balances()["cash:hoa"] == payment.amount - 5_000
    assert counter.balances()["refunds"] == 0
    assert counter.due(session) == 0
    with counter.town.house.databases.read() as tx:
        assert waiting_at(tx, "HK01") == []
        (row,) = returned_in(tx, shift.id)
        assert (row.entry.by, row.refund.id) == ("person:hoa", owed.id)
        acts = tx.scalars(select(Audit.act).where(Audit.subject == session.reference)).all()
    assert acts.count("cash.pay_back") == 1
    assert broken(counter) == []


def test_it_may_leave_from_another_till_than_it_went_into_and_both_counts_hold(
    counter: Counter,
) -> None:
    today = business_day(counter.town.now)
    mine = counter.begin(counter.hoa)
    payment = counter.take(counter.hoa, counter.stay())
    assert counter.count(counter.hoa, 200_000 + payment.amount).difference == 0
    counter.close(counter.hoa)
    owed = approved(counter, payment)
    other = counter.begin(counter.binh)
    hand_over(counter, counter.binh, owed)
    assert counter.balances()["cash:hoa"] == payment.amount
    assert counter.balances()["cash:binh.le"] == -5_000
    assert broken(counter) == []
    counted = counter.count(counter.binh, 195_000)
    assert (counted.expected, counted.difference) == (195_000, 0)
    counter.close(counter.binh)
    counter.town.clock.forward(days=1)
    for shift, matched in ((mine, 1), (other, 1)):
        result = counter.reconcile(shift, today)
        assert (str(result.state), result.matched) == ("complete", matched)
    assert counter.breaks(today) == []
    assert broken(counter) == []


def test_a_second_tap_pays_once_and_another_attendant_is_told(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.begin(counter.binh)
    owed = approved(counter, counter.take(counter.hoa, counter.stay()))
    hand_over(counter, counter.hoa, owed)
    hand_over(counter, counter.hoa, owed)
    with pytest.raises(Conflict, match="paid back already"):
        hand_over(counter, counter.binh, owed)
    assert counter.balances()["refunds"] == 0


def test_two_attendants_at_once_pay_it_back_once(counter: Counter) -> None:
    counter.begin(counter.hoa)
    counter.begin(counter.binh)
    payment = counter.take(counter.hoa, counter.stay())
    owed = approved(counter, payment)
    people = (counter.hoa, counter.binh)
    at_once([lambda who=who: hand_over(counter, who, owed) for who in people * 3])  # type: ignore[misc]
    balances = counter.balances()
    assert balances["cash:hoa"] + balances.get("cash:binh.le", 0) == payment.amount - 5_000
    with counter.town.house.databases.read() as tx:
        assert len(tx.scalars(select(CashReturn)).all()) == 1
    assert broken(counter) == []


def test_nothing_leaves_without_an_open_till(counter: Counter) -> None:
    counter.begin(counter.hoa)
    owed = approved(counter, counter.take(counter.hoa, counter.stay()))
    with pytest.raises(Conflict, match="no shift open"):
        hand_over(counter, counter.binh, owed)
    counter.count(counter.hoa, 200_000)
    with pytest.raises(Conflict, match="counted"):
        hand_over(counter, counter.hoa, owed)


def test_what_was_paid_by_phone_goes_back_by_its_own_rail(counter: Counter) -> None:
    town = counter.town
    counter.begin(counter.hoa)
    session = counter.stay()
    payment = town.pay(session)
    owed = approved(counter, payment)
    with pytest.raises(NotFound):
        hand_over(counter, counter.hoa, owed)


def test_a_refund_cannot_be_paid_at_another_lot(counter: Counter) -> None:
    counter.begin(counter.hoa)
    owed = approved(counter, counter.take(counter.hoa, counter.stay()))
    counter.begin(counter.binh, lot="DD01")
    with pytest.raises(Complaint):
        hand_over(counter, counter.binh, owed)
    assert counter.balances()["refunds"] == -5_000
