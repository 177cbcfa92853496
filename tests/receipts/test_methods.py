"""How an operator pays VAT, dated, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.proofs import receipts_split_their_vat
from parking.receipts.methods import method_on, methods_of, set_method
from parking.receipts.models import Receipt
from parking.sessions.exits import Leaving, record_exit
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from tests.kit import Town
from tests.receipts.kit import operator, receipted


def choose(town: Town, method: str, days: int = 0) -> None:
    since = business_day(town.now) + timedelta(days=days)
    with town.house.databases.write.begin() as tx:
        set_method(tx, operator(town), method, since, "person:lan", town.now)


@pytest.mark.parametrize("method", ["direct", "none"])
def test_a_receipt_of_a_seller_without_deduction_splits_no_tax(town: Town, method: str) -> None:
    choose(town, method)
    receipt = receipted(town)
    assert (receipt.net, receipt.vat, receipt.vat_basis_points) == (25_000, 0, 0)
    assert receipt.tax_method == method
    with town.house.databases.read() as tx:
        assert list(receipts_split_their_vat(tx)) == []


def test_an_operator_nobody_decided_about_deducts(town: Town) -> None:
    assert receipted(town).tax_method == "deduction"
    choose(town, "direct", days=1)
    assert receipted(town, "30A-222.22", lot="DD01").tax_method == "deduction"


def test_a_change_of_method_leaves_receipts_alone_that_exist(town: Town) -> None:
    receipted(town)
    with pytest.raises(Conflict, match=r"exist up to 20/11/2026 .* can change from 21/11/2026 on"):
        choose(town, "direct")
    choose(town, "direct", days=1)
    town.clock.forward(days=1)
    assert receipted(town, "30A-222.22").tax_method == "direct"
    with town.house.databases.read() as tx:
        assert sorted(tx.scalars(select(Receipt.tax_method))) == ["deduction", "direct"]


def test_a_receipt_written_later_follows_the_method_of_its_tax_point(town: Town) -> None:
    choose(town, "direct", days=1)
    car = town.arrive()
    left = town.clock.forward(minutes=30)
    with town.house.databases.write.begin() as tx:
        record_exit(tx, car.id, Leaving("person:hoa", left), left)
    town.clock.forward(days=2)
    town.pay(car)
    receipted(town, "30A-222.22")
    with town.house.databases.read() as tx:
        found = {row.tax_point: row.tax_method for row in tx.scalars(select(Receipt))}
    assert found[left] == "deduction"
    assert set(found.values()) == {"deduction", "direct"}


def test_the_method_of_the_same_day_can_be_put_right_and_is_written_down(town: Town) -> None:
    choose(town, "direct", days=3)
    choose(town, "none", days=3)
    day = business_day(town.now) + timedelta(days=3)
    with town.house.databases.read() as tx:
        assert [row.tax_method for row in methods_of(tx, operator(town).id)] == ["none"]
        assert method_on(tx, operator(town).id, day) == "none"
        assert method_on(tx, operator(town).id, day - timedelta(days=1)) == "deduction"
        acts = tx.scalars(select(Audit.subject).where(Audit.act == "operator.tax_method"))
        assert list(acts) == ["operator:hoan-kiem"] * 2


def test_an_unknown_method_is_refused(town: Town) -> None:
    with pytest.raises(WrongUsage, match="flat is no tax method; there are: deduction, direct"):
        choose(town, "flat")
