"""Town with two paid stays, and a web browser that somebody of finance sits at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from payments.accounts import open_account
from payments.db import new_id
from payments.models import Payment
from payments.providers import PROVIDERS
from reconciliation.models import SETTLEMENT, Break, Statement, StatementLine
from tests.kit import Town
from tests.statements.kit import ACCOUNT
from tests.trace.conftest import Paid, paid, settle
from tests.web.kit import Browser

__all__ = ["Desk", "desk", "differ", "paid", "settle"]


@dataclass
class Desk:
    """A desk in the finance office."""

    town: Town
    browser: Browser
    payment: Payment
    other: Payment

    def sit(self, operator: str | None = None, role: str = "finance", name: str = "") -> None:
        """Somebody of `operator` (None: of the city) signs in."""
        name = name or f"{role}-{operator or 'city'}"
        with self.town.house.databases.write.begin() as tx:
            password = add_person(tx, NewPerson(name, role, operator=operator), self.town.now)
        assert self.browser.sign_in(name, password).status_code == 303

    def read(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.browser.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, text
        return text


def differ(desk: Desk, count: int) -> None:
    """So many lines of the settled day are of money nobody knows."""
    with desk.town.house.databases.write.begin() as tx:
        file = tx.scalars(select(Statement).where(Statement.leg == SETTLEMENT)).all()[0]
        for number in range(count):
            line = StatementLine(
                id=new_id(), statement_id=file.id, account_id=file.account_id, leg=SETTLEMENT,
                position=900 + number, line_ref=f"L{number}", occurrence=1, kind="payment",
                order_code=None, rail_ref=None, event_at=desk.town.now, book_day=file.day,
                gross=1, fee=0, net=1, currency="VND", text="",
            )  # fmt: skip
            tx.add(line)
            tx.flush()
            tx.add(
                Break(
                    leg=SETTLEMENT, account_id=file.account_id, day=file.day, line_id=line.id,
                    kind="missing_internal", difference=1, currency="VND", timing=False,
                    state="open", opened_at=desk.town.now,
                )
            )  # fmt: skip


@pytest.fixture
def desk(paid: Paid) -> Desk:
    """Nobody has signed in yet."""
    return Desk(paid.town, Browser(paid.town.house), paid.payment, paid.other)


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The desk, and a VietQR account of Hoàn Kiếm."""
    house = desk.town.house
    gateways = replace(house.gateways, registry=PROVIDERS)
    desk.town.house = replace(house, gateways=gateways)
    with house.databases.write.begin() as tx:
        open_account(
            tx, gateways.vault, slug="hk-vietqr", operator="hoan-kiem", provider="vietqr",
            mode="test",
            settings={
                "bank": "970436", "account": ACCOUNT, "holder": "HOAN KIEM", "feeds": ["sepay"],
            },
            secret={"sepay_secret": "s" * 20, "sepay_token": "t" * 20}, now=desk.town.now,
        )  # fmt: skip
    desk.browser = Browser(desk.town.house)
    return desk
