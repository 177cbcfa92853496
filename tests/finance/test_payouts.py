"""Payout lists: made once, downloaded by finance, written down, confirmed by the bank."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from parking.sessions.refunds import approve
from payments.claims import Payee, give
from payments.codes import refund_code
from payments.models import Audit, Refund
from payments.payback import PayoutList
from payments.refund_tasks import Approval
from tests.bank_rail import bank_tells, by_bank
from tests.driver.kit import plain
from tests.finance.conftest import Desk
from tests.finance.test_refund_list import LIST, task
from tests.web.kit import Browser

EVIL = Payee("970436", "0011004123456", "=HYPERLINK(A1)")


@pytest.fixture
def bank(desk: Desk) -> Desk:
    """The desk of a town whose rail cannot send money back."""
    town = by_bank(desk.town)
    return replace(desk, town=town, browser=Browser(town.house))


def claimed(desk: Desk, payee: Payee = EVIL) -> Refund:
    """A refund that was approved and whose driver named an account."""
    house, now = desk.town.house, desk.town.now
    approval = Approval("person:minh", 0, now)
    refund = approve(house.databases.write, house.gateways, task(desk).id, approval)
    with house.databases.write.begin() as tx:
        give(tx, house.gateways.vault, refund.id, payee, "driver", now)
    return refund


def make(desk: Desk, status: int = 303) -> str:
    account = desk.town.account()
    answer = desk.browser.post(f"/finance/payouts/of/{account.id}", page=LIST)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return plain(answer)


def the_list(desk: Desk) -> PayoutList:
    with desk.town.house.databases.read() as tx:
        return tx.scalars(select(PayoutList)).one()


def download(desk: Desk, page: str = LIST) -> str:
    answer = desk.browser.post(f"/finance/payouts/{the_list(desk).id}.csv", page=page)
    assert answer.status_code == 200
    return answer.get_data().decode("utf-8-sig")


def test_a_claim_goes_onto_a_list_and_into_a_file(bank: Desk) -> None:
    refund = claimed(bank)
    bank.sit()
    text = plain(bank.browser.get(LIST))
    assert "Waits for a payout list Vietcombank ****3456" in text
    assert "1 refunds, VND 10,000" in text
    make(bank)
    rows = list(csv.DictReader(io.StringIO(download(bank))))
    assert rows == [
        {
            "bank_bin": "970436",
            "bank": "Vietcombank",
            "account": "0011004123456",
            "holder": "'=HYPERLINK(A1)",
            "amount": "10000",
            "purpose": f"HOAN TIEN {refund_code(refund.number or 0)}",
        }
    ]
    with bank.town.house.databases.read() as tx:
        trail = tx.execute(
            select(Audit.actor, Audit.subject).where(Audit.act == "payout_list.download")
        )
        assert [tuple(row) for row in trail] == [
            ("person:finance-city", "hoan-kiem-sandbox-payout-1")
        ]


def test_a_list_is_made_once(bank: Desk) -> None:
    claimed(bank)
    bank.sit()
    make(bank)
    assert "waits for a payout list" in make(bank, 409)


def test_what_the_bank_confirmed_is_done_and_leaves_the_file(bank: Desk) -> None:
    refund = claimed(bank)
    bank.sit()
    make(bank)
    assert "On a payout list, waits for the bank · no. 1" in plain(bank.browser.get(LIST))
    bank.town.clock.forward(minutes=5)
    bank_tells(bank.town, bank.town.account(), refund)
    text = plain(bank.browser.get(LIST))
    assert "Went back · no. 1 Vietcombank ****3456" in text
    assert "/payouts/" not in bank.read(LIST)
    assert len(download(bank, page="/password").splitlines()) == 1


@pytest.mark.parametrize("operator", ["thang-long"])
def test_another_operators_lists_do_not_exist(bank: Desk, operator: str) -> None:
    claimed(bank)
    bank.sit()
    make(bank)
    other = replace(bank, browser=Browser(bank.town.house))
    other.sit(operator)
    page = "/finance/refunds"
    assert "Vietcombank" not in plain(other.browser.get(page))
    token = other.browser.token("/password")
    for path in (f"payouts/{the_list(bank).id}.csv", f"payouts/of/{bank.town.account().id}"):
        answer = other.browser.client.post(
            f"/finance/{path}", data={"csrf_token": token}, base_url=other.browser.base,
            headers={"Referer": other.browser.base},
        )  # fmt: skip
        assert answer.status_code == 404
