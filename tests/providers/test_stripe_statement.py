"""Stripe's balance as settlement files: every đồng is on a line, and a line means what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.db import Databases
from payments.provider import InvalidStatement, LineKind, ProviderUnavailable, StatementLine
from payments.providers.stripe_statement import file_of, is_out, line_of, span_of
from reconciliation.service import reconcile
from tests.doubles.faults import Fault
from tests.doubles.stripe_objects import Terms
from tests.providers import stripe_rail
from tests.providers.rail import MORNING, PRICE, TODAY
from tests.providers.shop import make_shop
from tests.providers.stripe_rail import AT_HOME, Stripe

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[Stripe]:
    with stripe_rail.stripe(tmp_path) as opened:
        yield opened


@pytest.fixture
def at_home(tmp_path: Path) -> Iterator[Stripe]:
    with stripe_rail.stripe(tmp_path, AT_HOME) as opened:
        yield opened


def lines(rail: Stripe) -> list[StatementLine]:
    """The lines of today's file, once it is out."""
    rail.clock.now = span_of(TODAY)[1] + timedelta(hours=1)
    (file,) = rail.provider.statement(TODAY, TODAY)
    assert file.control.count == len([*file.lines])
    assert file.control.gross == sum(line.gross for line in file.lines)
    assert file.control.fee == sum(line.fee for line in file.lines)
    assert file.control.net == sum(line.net for line in file.lines)
    assert all(line.net == line.gross - line.fee for line in file.lines)
    return list(file.lines)


def everything(rail: Stripe) -> tuple[str, str, str]:
    """A day with a payment, a refund that failed, a dispute that was won; their references."""
    order, disputed = rail.paid(1), rail.paid(2)
    rail.provider.refund(rail.giving_back(order, 5_000))
    (refund,) = rail.double.store.all("refund")
    rail.double.fail_refund(refund["id"])
    dispute = rail.double.dispute(rail.charge(disputed))
    rail.double.close_dispute(dispute["id"], won=True)
    return rail.charge(order), refund["id"], dispute["id"]


def test_an_account_settled_in_dong_shows_gross_fee_and_net(at_home: Stripe) -> None:
    charge, refund, dispute = everything(at_home)
    found = {(line.kind, line.rail_ref, line.gross): line for line in lines(at_home)}
    fee = (PRICE * 440 + 5_000) // 10_000 + 8_000
    assert found[LineKind.PAYMENT, charge, PRICE].fee == fee
    assert found[LineKind.REFUND, refund, -5_000].fee == 0
    assert found[LineKind.PAYMENT, refund, 5_000].net == 5_000
    assert found[LineKind.PAYMENT, dispute, -PRICE].fee == 350_000
    assert found[LineKind.PAYMENT, dispute, PRICE].fee == -350_000
    assert len(found) == 6
    assert {line.currency for line in found.values()} == {"VND"}


def test_an_account_settled_abroad_shows_what_the_payer_paid(abroad: Stripe) -> None:
    charge, refund, dispute = everything(abroad)
    found = {(line.kind, line.rail_ref, line.gross): line for line in lines(abroad)}
    line = found[LineKind.PAYMENT, charge, PRICE]
    assert (line.currency, line.fee, line.net) == ("VND", 0, PRICE)
    said = line.text.replace("\u00a0", " ")
    assert said == "settled USD 0.76, fee USD 0.33, net USD 0.43"
    taken = found[LineKind.PAYMENT, dispute, -PRICE].text
    assert taken.replace("\u00a0", " ") == "settled USD −0.76, fee USD 15.00, net USD −15.76"
    assert (LineKind.REFUND, refund, -5_000) in found
    assert len(found) == 6


def test_a_line_names_our_code(abroad: Stripe) -> None:
    order = abroad.paid()
    abroad.provider.refund(abroad.giving_back(order, 5_000))
    assert [line.order_code for line in lines(abroad)] == [order.code, order.code]


def test_every_motion_of_money_has_its_line(at_home: Stripe) -> None:
    """Named alike, so that reconciliation finds each by reference."""
    charge, *_ = everything(at_home)
    orders = [at_home.order(1), at_home.order(2)]
    moved = {
        (fact.rail_ref, fact.amount)
        for order in orders
        for fact in at_home.provider.fetch(order).movements
    }
    told = {(line.rail_ref, abs(line.gross)) for line in lines(at_home)}
    assert (charge, PRICE) in moved
    assert moved <= told


def test_payouts_of_dong_are_lines_and_those_of_another_currency_are_not(
    at_home: Stripe, abroad: Stripe
) -> None:
    for rail, kinds in ((at_home, {LineKind.PAYOUT}), (abroad, set())):
        for number in range(1, 4):
            rail.paid(number, 900_000)
        rail.clock.forward(days=3)
        rail.double.now = rail.clock()
        payout = rail.double.pay_out()
        assert payout is not None
        day = TODAY + timedelta(days=3)
        rail.clock.now = span_of(day)[1] + timedelta(hours=1)
        (file,) = rail.provider.statement(day, day)
        assert {line.kind for line in file.lines} == kinds
        assert all(line.gross == -payout["amount"] for line in file.lines)
        assert all(line.rail_ref == payout["id"] for line in file.lines)


def test_a_day_is_a_day_in_hanoi_and_comes_out_an_hour_after_its_end(abroad: Stripe) -> None:
    start, end = span_of(TODAY)
    for number, at in enumerate((start, end - timedelta(seconds=1), end), start=1):
        order = abroad.started(number)
        abroad.double.pay(abroad.session(order), at=at)
    abroad.clock.now = end + timedelta(minutes=59)
    assert abroad.provider.statement(TODAY, TOMORROW) == []
    abroad.clock.now = end + timedelta(minutes=60)
    (file,) = abroad.provider.statement(TODAY, TOMORROW)
    assert [line.event_at for line in file.lines] == [start, end - timedelta(seconds=1)]
    assert not is_out(TOMORROW, abroad.clock())


def test_a_day_without_payments_has_an_empty_file(abroad: Stripe) -> None:
    assert lines(abroad) == []


def test_a_long_day_is_read_to_its_end(abroad: Stripe) -> None:
    for number in range(1, 121):
        abroad.paid(number)
    found = lines(abroad)
    assert len({line.line_ref for line in found}) == 120


def test_a_file_is_asked_for_again_when_stripe_is_silent(abroad: Stripe) -> None:
    abroad.clock.forward(days=2)
    abroad.double.faults.add(Fault.MALFORMED, "/v1/balance_transactions")
    with pytest.raises(ProviderUnavailable):
        abroad.provider.statement(TODAY, TODAY)
    assert len(abroad.provider.statement(TODAY, TODAY)) == 1


def booked(**changed: object) -> dict[str, Any]:
    charge = {"id": "ch_1", "object": "charge", "amount": PRICE, "currency": "vnd"}
    entry = {
        "id": "txn_1",
        "amount": 76,
        "fee": 33,
        "net": 43,
        "currency": "usd",
        "type": "charge",
        "source": charge,
        "created": int(MORNING.timestamp()),
        "description": None,
    }
    return entry | changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "xxx"},
        {"currency": None},
        {"amount": 76.5},
        {"created": "today"},
        {"id": ""},
        {"source": {"id": "ch_1", "currency": "vnd", "amount": "20000"}},
    ],
)
def test_a_day_with_a_line_we_cannot_read_is_refused_whole(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidStatement, match="whole file"):
        file_of("an", TODAY, [booked(), booked(**wrong)])


def test_what_stripe_charges_for_itself_is_something_else() -> None:
    fee = booked(type="stripe_fee", source=None, currency="vnd", amount=-5_000, fee=0)
    line = line_of(fee | {"description": "Radar"})
    assert line is not None
    assert (line.kind, line.rail_ref, line.gross) == (LineKind.OTHER, None, -5_000)
    assert line.text == "Radar"
    assert line_of(fee | {"currency": "usd"}) is None


def test_the_file_keeps_what_stripe_said() -> None:
    entries = [booked(), booked(id="txn_2")]
    file = file_of("an", TODAY, entries)
    assert json.loads(file.raw) == entries
    assert file.name == "stripe-an-2026-11-20.json"


@given(st.sampled_from(["charge", "refund"]), st.integers(1, 10**9), st.integers(0, 10**6))
def test_the_sign_of_a_line_is_that_of_what_happened(kind: str, cents: int, fee: int) -> None:
    """Also where so few đồng went back that nothing of it was settled."""
    sign = 1 if kind == "charge" else -1
    for amount in (sign * cents, 0):
        line = line_of(booked(type=kind, amount=amount, fee=fee, net=amount - fee))
        assert line is not None
        assert (line.gross, line.fee, line.currency) == (sign * PRICE, 0, "VND")


@pytest.mark.parametrize("terms", [stripe_rail.ABROAD, AT_HOME], ids=["abroad", "at home"])
def test_reconciliation_finds_the_other_side_of_every_line(
    tmp_path: Path, databases: Databases, terms: Terms
) -> None:
    with stripe_rail.stripe(tmp_path, terms) as rail:
        shop = make_shop(rail, databases)
        payments = [shop.start(name) for name in ("given back", "disputed", "kept")]
        orders = [shop.order(payment) for payment in payments]
        for order in orders:
            rail.pay(order)
        shop.poll_later(seconds=31)
        shop.send(shop.ask_back(payments[0], 5_000, "K1"))
        rail.double.fail_refund(rail.double.store.all("refund")[0]["id"])
        dispute = rail.double.dispute(rail.charge(orders[1]))
        rail.double.close_dispute(dispute["id"], won=True)
        for request in rail.notices():
            for told in rail.provider.parse_notice(request):
                shop.tell(told)
        rail.clock.now = span_of(TODAY)[1] + timedelta(hours=2)
        result = reconcile(databases.write, shop.gateways, shop.account, TODAY, rail.clock())
    assert (result.state, result.refusals) == ("complete", ())
    assert (result.matched, result.opened) == (3 + 2 + 2, 0)
