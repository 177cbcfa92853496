"""payOS as one more voice about the operator's own account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.codes import code_for
from payments.provider import (
    AccountSettings,
    InvalidNotice,
    NoticeRequest,
    PayerAccount,
    ProviderUnavailable,
)
from payments.providers.feeds.payos import PayosFeed
from tests.doubles import payos_wire
from tests.doubles.bank import Entry
from tests.doubles.payos_wire import PaymentLink
from tests.providers.canned import post, saying
from tests.providers.rail import MORNING, PRICE
from tests.providers.vietqr_rail import SECRET, Vietqr, vietqr

VECTORS = json.loads(
    (Path(__file__).parents[1] / "doubles" / "vectors" / "payos.json").read_text(encoding="utf-8")
)["vectors"]
BODIES = [vector for vector in VECTORS if vector["type"] == "body"]
CODE = code_for(1)


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


def alone(key: str) -> PayosFeed:
    return PayosFeed(AccountSettings("an", "live", {}, ({"payos_checksum_key": key},)), saying())


def told(rail: Vietqr, entry: Entry, **changed: object) -> NoticeRequest:
    """The webhook of `entry`, changed before it is signed."""
    link = PaymentLink("link-1", {"orderCode": 7, "amount": 1}, "", rail.clock())
    data = payos_wire.told(rail.bank.owner, link, entry) | changed
    message = rail.payos.message(data)
    return NoticeRequest(message.method, "", message.headers, message.body)


def around(data: dict[str, Any], signature: str, **outside: object) -> NoticeRequest:
    return post({"code": data.get("code"), "data": data, "signature": signature, **outside})


@pytest.mark.parametrize("vector", BODIES, ids=lambda vector: vector["name"])
def test_every_published_body_is_signed_and_its_neighbour_is_not(vector: dict[str, Any]) -> None:
    feed = alone(vector["checksum_key"])
    request = around(vector["data"], vector["expected_signature"])
    assert feed.recognises(request)
    if vector["name"] == "webhook":
        (entry,) = feed.read(request).entries
        assert (entry.account, entry.amount, entry.rail_ref, entry.incoming) == (
            "0123456789", 20_000, "FTREFERENCE:20251212:20000", True,
        )  # fmt: skip
    else:
        assert feed.read(request).entries == ()
    changed = {**vector["data"], "amount": vector["data"]["amount"] + 1}
    with pytest.raises(InvalidNotice, match="not signed"):
        feed.read(around(changed, vector["expected_signature"]))


def test_a_transfer_is_told_with_its_candidates(rail: Vietqr) -> None:
    entry = rail.bank.receive(PRICE, CODE, damage="glued")
    (notice,) = rail.provider.parse_notice(told(rail, entry))
    assert (notice.key, notice.order_code, notice.candidates, notice.stale) == (
        f"payos:{entry.reference}:link-1", None, (CODE,), False,
    )  # fmt: skip


def test_the_call_that_tests_an_address_is_acknowledged_and_brings_nothing(rail: Vietqr) -> None:
    message = rail.payos.message(payos_wire.EXAMPLE)
    request = NoticeRequest(message.method, "", message.headers, message.body)
    assert rail.provider.parse_notice(request) == ()


def test_a_transfer_that_did_not_go_through_brings_nothing(rail: Vietqr) -> None:
    request = told(rail, rail.bank.receive(PRICE, CODE), code="01")
    body = json.loads(request.body) | {"code": "01"}
    assert rail.provider.parse_notice(post(body)) == ()
    with pytest.raises(InvalidNotice, match="code is not the expected one"):
        rail.provider.parse_notice(request)


@pytest.mark.parametrize(
    "changed",
    [
        {"currency": "USD"},
        {"amount": 0},
        {"amount": "20000"},
        {"reference": ""},
        {"accountNumber": None},
        {"transactionDateTime": "0001-01-01 00:00:00"},
        {"description": 5},
    ],
)
def test_a_genuine_message_that_says_nothing_sensible_is_refused(
    rail: Vietqr, changed: dict[str, object]
) -> None:
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(told(rail, rail.bank.receive(PRICE, CODE), **changed))


def test_both_live_keys_sign(rail: Vietqr) -> None:
    provider = rail.with_settings(SECRET | {"payos_checksum_key": "the newest"}, SECRET)
    assert provider.parse_notice(told(rail, rail.bank.receive(PRICE, CODE)))


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}, "signature": ""},
        {"data": {}, "signature": 5},
        {"data": [], "signature": "0" * 64},
        {"data": None, "signature": "ơ" * 64},
        b'{"data": {"amount": "\\ud800"}, "signature": "00"}',
        b'{"data": {"a": 1, "a": 2}, "signature": "00"}',
        b'{"data": {}}',
        b"[]",
        b"",
    ],
)
def test_what_nobody_signed_is_refused(rail: Vietqr, body: Any) -> None:
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(post(body))


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_changed_text_is_refused(before: str, after: str) -> None:
    signature = payos_wire.signature("k", {"code": "01", "description": before})
    request = around({"code": "01", "description": after}, signature)
    if payos_wire.text_of(before) == payos_wire.text_of(after) or before == after:
        return
    with pytest.raises(InvalidNotice, match="not signed"):
        alone("k").read(request)


def test_the_payer_is_the_account_on_the_other_side(rail: Vietqr) -> None:
    request = told(rail, rail.bank.receive(PRICE, CODE))
    payer = PayerAccount("VietinBank", "0010000000001", "NGUYEN VAN A")
    assert rail.provider.payer(request.body) == payer


def test_payos_has_no_list_to_ask_for() -> None:
    with pytest.raises(ProviderUnavailable, match="no list"):
        alone("k").listed(MORNING)
