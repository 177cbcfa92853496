"""ZaloPay's client against its vectors and hostile callbacks, and the order it announces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

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
from payments.providers import zalopay as client
from payments.providers.wire import hmac_hex
from payments.providers.zalopay import ZalopayProvider
from tests.providers.canned import post, saying, vectors
from tests.providers.rail import MORNING, Clock
from tests.providers.zalopay_rail import SECRET

DATA: Mapping[str, object] = {
    "app_id": 15847,
    "app_trans_id": "260115_PKHN0001",
    "app_time": 1768444200000,
    "app_user": "lane-03",
    "amount": 20_000,
    "embed_data": "{}",
    "item": "[]",
    "zp_trans_id": 260115000001234,
    "server_time": 1768444212345,
    "channel": 38,
    "merchant_user_id": "",
    "user_fee_amount": 0,
    "discount_amount": 0,
}
ORDER = Order(
    "PKHN0001", 1, 20_000, "VND", "HK01", MORNING, MORNING + timedelta(minutes=15),
    "https://parking.test/r", "https://parking.test/n",
)  # fmt: skip
REFUND = RefundOrder("K1", 1, 5_000, MORNING, "lan", "left early", ORDER, "260115000001234")


def provider(
    http: Http | None = None, *secrets: Mapping[str, str], clock: Clock | None = None
) -> ZalopayProvider:
    ours = AccountSettings("an-zalopay", "test", {"app_id": "15847"}, secrets or (SECRET,))
    return ZalopayProvider(ours, http or saying({}), clock or Clock())


def callback(
    data: str | None = None, key: str = SECRET["key2"], **changed: object
) -> NoticeRequest:
    told = json.dumps({**DATA, **changed}) if data is None else data
    mac = hmac_hex(key, told.encode("utf-8", "replace"))
    return post({"data": told, "mac": mac, "type": 1})


def read(request: NoticeRequest) -> Told:
    (told,) = provider().parse_notice(request)
    return told


@pytest.mark.parametrize("vector", vectors("zalopay"), ids=lambda vector: str(vector["name"]))
def test_every_vector_is_signed_as_published(vector: Mapping[str, Any]) -> None:
    operation, content = vector["operation"], vector["hmac_input"]
    if operation == "callback":
        told = read(post(vector["body"]))
        assert told.order_code == "PKHN0001"
        assert hmac_hex(vector["key"], content.encode()) == vector["expected_mac"]
        return
    assert list(client.SIGNED[operation]) == vector["field_order"]
    fields = dict(zip(vector["field_order"], content.split("|"), strict=True))
    assert client.mac(vector["key"], operation, fields) == vector["expected_mac"]


def test_a_callback_names_the_money_by_zalopays_number_and_time() -> None:
    told = read(callback())
    (money,) = told.movements
    assert (told.order_code, told.provider_ref) == ("PKHN0001", "260115_PKHN0001")
    assert (told.status, money.kind, money.rail_ref, money.amount, money.currency) == (
        Status.PAID, MovementKind.RECEIPT, "260115000001234", 20_000, "VND",
    )  # fmt: skip
    assert money.event_at == datetime(2026, 1, 15, 2, 30, 12, 345_000, tzinfo=UTC)


def test_what_a_voucher_paid_is_ours_as_well() -> None:
    assert read(callback(discount_amount=5_000)).movements[0].amount == 20_000


@pytest.mark.parametrize("name", ["260115_INVOICE-7", "PKHN0001", "26011_PKHN0001", "260115_"])
def test_money_for_another_shop_of_the_same_app_keeps_its_whole_name(name: str) -> None:
    assert read(callback(app_trans_id=name)).order_code == name


def test_unknown_fields_are_read_past_and_the_text_is_verified_as_it_came() -> None:
    spaced = json.dumps({**DATA, "new": {"a": [1]}}, indent=2)
    told = read(callback(spaced))
    assert told.movements == read(callback()).movements
    assert told.key != read(callback()).key


@pytest.mark.parametrize(
    "request_",
    [
        callback(key=SECRET["key1"]),
        callback(app_id=2553),
        callback(app_id=None),
        post({"data": json.dumps(DATA), "mac": None, "type": 1}),
        post({"data": json.dumps(DATA), "type": 1}),
        post({"data": dict(DATA), "mac": "0" * 64, "type": 1}),
        post({"data": None, "mac": "é", "type": 1}),
        post({"mac": "0" * 64}),
        replace(callback(), body=callback().body.replace(b"20000", b"20001")),
        replace(callback(), body=callback().body.replace(b"{", b'{"type": 1, ', 1)),
        replace(callback(), method="PUT"),
        replace(callback(), headers={"Content-Type": "application/x-www-form-urlencoded"}),
        replace(callback(), headers={}),
        replace(callback(), body=callback().body + b" " * 300_000),
        post(b"{"),
        post(b"[]"),
        post(b"\xff"),
        callback("[]"),
        callback("{"),
        callback("15847|260115_PKHN0001|38||20000|0|1"),  # the mac of the browser's way back
        callback(json.dumps(DATA).replace("{", '{"amount": 1, ', 1)),
        callback(amount="20000"),
        callback(amount=0),
        callback(amount=-1),
        callback(amount=2.5),
        callback(amount=10**40),
        callback(zp_trans_id=0),
        callback(zp_trans_id="260115000001234"),
        callback(zp_trans_id=None),
        callback(server_time=None),
        callback(server_time="now"),
        callback(app_trans_id=None),
        callback(app_trans_id=""),
        callback(app_trans_id="260115_\x00"),
        callback(app_trans_id="\ud800"),
    ],
)
def test_a_callback_that_is_not_zalopays_or_not_whole_is_refused(request_: NoticeRequest) -> None:
    with pytest.raises(InvalidNotice):
        read(request_)


@given(st.dictionaries(st.sampled_from(["data", "mac", "type", "x"]), st.integers() | st.text()))
def test_any_object_as_a_callback_is_refused_and_never_an_error(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidNotice):
        read(post(fields))


def test_both_callback_keys_are_good_while_they_change() -> None:
    new = {"key1": "new", "key2": "newer"}
    for key in (SECRET["key2"], "newer"):
        assert provider(None, new, SECRET).parse_notice(callback(key=key))[0].movements
    with pytest.raises(InvalidNotice):
        provider(None, new).parse_notice(callback())


def test_the_day_in_every_name_is_vietnams() -> None:
    late = datetime(2026, 1, 14, 17, 30, tzinfo=UTC)  # half past midnight in Hanoi
    assert client.trans_id(replace(ORDER, created_at=late)) == "260115_PKHN0001"
    number = client.refund_id("15847", replace(REFUND, asked_at=late))
    assert number.startswith("260115_15847_")
    assert len(client.refund_id("1234567890", REFUND)) <= 45
    assert number != client.refund_id("15847", replace(REFUND, asked_at=late, key="K2"))


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(-5, 300), (1, 300), (15, 900), (60 * 24 * 60, 2_592_000)]
)
def test_an_order_is_open_as_long_as_ours_within_zalopays_limits(
    minutes: int, seconds: int
) -> None:
    http = saying({"return_code": 1, "order_url": "https://pay.test/1"})
    order = replace(
        ORDER, expires_at=MORNING + timedelta(minutes=minutes), description="Vé gửi xe" * 40
    )
    checkout = provider(http).start(order)
    assert (checkout.url, checkout.provider_ref) == ("https://pay.test/1", "261120_PKHN0001")
    ((_, body),) = http.asked
    sent = dict(parse_qsl(body.decode(), strict_parsing=True, keep_blank_values=True))
    assert sent["expire_duration_seconds"] == str(seconds)
    assert sent["callback_url"] == "https://parking.test/n"
    assert json.loads(sent["embed_data"]) == {"redirecturl": "https://parking.test/r"}
    assert len(sent["description"]) == 256


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"return_code": "1"},
        {"return_code": 1},
        {"return_code": 1, "order_url": "javascript:alert(1)"},
        {"return_code": 1, "sub_return_code": "x", "order_url": "https://pay.test/1"},
        *({"return_code": 2, "sub_return_code": sub} for sub in (-68, -429, -500, -999, -12345)),
        {"return_code": 3, "sub_return_code": 0},
        {"return_code": 7, "sub_return_code": -401},
        [],
    ],
)
def test_an_announcement_without_a_clear_answer_is_unknown(said: object) -> None:
    with pytest.raises(ProviderUnavailable):
        provider(saying(said)).start(ORDER)


@pytest.mark.parametrize("sub", [-401, -402])
def test_a_no_to_our_own_request_is_for_good(sub: int) -> None:
    http = saying({"return_code": 2, "sub_return_code": sub})
    for call in (lambda: provider(http).start(ORDER), lambda: provider(http).refund(REFUND)):
        with pytest.raises(ProviderRefused, match=str(sub)):
            call()
