"""Receipts, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from parking.receipts import service
from parking.receipts.models import Receipt
from parking.sessions.exits import Leaving, record_exit
from payments.errors import NotFound
from payments.models import Payment
from tests.kit import Town


def numbers(town: Town) -> list[tuple[int, int]]:
    with town.house.databases.read() as tx:
        rows = tx.execute(select(Receipt.year, Receipt.number).order_by(Receipt.id))
        return [(row.year, row.number) for row in rows]


def issued(town: Town) -> int:
    return service.issue_due(town.house.databases.write, town.now)


def paid_car(town: Town, plate: str, lot: str = "HK01") -> Payment:
    car = town.arrive(plate, lot=lot)
    town.clock.forward(minutes=30)
    return town.pay(car)


def test_every_paid_payment_gets_one_receipt_with_its_tax(town: Town) -> None:
    payment = paid_car(town, "30A-123.45")
    assert (issued(town), issued(town)) == (1, 0)
    with town.house.databases.read() as tx:
        receipt = tx.scalars(select(Receipt)).one()
        assert (receipt.gross, receipt.net, receipt.vat) == (25_000, 23_148, 1_852)
        assert receipt.payment_id == payment.id
        operator = town.lots["HK01"].operator
        assert service.number_text(operator, receipt) == "HOAN-KIEM-2026-000001"
        assert service.receipt_by_token(tx, receipt.token).id == receipt.id
        assert service.receipts_of(tx, payment.reference)[0].id == receipt.id


def test_numbers_run_without_gaps_per_operator_and_year(town: Town) -> None:
    paid_car(town, "30A-123.45")
    paid_car(town, "30A-123.46", lot="DD01")
    paid_car(town, "30A-123.47")
    issued(town)
    town.clock.now = datetime(2027, 1, 4, 3, tzinfo=UTC)
    paid_car(town, "30A-123.48")
    issued(town)
    assert sorted(numbers(town)) == [(2026, 1), (2026, 1), (2026, 2), (2027, 1)]


def test_the_rate_is_that_of_the_tax_point_not_of_the_day_of_issue(town: Town) -> None:
    town.clock.now = datetime(2026, 12, 31, 15, tzinfo=UTC)
    paid_car(town, "30A-123.45")
    town.clock.now = datetime(2027, 1, 2, 3, tzinfo=UTC)
    issued(town)
    with town.house.databases.read() as tx:
        receipt = tx.scalars(select(Receipt)).one()
    assert (receipt.vat_basis_points, receipt.year) == (800, 2027)


def test_who_leaves_first_and_pays_later_is_taxed_at_the_end_of_service(town: Town) -> None:
    town.clock.now = datetime(2026, 12, 31, 16, tzinfo=UTC)
    car = town.arrive()
    left = town.clock.forward(minutes=30)
    with town.house.databases.write.begin() as tx:
        record_exit(tx, car.id, Leaving("person:hoa", left), left)
    town.clock.forward(hours=3)
    town.pay(car)
    issued(town)
    with town.house.databases.read() as tx:
        receipt = tx.scalars(select(Receipt)).one()
    assert (receipt.tax_point, receipt.vat_basis_points) == (left, 800)


def test_ten_requests_at_once_issue_one_receipt(town: Town) -> None:
    payment = paid_car(town, "30A-123.45")
    gate = threading.Barrier(10)
    tokens: set[str] = set()

    def ask() -> None:
        gate.wait()
        with town.house.databases.write.begin() as tx:
            receipt = service.issue(tx, tx.get_one(Payment, payment.id), town.now)
            assert receipt is not None
            tokens.add(receipt.token)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 1
    assert numbers(town) == [(2026, 1)]


def test_an_unpaid_payment_has_no_receipt(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    with town.house.databases.write.begin() as tx:
        assert service.issue(tx, tx.get_one(Payment, payment.id), town.now) is None
    assert issued(town) == 0


def test_what_was_paid_beyond_the_charge_is_not_turnover(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment, "pay_twice")
    town.learn(payment)
    issued(town)
    with town.house.databases.read() as tx:
        assert tx.scalars(select(Receipt.gross)).one() == 25_000


def test_an_unknown_receipt_is_not_found(town: Town) -> None:
    with town.house.databases.read() as tx, pytest.raises(NotFound):
        service.receipt_by_token(tx, "nothing")


def test_the_year_is_the_year_in_hanoi(town: Town) -> None:
    town.clock.now = datetime(2026, 12, 31, 16, 40, tzinfo=UTC)
    paid_car(town, "30A-123.45")
    town.clock.now += timedelta(minutes=1)
    issued(town)
    assert numbers(town) == [(2027, 1)]
