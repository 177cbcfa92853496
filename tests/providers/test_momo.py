"""MoMo's client against its vectors and hostile notices, and the order it announces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.provider import (
    AccountSettings,
    Http,
    InvalidNotice,
    MovementKind,
    NoticeRequest,
    Order,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Status,
)
from payments.provider import Notice as Told
from payments.providers import momo as client
from payments.providers.momo import MomoProvider
from tests.doubles.faults import Fault
from tests.doubles.momo import MomoDouble
from tests.providers.canned import post, saying, vectors
from tests.providers.momo_rail import SECRET, opened
from tests.providers.rail import MORNING, PRICE, Clock, Rail

IPN: Mapping[str, object] = {
    "partnerCode": "MOMO",
    "orderId": "PKHN0001",
    "requestId": "PKHN0001-create",
    "amount": 20_000,
    "orderInfo": "Vé gửi xe PKHN0001",
    "orderType": "momo_wallet",
    "transId": 4088878653,
    "resultCode": 0,
    "message": "Successful.",
    "payType": "qr",
    "responseTime": 1768444512345,
    "extraData": "",
}
ORDER = Order(
    "PKHN0001", 1, 20_000, "VND", "HK01", MORNING, MORNING + timedelta(minutes=15),
    "https://parking.test/r", "https://parking.test/n",
)  # fmt: skip
REFUND = RefundOrder("K1", 1, 5_000, MORNING, "lan", "left early", ORDER, "4088878653")
ORDERS = {
    "create": client.CREATE,
    "query": client.QUERY,
    "refund": client.REFUND,
    "refund_query": client.QUERY,
    "ipn": client.IPN,
}


def provider(http: Http | None = None, *secrets: Mapping[str, str]) -> MomoProvider:
    ours = AccountSettings("an-momo", "test", {"partner_code": "MOMO"}, secrets or (SECRET,))
    return MomoProvider(ours, http or saying({}), Clock())


def signed(
    fields: Mapping[str, Any],
    names: tuple[str, ...] = client.IPN,
    secret: Mapping[str, str] = SECRET,
) -> dict[str, Any]:
    keyed = {**fields, "accessKey": secret["access_key"]}
    return {**fields, "signature": client.signature(secret["secret_key"], names, keyed)}


def ipn(**changed: object) -> NoticeRequest:
    return post(signed({**IPN, **changed}))


def read(request: NoticeRequest) -> Told:
    (told,) = provider().parse_notice(request)
    return told


@pytest.fixture
def house() -> Iterator[tuple[Rail, MomoDouble]]:
    with opened() as found:
        yield found


@pytest.mark.parametrize("vector", vectors("momo"), ids=lambda vector: str(vector["name"]))
def test_every_vector_is_signed_as_published(vector: Mapping[str, Any]) -> None:
    """All but the two-step capture, which we never ask for, in an order of names we use."""
    names, fields = tuple(vector["field_order"]), vector["fields"]
    assert ORDERS.get(vector["operation"], names) == names
    keyed = {**fields, "accessKey": vector["accessKey"]}
    mine = client.signature(vector["secretKey"], names, keyed)
    assert mine == vector["expected_signature"]
    if vector["operation"] == "ipn":
        assert read(post({**fields, "signature": mine})).order_code == "PKHN0001"


def test_a_paid_notice_names_the_money_by_momos_number_and_time() -> None:
    told = read(ipn())
    (money,) = told.movements
    assert (told.status, money.kind, money.rail_ref, money.amount, money.currency) == (
        Status.PAID, MovementKind.RECEIPT, "4088878653", 20_000, "VND",
    )  # fmt: skip
    assert money.event_at == datetime(2026, 1, 15, 2, 35, 12, 345_000, tzinfo=UTC)
    assert money.event_at.utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, Status.PAID),
        (9000, Status.PAID),
        *((code, Status.PENDING) for code in (1000, 7000, 7002, 8000)),
        (1005, Status.EXPIRED),
        *((code, Status.CANCELLED) for code in (1003, 1006, 1017)),
        *((code, Status.FAILED) for code in (1001, 1002, 1004, 1007, 1026, 4001)),
        *((code, Status.UNKNOWN) for code in (10, 99, 2019, 4002, 4100, -1, 123456)),
    ],
)
def test_only_success_is_money_and_unknown_codes_are_not_final(code: int, status: Status) -> None:
    told = read(ipn(resultCode=code))
    assert told.status is status
    assert bool(told.movements) == (status is Status.PAID)


def test_unknown_fields_are_read_past_and_absent_extra_data_is_signed_as_empty() -> None:
    without = {name: value for name, value in IPN.items() if name != "extraData"}
    assert read(post({**signed(without), "new": [1]})).key == read(ipn()).key


@pytest.mark.parametrize(
    "request_",
    [
        post(signed(IPN, secret={**SECRET, "secret_key": "another"})),
        post(signed(IPN, secret={**SECRET, "access_key": "another"})),
        ipn(partnerCode="STRANGER"),
        post({**signed(IPN), "amount": 2_000}),
        post({**signed(IPN), "signature": None}),
        post({**signed(IPN), "signature": "é"}),
        post(dict(IPN)),
        post(json.dumps(signed(IPN)).encode().replace(b"{", b'{"amount": 20000, ', 1)),
        post(b"{"),
        post(b"[]"),
        post(b"\xff"),
        post(b'{"a":' + b"[" * 100_000),
        post(b'{"partnerCode": "MOMO"' + b" " * 300_000 + b"}"),
        post(signed(IPN), {"Content-Type": "text/plain"}),
        post(signed(IPN), {}),
        replace(ipn(), method="PUT"),
        ipn(amount="20000"),
        ipn(amount=20_000.0),
        ipn(amount=True),
        ipn(amount=0),
        ipn(amount=-20_000),
        ipn(amount=10**30),
        ipn(amount=10**15),
        ipn(transId="4088878653"),
        ipn(transId=0),
        ipn(resultCode="0"),
        ipn(responseTime=None),
        ipn(responseTime=10**17),
        ipn(responseTime=-1),
        ipn(orderId=7),
        ipn(orderId=""),
        ipn(orderId="PK\x00"),
        ipn(orderId="\ud800"),
        ipn(orderId="P" * 300),
    ],
)
def test_a_notice_that_is_not_momos_or_not_whole_is_refused(request_: NoticeRequest) -> None:
    with pytest.raises(InvalidNotice):
        read(request_)


def test_one_signature_cannot_be_cut_into_other_values() -> None:
    """Values are signed unencoded: what the payer sees in orderInfo could pretend to be a field."""
    genuine = signed({**IPN, "message": "ok&orderId=PKOTHER", "orderId": "PKHN0001"})
    moved = {**genuine, "message": "ok", "orderId": "PKOTHER&orderId=PKHN0001"}
    names = client.IPN
    keyed = {**moved, "accessKey": SECRET["access_key"]}
    assert client.signature(SECRET["secret_key"], names, keyed) == genuine["signature"]
    for message in (genuine, moved):
        with pytest.raises(InvalidNotice):
            read(post(message))


@given(st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=40) | st.none()))
def test_any_object_as_a_notice_is_refused_and_never_an_error(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidNotice):
        read(post(fields))


def test_both_pairs_of_keys_are_good_while_they_change() -> None:
    new = {"access_key": "new", "secret_key": "newer"}
    assert provider(None, new, SECRET).parse_notice(ipn())[0].movements
    assert provider(None, new, SECRET).parse_notice(post(signed(IPN, secret=new)))[0].movements
    with pytest.raises(InvalidNotice):
        provider(None, new).parse_notice(ipn())


def test_the_announcement_is_signed_and_names_our_code(house: tuple[Rail, MomoDouble]) -> None:
    rail, double = house
    order = replace(rail.order(), description="Vé gửi xe: Đội Cấn & Phố Huế")
    checkout = rail.provider.start(order)
    sent = double.orders[order.code].body
    assert checkout.url == double.page_address(order.code)
    assert (sent["orderId"], sent["requestId"]) == (order.code, f"{order.code}-create")
    assert (sent["amount"], sent["ipnUrl"]) == (PRICE, order.notify_url)
    assert sent["orderInfo"] == "Vé gửi xe: Đội Cấn & Phố Huế"


CREATED = {
    "partnerCode": "MOMO",
    "orderId": "PKHN0001",
    "requestId": "PKHN0001-create",
    "amount": 20_000,
    "responseTime": 1768444512345,
    "message": "",
    "resultCode": 0,
    "payUrl": "https://test-payment.momo.vn/v2/gateway/pay?t=1",
}


@pytest.mark.parametrize(
    "said",
    [
        CREATED,
        {**signed(CREATED, client.CREATE_ANSWER), "payUrl": "https://elsewhere.test"},
        signed({**CREATED, "payUrl": "javascript:alert(1)"}, client.CREATE_ANSWER),
        signed({**CREATED, "payUrl": None}, client.CREATE_ANSWER),
        signed({**CREATED, "orderId": "PKHN0002"}, client.CREATE_ANSWER),
        signed({**CREATED, "resultCode": "0"}, client.CREATE_ANSWER),
        *(
            signed({**CREATED, "resultCode": code}, client.CREATE_ANSWER)
            for code in (10, 40, 41, 42, 99, 1000, 7000, 31415)
        ),
    ],
)
def test_an_announcement_without_a_believable_answer_is_unknown(said: dict[str, object]) -> None:
    with pytest.raises(ProviderUnavailable):
        provider(saying(said)).start(ORDER)


@pytest.mark.parametrize("code", [20, 21, 22])
def test_a_signed_no_to_an_announcement_is_for_good(code: int) -> None:
    said = signed({**CREATED, "resultCode": code}, client.CREATE_ANSWER)
    with pytest.raises(ProviderRefused, match=str(code)):
        provider(saying(said)).start(ORDER)


@pytest.mark.parametrize("fault", [Fault.UNSIGNED, Fault.BADLY_SIGNED])
def test_a_page_nobody_signed_is_not_shown(house: tuple[Rail, MomoDouble], fault: Fault) -> None:
    rail, double = house
    double.faults.add(fault)
    with pytest.raises(ProviderUnavailable):
        rail.provider.start(rail.order())
