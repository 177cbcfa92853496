"""Double entry: what one account loses another gains, and every row has its day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from payments.db import business_day, new_id
from payments.ledger import balances, clearing
from payments.models import Transfer
from payments.provider import MovementKind, Status
from payments.provider import Notice as Told
from tests.payments.kit import PRICE, House, motion, paid_notice, receipt


def test_balances_sum_to_zero_and_agree_with_a_count_by_hand(house: House) -> None:
    payment = house.paid_payment()
    house.tell(paid_notice(None, house.now, "lost", 7_000))
    fee = motion(MovementKind.FEE, "F1", 220, house.now)
    payout = motion(MovementKind.PAYOUT, "P1", 15_000, house.now)
    dollars = motion(MovementKind.RECEIPT, "USD-1", 150, house.now, "USD")
    house.tell(Told("n2", payment.code, Status.PAID, house.now, (fee, payout, dollars)))
    house.ask(payment, amount=4_000)
    with house.databases.read() as tx:
        found = list(balances(tx))
    assert found == [
        ("An Binh", "bank", "VND", 15_000),
        ("An Binh", "clearing:an-binh", "USD", 150),
        ("An Binh", "clearing:an-binh", "VND", PRICE + 7_000 - 220 - 15_000),
        ("An Binh", "collected", "USD", -150),
        ("An Binh", "collected", "VND", 4_000 - PRICE),
        ("An Binh", "fees", "VND", 220),
        ("An Binh", "refunds", "VND", -4_000),
        ("An Binh", "suspense", "VND", -7_000),
    ]
    assert sum(amount for _, _, currency, amount in found if currency == "VND") == 0
    assert {type(amount) for *_, amount in found} == {int}


def test_a_ledger_without_rows_has_no_balances(house: House) -> None:
    with house.databases.read() as tx:
        assert list(balances(tx)) == []


def test_every_movement_has_exactly_one_transfer(house: House) -> None:
    payment = house.start()
    facts = tuple(receipt(f"R{n}", house.now, n + 1) for n in range(5))
    house.tell(Told("n1", payment.code, Status.PAID, house.now, facts))
    with house.databases.read() as tx:
        rows = tx.scalars(select(Transfer)).all()
    assert sorted(row.amount for row in rows) == [1, 2, 3, 4, 5]
    assert len({row.movement_id for row in rows}) == 5
    assert {row.operator for row in rows} == {"An Binh"}
    assert {(row.debit, row.credit) for row in rows} == {(clearing(house.account), "collected")}


@pytest.mark.parametrize(
    ("change", "constraint"),
    [({"amount": 0}, "amount_positive"), ({"amount": -5}, "amount_positive"),
     ({"credit": "bank"}, "two_accounts")],
)  # fmt: skip
def test_the_database_itself_refuses_an_impossible_transfer(
    house: House, change: dict[str, object], constraint: str
) -> None:
    row: dict[str, object] = {
        "operator": "An Binh", "kind": "odd", "debit": "bank", "credit": "collected", "amount": 1,
        "currency": "VND", "book_day": date(2026, 11, 20), "recorded_at": house.now,
    }  # fmt: skip
    with house.databases.write() as tx:
        tx.add(Transfer(**row | change))
        with pytest.raises(IntegrityError, match=constraint):
            tx.flush()


def test_one_movement_cannot_be_booked_twice_the_same_way(house: House) -> None:
    house.paid_payment()
    with house.databases.write() as tx:
        row = tx.scalars(select(Transfer)).one()
        columns = {c.key: getattr(row, c.key) for c in Transfer.__mapper__.column_attrs}
        tx.add(Transfer(**columns | {"id": new_id()}))
        with pytest.raises(IntegrityError):
            tx.flush()


def test_old_money_is_booked_today_and_keeps_both_times(house: House) -> None:
    payment = house.start()
    long_ago = house.now - timedelta(days=20)
    house.tell(paid_notice(payment.code, long_ago))
    assert house.payment(payment.id).book_day == business_day(house.now)
    with house.databases.read() as tx:
        row = tx.execute(text("SELECT event_at, recorded_at FROM movement")).one()
        assert str(row[0])[:10] == "2026-10-31"
        assert str(row[1])[:10] == "2026-11-20"
