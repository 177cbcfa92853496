"""payOS signs as its own samples do, and its links live through every kind of payment."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from tests.doubles import payos_wire as wire
from tests.doubles.conftest import get, press
from tests.doubles.faults import Fault
from tests.doubles.inbox import Inbox
from tests.doubles.payos import PayosDouble

VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "payos.json").read_text(encoding="utf-8")
)["vectors"]
KEYS = {"x-client-id": "client", "x-api-key": "key"}


@pytest.fixture
def payos(inbox: Inbox, moment: datetime) -> Iterator[PayosDouble]:
    with PayosDouble("client", "key", "sum", notify_url=inbox.url) as double:
        double.now = moment
        yield double


def call(double: PayosDouble, path: str, body: Any = None, keys: dict[str, str] = KEYS) -> Any:
    method = "GET" if body is None else "POST"
    url = f"{double.base_url}{path}"
    return urllib3.request(method, url, headers=keys, json=body, retries=False).json()


def order(code: int = 1, **more: Any) -> dict[str, Any]:
    values = {
        "orderCode": code,
        "amount": 20_000,
        "description": "PKX7Q2M9RA",
        "returnUrl": "http://127.0.0.1:9/r?p=1",
        "cancelUrl": "http://127.0.0.1:9/c",
    } | more
    text = "&".join(f"{k}={values[k]}" for k in sorted(wire.CREATE))
    signed = hmac.new(b"sum", text.encode(), hashlib.sha256).hexdigest()
    return values | {"signature": signed}


def create(double: PayosDouble, code: int = 1, **more: Any) -> Any:
    return call(double, "/v2/payment-requests", order(code, **more))


def query(double: PayosDouble, reference: str = "1") -> Any:
    return call(double, f"/v2/payment-requests/{reference}")["data"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signatures_are_those_of_payos_own_samples(vector: dict[str, Any]) -> None:
    names = wire.CREATE if vector["type"] == "create-payment-link" else None
    assert wire.to_sign(vector["data"], names) == vector["string_to_sign"]
    signed = wire.signature(vector["checksum_key"], vector["data"], names)
    assert signed == vector["expected_signature"]


def test_nothing_signs_as_nothing() -> None:
    assert wire.to_sign({}) == ""
    assert wire.to_sign({"b": None, "a": [{"d": 1, "c": True}]}) == 'a=[{"c":true,"d":1}]&b='


def test_a_link_comes_with_a_vietqr_to_a_virtual_account(payos: PayosDouble) -> None:
    answer = create(payos)
    made = answer["data"]
    assert answer["signature"] == wire.signature("sum", made)
    assert (made["status"], made["orderCode"], made["currency"]) == ("PENDING", 1, "VND")
    payload, account = made["qrCode"], made["accountNumber"]
    assert f"000697043601{len(account):02d}{account}" in payload
    assert "540520000" in payload
    assert payload.endswith(f"{binascii.crc_hqx(payload[:-4].encode(), 0xFFFF):04X}")
    assert query(payos) == query(payos, made["paymentLinkId"])
    assert set(query(payos)) == set(VECTORS[2]["data"])


def test_paying_is_told_once_and_seen_by_a_query(payos: PayosDouble, inbox: Inbox) -> None:
    made = create(payos)["data"]
    entry = payos.pay("1")
    payos.outbox.deliver()
    (received,) = inbox.journal
    told = received.json
    assert told["success"]
    assert told["signature"] == wire.signature("sum", told["data"])
    assert set(told["data"]) == set(VECTORS[4]["data"])
    assert (told["data"]["reference"], told["data"]["amount"]) == (entry.reference, 20_000)
    assert told["data"]["paymentLinkId"] == made["paymentLinkId"]
    assert told["data"]["transactionDateTime"] == "2026-01-15 00:30:00"
    found = query(payos)
    assert (found["status"], found["amountPaid"], found["amountRemaining"]) == ("PAID", 20_000, 0)
    assert set(found["transactions"][0]) == set(VECTORS[2]["data"]["transactions"][0])
    assert found["transactions"][0]["transactionDateTime"] == "2026-01-15T00:30:00+07:00"


def test_several_transfers_may_pay_one_link(payos: PayosDouble, inbox: Inbox) -> None:
    create(payos)
    payos.pay("1", amount=15_000, damage="glued")
    assert (query(payos)["status"], query(payos)["amountRemaining"]) == ("UNDERPAID", 5_000)
    payos.pay("1")
    payos.pay("1")
    found = query(payos)
    assert (found["status"], found["amountPaid"]) == ("PAID", 40_000)
    payos.outbox.deliver()
    amounts = [received.json["data"]["amount"] for received in inbox.journal]
    assert amounts == [15_000, 5_000, 20_000]
    assert len({received.json["data"]["reference"] for received in inbox.journal}) == 3


def test_late_money_is_written_down_and_the_status_stays(
    payos: PayosDouble, moment: datetime
) -> None:
    create(payos, expiredAt=int((moment + timedelta(minutes=10)).timestamp()))
    payos.forward(minutes=10)
    assert query(payos)["status"] == "EXPIRED"
    payos.pay("1")
    assert (query(payos)["status"], query(payos)["amountPaid"]) == ("EXPIRED", 20_000)
    assert len(payos.outbox.notices) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": 0}, "20"),
        ({"amount": 1.5}, "20"),
        ({"orderCode": 9_007_199_254_740_992}, "20"),
        ({"description": "x" * 26}, "20"),
        ({"returnUrl": ""}, "20"),
        ({"signature": "0"}, "201"),
    ],
    ids=["zero", "fraction", "large", "long", "no return", "signature"],
)
def test_a_wrong_creation_has_its_code(
    payos: PayosDouble, wrong: dict[str, Any], code: str
) -> None:
    assert call(payos, "/v2/payment-requests", order(**wrong) | wrong)["code"] == code
    assert payos.links == {}


def test_orders_are_unique_known_and_private(payos: PayosDouble) -> None:
    create(payos)
    answers = [
        create(payos),
        call(payos, "/v2/payment-requests/2"),
        call(payos, "/v2/payment-requests/1", keys=KEYS | {"x-api-key": "other"}),
        call(payos, "/v2/payment-requests", [1]),
    ]
    assert [answer["code"] for answer in answers] == ["231", "101", "401", "20"]


def test_an_unlinked_account_has_room_for_nine_characters() -> None:
    with PayosDouble("client", "key", "sum", linked=False) as double:
        assert create(double, description="123456789")["code"] == "00"
        assert create(double, 2, description="1234567890")["code"] == "20"


def test_an_open_link_is_cancelled_with_a_reason_once(payos: PayosDouble) -> None:
    create(payos)
    path = "/v2/payment-requests/1/cancel"
    done = call(payos, path, {"cancellationReason": "left"})["data"]
    assert (done["status"], done["cancellationReason"]) == ("CANCELLED", "left")
    assert done["canceledAt"] == "2026-01-15T00:30:00+07:00"
    assert call(payos, path, {})["code"] == "20"


def test_a_webhook_address_is_called_before_it_is_taken(payos: PayosDouble) -> None:
    with Inbox([500]) as other:
        body = {"webhookUrl": other.url}
        assert call(payos, "/confirm-webhook", body)["code"] == "20"
        assert payos.notify_url != other.url
        assert call(payos, "/confirm-webhook", body)["data"]["webhookUrl"] == other.url
        (_, taken) = other.journal
        assert payos.notify_url == other.url
    assert taken.json["signature"] == wire.signature("sum", taken.json["data"])
    assert set(taken.json["data"]) == set(VECTORS[4]["data"])


def test_answers_can_be_badly_signed(payos: PayosDouble) -> None:
    payos.faults.add(Fault.BADLY_SIGNED)
    answer = create(payos)
    assert answer["signature"] != wire.signature("sum", answer["data"])


def test_the_page_pays_cancels_and_takes_the_payer_back(payos: PayosDouble) -> None:
    paid, left = (create(payos, code)["data"]["checkoutUrl"] for code in (1, 2))
    assert "PKX7Q2M9RA" in get(paid).data.decode()
    back = urlsplit(press(paid, "pay").headers["Location"])
    assert parse_qs(back.query) == {
        "p": ["1"],
        "code": ["00"],
        "id": [payos.link("1").own_id],
        "cancel": ["false"],
        "status": ["PAID"],
        "orderCode": ["1"],
    }
    assert "cancel=true&status=CANCELLED" in press(left, "cancel").headers["Location"]
    assert get(payos.page_address("3")).status == 404


def test_a_link_may_be_in_process_and_fail(payos: PayosDouble) -> None:
    create(payos)
    payos.process("1")
    assert query(payos)["status"] == "PROCESSING"
    payos.decline("1")
    assert query(payos)["status"] == "FAILED"
