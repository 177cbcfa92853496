"""payOS's webhooks: what was signed, what was not, and what nobody should believe at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from payments.codes import code_for
from payments.db import Databases
from payments.provider import (
    AccountSettings,
    InvalidNotice,
    NoticeRequest,
    Order,
    Outcome,
    PayerAccount,
    ProviderUnavailable,
    Status,
)
from payments.providers.payos import PayosProvider
from payments.providers.payos_wire import signature
from tests.doubles import payos_wire as theirs
from tests.doubles.credentials import PAYOS_CHECKSUM_KEY
from tests.doubles.faults import Fault
from tests.doubles.outbox import Message
from tests.providers.payos_rail import LINKS, SECRET, Payos, account_at, heard, payos
from tests.providers.rail import PRICE
from tests.providers.shop import Shop, make_shop


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Payos]:
    with payos(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Payos, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def as_request(message: Message) -> NoticeRequest:
    return NoticeRequest(message.method, "", message.headers, message.body)


def webhook(rail: Payos, order: Order, **changed: object) -> NoticeRequest:
    """The webhook of a transfer that was just made to `order`, signed anew after the change."""
    entry = rail.double.pay(str(order.number))
    link = rail.double.link(str(order.number))
    data = theirs.told(rail.double.bank.owner, link, entry) | changed
    return as_request(rail.double.message(data))


Alter = Callable[[NoticeRequest], NoticeRequest]


def with_body(change: Callable[[dict[str, Any]], object]) -> Alter:
    def alter(request: NoticeRequest) -> NoticeRequest:
        body = json.loads(request.body)
        change(body)
        return replace(request, body=json.dumps(body).encode())

    return alter


BAD: dict[str, Alter] = {
    "no signature": with_body(lambda body: body.pop("signature")),
    "a number as signature": with_body(lambda body: body.update(signature=1)),
    "wrong signature": with_body(lambda body: body.update(signature="0" * 64)),
    "another amount": with_body(lambda body: body["data"].update(amount=2_000_000)),
    "another currency": with_body(lambda body: body["data"].update(currency="USD")),
    "another order": with_body(lambda body: body["data"].update(orderCode=2)),
    "one field more": with_body(lambda body: body["data"].update(colour="red")),
    "one field less": with_body(lambda body: body["data"].pop("desc")),
    "half a letter": with_body(lambda body: body["data"].update(desc="\ud800")),
    "a failure around it": with_body(lambda body: body.update(code="01")),
    "no data": with_body(lambda body: body.update(data=[])),
    "not JSON": lambda request: replace(request, body=b"{"),
    "two amounts": lambda request: replace(
        request, body=request.body.replace(b'"data":{', b'"data":{"amount":1,')
    ),
    "called text": lambda request: replace(request, headers={"Content-Type": "text/plain"}),
    "too large": lambda request: replace(request, body=request.body + b" " * 300_000),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_what_payos_did_not_say_is_refused(rail: Payos, case: str) -> None:
    rail.paid()
    (request,) = rail.notices()
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(BAD[case](request))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": "20000"},
        {"amount": 20_000.0},
        {"currency": "XXX"},
        {"orderCode": 0},
        {"orderCode": True},
        {"reference": ""},
        {"paymentLinkId": None},
        {"transactionDateTime": "yesterday"},
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(
    rail: Payos, wrong: dict[str, object]
) -> None:
    request = webhook(rail, rail.started(), **wrong)
    with pytest.raises(InvalidNotice, match="understood"):
        rail.provider.parse_notice(request)


def test_fields_we_do_not_know_are_signed_with_the_rest(rail: Payos) -> None:
    request = webhook(rail, rail.started(), promotion={"b": [1, None], "a": "ưu đãi"})
    assert heard(rail, request).status is Status.PAID


def test_another_merchants_webhook_is_refused_and_an_older_key_of_ours_is_not(rail: Payos) -> None:
    rail.paid()
    (request,) = rail.notices()
    newer = {"api_key": "k", "checksum_key": "newer"}
    settings = account_at(rail.double, {}).settings
    for secrets, believed in (((newer,), False), ((newer, SECRET), True)):
        provider = PayosProvider(
            AccountSettings("an", "test", settings, secrets), rail.http, rail.clock
        )
        if believed:
            assert provider.parse_notice(request)
        else:
            with pytest.raises(InvalidNotice):
                provider.parse_notice(request)


def test_a_repeated_webhook_is_a_repetition(shop: Shop, rail: Payos) -> None:
    payment = shop.start()
    rail.double.pay(str(payment.number))
    (request,) = rail.notices()
    assert shop.tell(heard(rail, request)).outcome is Outcome.APPLIED
    assert shop.tell(heard(rail, request)).outcome is Outcome.REPEATED
    assert shop.payment(payment).received == PRICE


def test_another_amount_or_currency_is_recorded_and_flagged(shop: Shop, rail: Payos) -> None:
    less, foreign = shop.start("less"), shop.start("foreign")
    told = heard(rail, webhook(rail, shop.order(less), amount=19_000, reference="FT1"))
    assert shop.tell(told).outcome is Outcome.WRONG_AMOUNT
    assert shop.payment(less).flags == "underpaid"
    told = heard(rail, webhook(rail, shop.order(foreign), currency="USD", reference="FT2"))
    assert shop.tell(told).outcome is Outcome.WRONG_AMOUNT
    assert (shop.payment(foreign).flags, shop.payment(foreign).received) == ("integrity", 0)


def test_money_for_an_order_we_do_not_know_goes_to_suspense(shop: Shop, rail: Payos) -> None:
    rail.paid(4_711)
    told = heard(rail, rail.notices()[0])
    assert told.order_code == code_for(4_711)
    assert shop.tell(told).outcome is Outcome.UNKNOWN_PAYMENT
    assert shop.books() == {"clearing:an": PRICE, "suspense": -PRICE}


def test_a_transfer_that_did_not_go_through_brings_no_money(rail: Payos) -> None:
    order = rail.started()
    message = json.loads(webhook(rail, order).body)
    data = message["data"] | {"code": "01", "desc": "failed"}
    message |= {"code": "01", "data": data, "signature": signature(PAYOS_CHECKSUM_KEY, data)}
    headers = {"content-type": "application/json"}
    told = heard(rail, NoticeRequest("POST", "", headers, json.dumps(message).encode()))
    assert (told.status, told.movements) == (Status.PENDING, ())


@pytest.mark.parametrize("ours", [False, True], ids=["nobody's order", "an order of ours"])
def test_the_call_that_tests_our_address_brings_no_money(rail: Payos, ours: bool) -> None:
    if ours:
        rail.started(number=theirs.EXAMPLE["orderCode"])
    request = as_request(rail.double.message(theirs.EXAMPLE))
    assert rail.provider.parse_notice(request) == ()
    assert rail.provider.reply(Outcome.REPEATED).status == 200


def test_a_transfer_without_our_code_is_asked_about_before_it_is_believed(
    shop: Shop, rail: Payos
) -> None:
    payment = shop.start()
    told = heard(rail, webhook(rail, shop.order(payment), description="gui xe"))
    assert told.stale
    assert shop.tell(told).outcome is Outcome.DEFERRED
    assert shop.payment(payment).received == 0
    shop.poll_later(seconds=1)
    assert (shop.payment(payment).state, shop.movements(payment)) == ("paid", 1)


def test_a_code_is_read_however_the_bank_cut_it(rail: Payos) -> None:
    order = rail.started()
    cut = f"MBVCB.1.{order.code[:4].lower()} {order.code[4:]}.CT tu 001"
    assert not heard(rail, webhook(rail, order, description=cut)).stale


def test_a_doubtful_webhook_comes_again_when_payos_does_not_answer(rail: Payos) -> None:
    request = webhook(rail, rail.started(), description="")
    rail.double.faults.add(Fault.ERROR_BEFORE, LINKS)
    with pytest.raises(ProviderUnavailable):
        rail.provider.parse_notice(request)


def test_the_payers_account_is_read_from_the_webhook(rail: Payos) -> None:
    rail.paid()
    (request,) = rail.notices()
    data = json.loads(request.body)["data"]
    assert rail.provider.payer(request.body) == PayerAccount(
        data["counterAccountBankName"], data["counterAccountNumber"], data["counterAccountName"]
    )
    example = rail.double.message(theirs.EXAMPLE).body
    for nobody in (example, b"{", b"{}", b'{"data":[]}'):
        assert rail.provider.payer(nobody) is None
