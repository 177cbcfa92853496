"""A day in town that went all the way to the bank."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from parking.receipts.service import issue_due
from parking.sessions.models import ParkingSession
from payments.db import business_day
from payments.models import Payment
from reconciliation.service import reconcile
from tests.kit import Town


@dataclass
class Paid:
    """A stay in Hoàn Kiếm, its payment, and a second one in Thăng Long."""

    town: Town
    session: ParkingSession
    payment: Payment
    other: Payment


def settle(town: Town, nights: int = 2) -> None:
    """Let `nights` pass; after each, the day before is reconciled for every operator."""
    for _ in range(nights):
        day = business_day(town.now)
        town.clock.forward(days=1)
        for operator in ("hoan-kiem", "thang-long"):
            account = town.account(operator)
            databases = town.house.databases
            reconcile(databases.write, town.house.gateways, account, day, town.now)


@pytest.fixture
def paid(town: Town) -> Paid:
    """Two paid stays, receipts issued, nothing reconciled yet."""
    session = town.arrive()
    away = town.arrive("29-B1 234.56", "motorbike", lot="DD01")
    town.clock.forward(hours=2)
    payment, other = town.pay(session), town.pay(away)
    issue_due(town.house.databases.write, town.now)
    return Paid(town, session, payment, other)
