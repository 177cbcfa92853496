"""VNPAY's client against its published vectors and hostile notices, and the address it makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.errors import WrongUsage
from payments.provider import (
    AccountSettings,
    InvalidNotice,
    MovementKind,
    Notice,
    NoticeRequest,
    Status,
)
from payments.providers import vnpay_wire as protocol
from payments.providers.vnpay import VnpayProvider
from payments.providers.wire import GMT7, hmac_hex
from tests.doubles.vnpay import VnpayDouble
from tests.providers.canned import Canned, saying, vectors
from tests.providers.rail import Clock, Rail
from tests.providers.vnpay_rail import opened

TMN = "HANOIPK1"
SECRET = "DEMOVNPAYHASHSECRET0123456789ABC"
IPN = {
    "vnp_Amount": "2000000",
    "vnp_BankCode": "NCB",
    "vnp_BankTranNo": "VNP14226112",
    "vnp_CardType": "ATM",
    "vnp_OrderInfo": "Thanh toan ve gui xe PKHN0001",
    "vnp_PayDate": "20260115093512",
    "vnp_ResponseCode": "00",
    "vnp_TmnCode": TMN,
    "vnp_TransactionNo": "14226112",
    "vnp_TransactionStatus": "00",
    "vnp_TxnRef": "PKHN0001",
}


def settings(*secrets: str, mode: str = "test", **more: str) -> AccountSettings:
    live = tuple({"hash_secret": secret} for secret in secrets or (SECRET,))
    return AccountSettings("an-vnpay", mode, {"tmn_code": TMN, **more}, live)


def provider(
    http: Canned | None = None, *secrets: str, clock: Clock | None = None
) -> VnpayProvider:
    return VnpayProvider(settings(*secrets), http or saying({}), clock or Clock())


def ipn(secret: str = SECRET, **changed: str) -> NoticeRequest:
    return NoticeRequest("GET", protocol.signed_query(secret, {**IPN, **changed}), {}, b"")


def read(request: NoticeRequest) -> Notice:
    (told,) = provider().parse_notice(request)
    return told


@pytest.fixture
def house() -> Iterator[tuple[Rail, VnpayDouble]]:
    with opened() as found:
        yield found


@pytest.mark.parametrize("vector", vectors("vnpay"), ids=lambda vector: str(vector["name"]))
def test_every_vector_is_signed_as_published(vector: Mapping[str, Any]) -> None:
    params, secret, expected = vector["params"], vector["secret"], vector["expected_secure_hash"]
    if vector["type"] == "pipe":
        assert protocol.piped_hash(secret, vector["field_order"], params) == expected
        order = protocol.QUERY if params["vnp_Command"] == "querydr" else protocol.REFUND
        assert list(order) == vector["field_order"]
        return
    query = protocol.signed_query(secret, params)
    assert query == f"{vector['hash_data_as_sent']}&vnp_SecureHash={expected}"
    if vector["type"] == "ipn":
        for sent in (
            vector["query_string"],
            vector["query_string"].replace(expected, expected.upper()),
        ):
            told = read(NoticeRequest("GET", sent, {}, b""))
            assert told.order_code == "PKHN0001"
    else:
        assert vector["url"].endswith(f"?{query}")


def test_a_paid_notice_names_the_money_by_vnpays_number_and_time() -> None:
    told = read(ipn())
    (money,) = told.movements
    assert (told.status, money.kind, money.rail_ref, money.amount) == (
        Status.PAID, MovementKind.RECEIPT, "14226112", 20_000,
    )  # fmt: skip
    assert money.event_at == datetime(2026, 1, 15, 9, 35, 12, tzinfo=GMT7)


def test_cancelled_payments_have_number_zero_and_keys_of_their_own() -> None:
    gone = {"vnp_TransactionNo": "0", "vnp_TransactionStatus": "02", "vnp_ResponseCode": "24"}
    first, second = read(ipn(**gone)), read(ipn(**gone, vnp_TxnRef="PKHN0002"))
    assert first.status is second.status is Status.CANCELLED
    assert (first.movements, second.movements) == ((), ())
    assert first.key != second.key
    assert first.key == read(ipn(**gone)).key


@pytest.mark.parametrize(
    ("response", "standing", "status"),
    [
        ("00", "00", Status.PAID),
        ("24", "02", Status.CANCELLED),
        ("11", "02", Status.EXPIRED),
        *((code, "02", Status.FAILED) for code in ("09", "10", "12", "13", "51", "65", "75", "79")),
        ("99", "02", Status.UNKNOWN),
        ("42", "02", Status.UNKNOWN),
        ("07", "07", Status.UNKNOWN),
        ("07", "00", Status.UNKNOWN),
        ("00", "01", Status.PENDING),
        ("00", "04", Status.DISPUTED),
        ("00", "05", Status.UNKNOWN),
        ("00", "xx", Status.UNKNOWN),
    ],
)
def test_only_two_zeros_are_money_and_unknown_codes_are_not_final(
    response: str, standing: str, status: Status
) -> None:
    told = read(ipn(vnp_ResponseCode=response, vnp_TransactionStatus=standing))
    assert told.status is status
    assert bool(told.movements) == (status is Status.PAID)


def test_a_vietnamese_or_oddly_encoded_notice_is_verified_as_it_came() -> None:
    values = {**IPN, "vnp_OrderInfo": "Gửi xe (Đội Cấn)*"}
    pairs = [f"{name}={quote_plus(value, safe='()*')}" for name, value in sorted(values.items())]
    content = "&".join(pairs)
    mine = hmac_hex(SECRET, content.encode(), "sha512")
    as_it_came = NoticeRequest("GET", f"vnp_SecureHash={mine}&" + "&".join(pairs[::-1]), {}, b"")
    ours = hmac_hex(SECRET, protocol.query_text(values).encode(), "sha512")
    re_encoded = replace(as_it_came, query=f"{content}&vnp_SecureHash={ours}")
    assert read(as_it_came).key == read(re_encoded).key


def test_a_field_we_do_not_know_is_read_past_when_it_is_signed_and_refused_when_it_is_not() -> None:
    assert read(ipn(vnp_Extra="new")).status is Status.PAID
    assert read(replace(ipn(), query=ipn().query + "&vnp_SecureHashType=SHA512")).movements
    with pytest.raises(InvalidNotice):
        read(replace(ipn(), query=ipn().query + "&vnp_Extra=new"))


@pytest.mark.parametrize(
    "request_",
    [
        ipn("another secret"),
        ipn(vnp_TmnCode="STRANGER"),
        replace(ipn(), query=ipn().query.replace("2000000", "200000")),
        replace(ipn(), query=ipn().query + "&vnp_Amount=2000000"),
        replace(ipn(), query=ipn().query + "&vnp_Amount="),
        replace(ipn(), query=ipn().query + "&vnp_SecureHash="),
        replace(ipn(), query=ipn().query + "&%ff=1"),
        replace(ipn(), query=ipn().query.split("&vnp_SecureHash")[0]),
        replace(ipn(), query="vnp_SecureHash=" + "é" * 64),
        replace(ipn(), query="x" * 10_000),
        replace(ipn(), method="POST"),
        replace(ipn(), body=b"{}"),
        ipn(vnp_Amount="2000050"),
        ipn(vnp_Amount="20000.00"),
        ipn(vnp_Amount="-2000000"),
        ipn(vnp_Amount="000"),
        ipn(vnp_Amount="9" * 11 + "00"),
        ipn(vnp_PayDate="2026-01-15"),
        ipn(vnp_PayDate="20261315093512"),
        ipn(vnp_PayDate=""),
        ipn(vnp_TransactionNo="0"),
        ipn(vnp_TransactionNo="-7"),
        ipn(vnp_TransactionNo="٣"),
        ipn(vnp_TxnRef=""),
        ipn(vnp_TxnRef="PK\x00HN"),
        ipn(vnp_TransactionStatus=""),
    ],
)  # fmt: skip
def test_a_notice_that_is_not_vnpays_or_not_whole_is_refused(request_: NoticeRequest) -> None:
    with pytest.raises(InvalidNotice):
        read(request_)


@given(st.text(max_size=300))
def test_any_text_as_a_query_is_refused_and_never_an_error(query: str) -> None:
    with pytest.raises(InvalidNotice):
        read(NoticeRequest("GET", query, {}, b""))


def test_an_event_of_the_test_account_is_nothing_on_the_live_one() -> None:
    live = VnpayProvider(
        settings(
            "the live secret",
            mode="live",
            pay_url="https://pay.vnpay.vn/p",
            api_url="https://pay.vnpay.vn/a",
        ),
        saying({}),
        Clock(),
    )
    with pytest.raises(InvalidNotice):
        live.parse_notice(ipn())


def test_both_secrets_are_good_while_they_change() -> None:
    for secret in ("old", "new"):
        assert provider(None, "new", "old").parse_notice(ipn(secret))[0].movements
    with pytest.raises(InvalidNotice):
        provider(None, "new").parse_notice(ipn("old"))


def test_the_address_says_what_was_ordered_in_vietnams_time_and_in_ascii() -> None:
    clock = Clock(datetime(2026, 11, 20, 17, 30, tzinfo=GMT7))
    rail = Rail(
        provider(clock=clock), settings(), saying({}), clock, str, str, tuple, method="VNBANK"
    )
    order = replace(rail.order(), description="Gửi xe: Đội Cấn (29A-123.45)*~!'")
    url = str(rail.provider.start(order).url)
    values = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    assert url.startswith("https://sandbox.vnpayment.vn/paymentv2/vpcpay.html?")
    assert values.pop("vnp_SecureHash") == hmac_hex(
        SECRET, protocol.query_text(values).encode(), "sha512"
    )
    assert values == {
        "vnp_Version": "2.1.0",
        "vnp_Command": "pay",
        "vnp_TmnCode": TMN,
        "vnp_Amount": "2000000",
        "vnp_BankCode": "VNBANK",
        "vnp_CreateDate": "20261120173000",
        "vnp_CurrCode": "VND",
        "vnp_IpAddr": "203.0.113.7",
        "vnp_Locale": "vn",
        "vnp_OrderInfo": f"{order.code} Gui xe: Doi Can 29A-123.45",
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": order.return_url,
        "vnp_TxnRef": order.code,
        "vnp_ExpireDate": "20261120174500",
    }


@pytest.mark.parametrize("symbol", "~*!'()")
def test_a_return_address_that_encoders_disagree_on_is_never_sent(
    house: tuple[Rail, VnpayDouble], symbol: str
) -> None:
    rail, _ = house
    with pytest.raises(WrongUsage, match="vnp_ReturnUrl"):
        rail.provider.start(replace(rail.order(), return_url=f"https://parking.test/{symbol}"))


@given(st.text(max_size=400))
def test_any_text_becomes_one_vnpay_takes(words: str) -> None:
    assert not protocol.plain(words) or len(protocol.plain(words)) <= protocol.LONGEST_INFO
    assert set(protocol.plain(words)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:_- "
    )


@pytest.mark.parametrize(
    ("mode", "more", "missing"),
    [
        ("live", {}, "pay_url"),
        ("live", {"pay_url": "https://pay.vnpay.vn/p"}, "api_url"),
        ("test", {"pay_url": "no address"}, "pay_url"),
        ("live", {"pay_url": "https://sandbox.vnpayment.vn/p"}, "sandbox.vnpayment.vn"),
        ("test", {"tmn_code": " "}, "tmn_code"),
    ],
)
def test_an_account_without_its_own_addresses_is_refused(
    mode: str, more: dict[str, str], missing: str
) -> None:
    with pytest.raises(WrongUsage, match=missing):
        VnpayProvider(settings(mode=mode, **more), saying({}), Clock())
