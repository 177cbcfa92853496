"""Receipts of stays at HK01, and money of them that goes back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import select

from parking.lots.models import Operator
from parking.receipts.changes import change_due
from parking.receipts.models import Receipt, ReceiptChange
from parking.receipts.service import issue_due
from parking.sessions.refunds import refund
from payments.models import Payment
from payments.polling import poll_refund
from payments.refunds import RefundRequest
from tests.kit import Town


def paid_car(town: Town, plate: str = "30A-123.45", lot: str = "HK01") -> Payment:
    """A car that stood half an hour, 25,000 dong, and paid."""
    car = town.arrive(plate, lot=lot)
    town.clock.forward(minutes=30)
    return town.pay(car)


def receipted(town: Town, plate: str = "30A-123.45", lot: str = "HK01") -> Receipt:
    """The receipt of such a car."""
    payment = paid_car(town, plate, lot)
    issue_due(town.house.databases.write, town.now)
    with town.house.databases.read() as tx:
        return tx.scalars(select(Receipt).where(Receipt.payment_id == payment.id)).one()


def give_back(town: Town, receipt: Receipt, amount: int, purpose: str = "charge") -> None:
    """So much of a receipt's payment goes back, and the books know."""
    request = RefundRequest(
        receipt.payment_id, amount, purpose, "lot was closed", "person:an", uuid4().hex
    )
    db, gateways = town.house.databases.write, town.house.gateways
    task = refund(db, gateways, request, 1_000_000, town.now)
    assert task.refund_id is not None
    poll_refund(db, gateways, task.refund_id, town.clock.forward(minutes=1))


def changed(town: Town) -> int:
    """The job that writes changes, now."""
    return change_due(town.house.databases.write, town.now)


def changes(town: Town) -> Sequence[ReceiptChange]:
    """Every change there is, oldest first."""
    with town.house.databases.read() as tx:
        return tx.scalars(select(ReceiptChange).order_by(ReceiptChange.id)).all()


def operator(town: Town, lot: str = "HK01") -> Operator:
    """Who runs a lot."""
    return town.lots[lot].operator
