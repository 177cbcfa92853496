"""payOS: links paid in parts, late or twice; webhooks that lie, fail or never come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.cancelling import cancel_expired
from payments.db import Databases
from payments.errors import WrongUsage
from payments.polling import expire
from payments.provider import (
    AccountSettings,
    BankTransfer,
    MovementKind,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers import payos_wire
from payments.providers.payos import PayosProvider
from payments.providers.payos_wire import is_signed, request_signature, signature, text_to_sign
from tests.doubles import payos_wire as theirs
from tests.doubles.faults import Fault
from tests.providers.payos_rail import LINKS, SECRET, VECTORS, Payos, heard, payos
from tests.providers.rail import PRICE
from tests.providers.shop import Shop, make_shop


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Payos]:
    with payos(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Payos, databases: Databases) -> Shop:
    return make_shop(rail, databases)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signatures_are_those_of_payos_own_samples(vector: dict[str, Any]) -> None:
    key, data = vector["checksum_key"], vector["data"]
    if vector["type"] == "create-payment-link":
        assert request_signature(key, data) == vector["expected_signature"]
    else:
        assert text_to_sign(data) == vector["string_to_sign"]
        assert signature(key, data) == vector["expected_signature"]


scalars = st.none() | st.booleans() | st.integers() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(st.dictionaries(st.text(), values), st.text(min_size=1))
def test_whatever_is_signed_is_signed_as_a_whole(data: dict[str, Any], key: str) -> None:
    message = {"data": data, "signature": signature(key, data)}
    assert is_signed(message, ["other", key])
    assert not is_signed(message | {"data": data | {"amount!": 1}}, ["other", key])
    assert text_to_sign({}) == ""


def test_the_driver_goes_to_the_page_of_payos(rail: Payos) -> None:
    order = rail.order()
    checkout = rail.provider.start(order)
    link = rail.double.link(str(order.number))
    assert checkout.url == rail.double.page_address(link.own_id)
    assert checkout.provider_ref == link.own_id
    assert link.values["description"] == order.code
    assert link.expires == order.expires_at


def test_an_account_may_show_the_code_on_our_own_page(rail: Payos) -> None:
    order = rail.order()
    checkout = rail.with_settings(show_qr=True).start(order)
    link = rail.double.link(str(order.number))
    owner = rail.double.bank.owner
    assert checkout.url is None
    assert isinstance(checkout.transfer, BankTransfer)
    shown = checkout.transfer
    assert (shown.bank, shown.account) == (owner.bin, link.virtual_account)
    assert (shown.holder, shown.purpose) == (owner.name, order.code)
    assert order.code in shown.payload


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"bank_linked": False}, "9 symbols"),
        ({"client_id": " "}, "client_id"),
        ({"api_url": ""}, "api_url"),
        ({"api_url": "https://api-merchant.payos.vn"}, "mode test"),
    ],
)
def test_an_account_that_cannot_work_is_refused_at_start(
    rail: Payos, settings: dict[str, object], named: str
) -> None:
    with pytest.raises(WrongUsage, match=named):
        rail.with_settings(**settings)


def test_a_live_account_needs_no_address(rail: Payos) -> None:
    live = AccountSettings("an", "live", {"client_id": "an"}, (SECRET,))
    assert PayosProvider(live, rail.http, rail.clock).statement(
        rail.clock().date(), rail.clock().date()
    ) == []  # fmt: skip


def test_a_link_whose_answer_was_lost_is_found_again(rail: Payos) -> None:
    order = rail.order()
    rail.double.faults.add(Fault.CLOSED_AFTER, LINKS)
    with pytest.raises(ProviderUnavailable):
        rail.provider.start(order)
    again = rail.provider.start(order)
    assert again.url == rail.double.page_address(str(again.provider_ref))
    assert again == rail.provider.start(order)


@pytest.mark.parametrize("ended", ["cancel", "decline", "expire"])
def test_a_link_that_ended_is_not_shown_again(rail: Payos, ended: str) -> None:
    order = rail.started()
    getattr(rail.double, ended)(str(order.number))
    with pytest.raises(ProviderRefused, match=order.code):
        rail.provider.start(order)


def test_an_order_number_that_stands_for_another_amount_is_refused(rail: Payos) -> None:
    rail.started(amount=30_000)
    with pytest.raises(ProviderRefused, match="20000"):
        rail.provider.start(rail.order())


def test_a_no_says_why(rail: Payos) -> None:
    with pytest.raises(ProviderRefused, match="20 Thông tin"):
        rail.provider.start(replace(rail.order(), return_url=""))


def test_keys_payos_does_not_know_say_nothing_of_the_payment(rail: Payos) -> None:
    """Somebody will mend them; until then nobody knows."""
    with pytest.raises(ProviderUnavailable, match="401"):
        rail.with_settings(client_id="somebody else").start(rail.order())


SPOILT = (
    Fault.ERROR_AFTER,
    Fault.MALFORMED,
    Fault.UNSIGNED,
    Fault.BADLY_SIGNED,
    Fault.SLOW,
)


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize("call", ["start", "fetch", "cancel"])
def test_an_answer_that_cannot_be_believed_says_nothing(
    rail: Payos, call: str, fault: Fault
) -> None:
    order = rail.order() if call == "start" else rail.started()
    rail.double.faults.add(fault, LINKS)
    with pytest.raises(ProviderUnavailable):
        getattr(rail.provider, call)(order)


def test_parts_are_each_their_own_money(rail: Payos) -> None:
    order = rail.started()
    rail.double.pay(str(order.number), amount=5_000)
    (first,) = [heard(rail, request) for request in rail.notices()]
    assert rail.provider.fetch(order).status is Status.PENDING
    rail.clock.forward(minutes=2)
    rail.double.pay(str(order.number))
    (second,) = [heard(rail, request) for request in rail.notices()]
    told = rail.provider.fetch(order)
    assert told.status is Status.PAID
    assert told.movements == first.movements + second.movements
    assert [fact.amount for fact in told.movements] == [5_000, 15_000]
    assert told.event_at == second.event_at


def test_money_for_a_link_that_ended_still_counts(shop: Shop, rail: Payos) -> None:
    payment = shop.start()
    rail.clock.forward(minutes=20)
    expire(shop.databases.write, rail.clock())
    rail.double.pay(str(payment.number))
    shop.tell(heard(rail, rail.notices()[0]))
    after = shop.payment(payment)
    assert (after.state, after.flags, after.received) == ("paid", "paid_late", PRICE)


def test_a_lost_webhook_is_paid_within_one_poll_step(shop: Shop, rail: Payos) -> None:
    payment = shop.start()
    rail.double.pay(str(payment.number))
    shop.poll_later(seconds=30)
    assert shop.payment(payment).state == "paid"
    assert shop.tell(heard(rail, rail.notices()[0])).outcome is Outcome.APPLIED
    assert (shop.movements(payment), shop.payment(payment).flags) == (1, "")


@pytest.mark.parametrize("fault", [Fault.CLOSED_BEFORE, Fault.CLOSED_AFTER])
def test_a_time_out_is_unknown_until_asked_again(shop: Shop, rail: Payos, fault: Fault) -> None:
    rail.double.faults.add(fault, LINKS)
    payment = shop.start()
    assert shop.payment(payment).state == "unknown"
    shop.start()
    rail.double.pay(str(payment.number))
    shop.poll_later(seconds=30)
    assert shop.payment(payment).state == "paid"


def test_an_order_nobody_announced_is_unknown_and_said_alike(rail: Payos) -> None:
    told = [rail.provider.fetch(rail.order(77)) for _ in range(2)]
    assert told[0].status is Status.UNKNOWN
    assert told[0].key == told[1].key


def test_an_open_link_is_closed_and_a_paid_one_is_told_as_paid(rail: Payos) -> None:
    unpaid, paid = rail.started(1), rail.paid(2)
    assert rail.provider.cancel(unpaid).status is Status.CANCELLED
    assert rail.provider.cancel(unpaid).status is Status.CANCELLED
    told = rail.provider.cancel(paid)
    assert (told.status, [fact.amount for fact in told.movements]) == (Status.PAID, [PRICE])
    assert rail.provider.cancel(rail.order(3)).status is Status.UNKNOWN


def test_a_quote_that_ran_out_closes_its_link(shop: Shop, rail: Payos) -> None:
    payment = shop.start()
    link = rail.double.link(str(payment.number))
    link.values["expiredAt"] = None
    rail.clock.forward(minutes=16)
    expire(shop.databases.write, rail.clock())
    assert cancel_expired(shop.databases.write, shop.gateways, rail.clock()) == 1
    assert (link.status, shop.payment(payment).state) == ("CANCELLED", "cancelled")


def test_a_record_of_another_order_says_nothing(rail: Payos) -> None:
    order = rail.started()
    rail.double.link(str(order.number)).values["orderCode"] = 2
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(replace(order, number=int(order.provider_ref or 0)))


def test_a_status_we_do_not_know_says_nothing(rail: Payos) -> None:
    order = rail.started()
    rail.double.link(str(order.number)).status = "DREAMING"
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(order)


def test_an_answer_without_a_page_says_nothing(
    rail: Payos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theirs, "created", lambda *_: {"paymentLinkId": "1"})
    with pytest.raises(ProviderUnavailable):
        rail.provider.start(rail.order())


def test_money_goes_back_by_bank_list_only(rail: Payos) -> None:
    order = rail.paid()
    back = rail.giving_back(order, PRICE)
    for ask in (rail.provider.refund, rail.provider.fetch):
        with pytest.raises(ProviderRefused, match="bank list"):
            ask(back)


@pytest.mark.parametrize("text", ["2025-12-12 09:00:00", "2025-12-12T09:00:00+07:00"])
def test_times_are_read_in_both_spellings(text: str) -> None:
    assert payos_wire.instant(text) == datetime(2025, 12, 12, 2, 0, tzinfo=UTC)


def test_a_movement_is_a_receipt_named_by_reference_and_link(rail: Payos) -> None:
    order = rail.paid()
    fact = rail.receipt(order)
    entry = rail.double.link(str(order.number)).entries[0]
    assert (fact.kind, fact.rail_ref) == (
        MovementKind.RECEIPT, f"{entry.reference}:{order.provider_ref}",
    )  # fmt: skip
    assert timedelta(0) <= entry.at - fact.event_at < timedelta(seconds=1)
