"""What a receipt is worth after money went back, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from payments.models import Payment
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.refunds import RefundRequest, ask
from payments.service import record
from tests.kit import Town
from tests.receipts.kit import changed, changes, give_back, paid_car, receipted


def taken_back(town: Town, code: str, amount: int, days_ago: int = 0) -> None:
    """The payment company takes money back, and says when."""
    at = town.now - timedelta(days=days_ago)
    back = MovementFact(MovementKind.REVERSAL, f"back-{code}-{amount}", amount, "VND", at)
    told = Told(f"back-{code}-{amount}", code, Status.PAID, at, (back,))
    with town.house.databases.write.begin() as tx:
        record(tx, town.account(), told, town.now, source="webhook")


def test_a_refunded_charge_is_a_change_of_its_own_when_it_went_back(town: Town) -> None:
    receipt = receipted(town)
    town.clock.forward(days=40)
    give_back(town, receipt, 10_000)
    assert (changed(town), changed(town)) == (1, 0)
    (change,) = changes(town)
    assert (change.gross, change.net, change.vat) == (-10_000, -9_259, -741)
    assert change.receipt_id == receipt.id
    assert timedelta() <= town.now - change.at <= timedelta(minutes=1)


def test_a_receipt_given_back_in_parts_ends_at_nothing_exactly(town: Town) -> None:
    receipt = receipted(town)
    for amount in (3_000, 8_333, 13_667):
        town.clock.forward(minutes=5)
        give_back(town, receipt, amount)
        changed(town)
    found = changes(town)
    assert len(found) == 3
    assert sum(change.net for change in found) == -receipt.net
    assert sum(change.vat for change in found) == -receipt.vat


def test_what_was_paid_beyond_the_charge_goes_back_without_a_change(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment, "pay_twice")
    town.learn(payment)
    receipt = receipted(town, "30A-999.99")
    assert receipt.payment_id != payment.id
    taken_back(town, payment.code, 25_000)
    assert changed(town) == 0


def test_money_taken_back_is_a_change_at_the_time_the_company_names(town: Town) -> None:
    payment = paid_car(town)
    receipted(town, "30A-222.22")
    town.clock.forward(days=5)
    taken_back(town, payment.code, 25_000, days_ago=2)
    assert changed(town) == 1
    (change,) = changes(town)
    assert (change.gross, change.at) == (-25_000, town.now - timedelta(days=2))


def test_a_refund_that_is_only_asked_for_changes_nothing_yet(town: Town) -> None:
    receipt = receipted(town)
    request = RefundRequest(
        receipt.payment_id, 10_000, "charge", "lot was closed", "person:an", "k"
    )
    with town.house.databases.write.begin() as tx:
        ask(tx, request, town.now)
    assert changed(town) == 0


def test_a_bank_that_takes_back_more_than_was_kept_takes_no_more_than_the_turnover(
    town: Town,
) -> None:
    receipt = receipted(town)
    with town.house.databases.read() as tx:
        code = tx.get_one(Payment, receipt.payment_id).code
    give_back(town, receipt, 10_000)
    taken_back(town, code, 25_000)
    assert changed(town) == 1
    assert [change.gross for change in changes(town)] == [-25_000]


def test_a_change_cannot_be_rewritten(town: Town) -> None:
    give_back(town, receipted(town), 10_000)
    changed(town)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        town.house.databases.write.begin() as tx,
    ):
        tx.execute(text("UPDATE receipt_change SET gross = -1, net = -1, vat = 0"))
