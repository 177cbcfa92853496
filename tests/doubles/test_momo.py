"""The MoMo double keeps to the published vectors and to the protocol's rules, over real HTTP."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
import urllib3

from tests.doubles import momo_orders as wire
from tests.doubles.conftest import get, post_json, press
from tests.doubles.credentials import MOMO_ACCESS_KEY, MOMO_PARTNER_CODE, MOMO_SECRET_KEY
from tests.doubles.faults import Fault
from tests.doubles.inbox import Inbox
from tests.doubles.momo import MomoDouble
from tests.doubles.outbox import NoticeState

HOOK = "https://webhook.site/b3088a6a-2d17-4f8d-a383-71389a6c600b"
#: Published vectors: field order, values, signature with the public sandbox keys.
VECTORS = {
    "create": (
        wire.CREATE,
        {
            "amount": "50000",
            "extraData": "",
            "ipnUrl": HOOK,
            "orderId": "MM1540456472575",
            "orderInfo": "pay with MoMo",
            "partnerCode": "MOMO",
            "redirectUrl": HOOK,
            "requestId": "MM1540456472575",
            "requestType": "captureWallet",
        },
        "e4e7c6d8bfc40abc362e39afe1e2ca815034f350aed6225e78ef1745fff0e617",
    ),
    "query": (
        wire.QUERY,
        {"orderId": "PKHN0001", "partnerCode": "MOMO", "requestId": "5f1c8a4e-0003"},
        "298743eb4b1d1f0d9ccfadb21555efd2842ea3250c0134754ffedb294e3f54aa",
    ),
    "refund": (
        wire.REFUND,
        {
            "amount": 5000,
            "orderId": "PKHN0001-R1",
            "partnerCode": "MOMO",
            "requestId": "5f1c8a4e-0004",
            "transId": 2820086739,
        },
        "60c067a5567755aab1b900ee9013724da22573ffadbefdbe0275d928c7461f0d",
    ),
    "ipn": (
        wire.IPN,
        {
            "amount": 20000,
            "extraData": "",
            "message": "Successful.",
            "orderId": "PKHN0001",
            "orderInfo": "Ve gui xe PKHN0001",
            "orderType": "momo_wallet",
            "partnerCode": "MOMO",
            "payType": "qr",
            "requestId": "5f1c8a4e-0001",
            "responseTime": 1768444512000,
            "resultCode": 0,
            "transId": 4088878653,
        },
        "6eb5b3aab72021be8c908c02b97b544c18a33e3cf10eae547cc9918b82bc568c",
    ),
}
ORDER = "PKHN0001"


@pytest.fixture
def double(moment: datetime, inbox: Inbox) -> Iterator[MomoDouble]:
    inbox.otherwise = 204
    with MomoDouble(MOMO_PARTNER_CODE, MOMO_ACCESS_KEY, MOMO_SECRET_KEY) as double:
        double.now = moment
        yield double


_ids = itertools.count(1)


def signature(names: tuple[str, ...], values: dict[str, Any]) -> str:
    return wire.sign(MOMO_SECRET_KEY, names, {**values, "accessKey": MOMO_ACCESS_KEY})


def call(
    double: MomoDouble, path: str, names: tuple[str, ...], values: dict[str, Any]
) -> urllib3.BaseHTTPResponse:
    whole = {"partnerCode": MOMO_PARTNER_CODE, "requestId": f"q{next(_ids)}", **values}
    whole.setdefault("signature", signature(names, whole))
    return post_json(f"{double.base_url}/v2/gateway/api/{path}", whole)


def create(double: MomoDouble, inbox: Inbox, **changes: Any) -> urllib3.BaseHTTPResponse:
    values = {
        "amount": 20000,
        "extraData": "",
        "ipnUrl": inbox.url,
        "orderId": ORDER,
        "orderInfo": "Gửi xe Phố Huế",
        "redirectUrl": "https://parking.example.vn/r",
        "requestType": "captureWallet",
        "lang": "vi",
        **changes,
    }
    return call(double, "create", wire.CREATE, values)


@pytest.fixture
def order(double: MomoDouble, inbox: Inbox) -> str:
    assert create(double, inbox).json()["resultCode"] == 0
    return ORDER


def query(double: MomoDouble, order_id: str = ORDER, path: str = "query") -> dict[str, Any]:
    answer: dict[str, Any] = call(double, path, wire.QUERY, {"orderId": order_id}).json()
    return answer


def refund(double: MomoDouble, amount: int, order_id: str, **changes: Any) -> dict[str, Any]:
    trans_id = double.orders[ORDER].trans_id
    values = {"amount": amount, "orderId": order_id, "transId": trans_id, **changes}
    answer: dict[str, Any] = call(double, "refund", wire.REFUND, values).json()
    return answer


@pytest.mark.parametrize(("names", "values", "signed"), VECTORS.values(), ids=VECTORS)
def test_signatures_are_as_published(
    names: tuple[str, ...], values: dict[str, Any], signed: str
) -> None:
    assert signature(names, values) == signed


def test_an_order_gets_a_signed_way_to_pay(double: MomoDouble, inbox: Inbox) -> None:
    answer = create(double, inbox).json()
    assert answer["signature"] == signature(wire.CREATE_ANSWER, answer)
    assert get(answer["payUrl"]).status == 200
    assert "vn.momo" in answer["qrCodeUrl"]
    assert query(double)["resultCode"] == 1000


def test_the_ipn_and_the_browser_say_the_same(double: MomoDouble, inbox: Inbox, order: str) -> None:
    back = press(double.page_address(order), "pay").headers["Location"]
    double.outbox.deliver()
    told = json.loads(inbox.words[0])
    assert told["signature"] == signature(wire.IPN, told)
    assert (told["resultCode"], told["amount"], told["orderInfo"]) == (0, 20000, "Gửi xe Phố Huế")
    assert "accessKey" not in told
    assert dict(parse_qsl(back.partition("?")[2], keep_blank_values=True)) == {
        name: str(value) for name, value in told.items()
    }


@pytest.mark.parametrize(
    ("act", "code"), [("decline", 1001), ("cancel", 1006), ("expire", 1005), ("authorise", 9000)]
)
def test_every_end_is_told_and_can_be_asked_for(
    double: MomoDouble, inbox: Inbox, order: str, act: str, code: int
) -> None:
    getattr(double, act)(order)
    double.outbox.deliver()
    assert json.loads(inbox.words[0])["resultCode"] == code
    assert query(double)["resultCode"] == code


def test_an_order_left_alone_expires_and_may_still_be_paid(double: MomoDouble, order: str) -> None:
    double.process(order)
    assert query(double)["resultCode"] == 7002
    double.process(order, code=1000)
    double.forward(minutes=15)
    assert query(double)["resultCode"] == 1005
    double.pay(order)
    assert query(double)["resultCode"] == 0


def test_only_an_empty_204_acknowledges(double: MomoDouble, inbox: Inbox, order: str) -> None:
    inbox.answers = [200]
    unheard = double.pay(order)
    double.outbox.deliver()
    heard = double.outbox.duplicate(unheard)
    double.outbox.deliver()
    assert unheard.state is NoticeState.GIVEN_UP
    assert heard.state is NoticeState.ACKNOWLEDGED


def test_a_repeat_of_a_request_acts_once(double: MomoDouble, inbox: Inbox) -> None:
    first = create(double, inbox, requestId="r1").json()
    again = create(double, inbox, requestId="r1")
    assert (again.status, again.json()["resultCode"]) == (400, 40)
    assert create(double, inbox, requestId="r2").json()["resultCode"] == 41
    double.pay(ORDER)
    assert create(double, inbox, requestId="r1").json() == first
    double.in_flight.add("r3")
    busy = create(double, inbox, requestId="r3", orderId="PKHN0003")
    assert (busy.status, busy.json()["resultCode"]) == (422, 7000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signature": "0" * 64}, 13),
        ({"partnerCode": "OTHER"}, 13),
        ({"orderInfo": ""}, 20),
        ({"requestType": "other"}, 20),
        ({"extraData": "A" * 1001}, 20),
        ({"amount": "20.5"}, 21),
        ({"amount": 999}, 22),
        ({"amount": 50_000_001}, 22),
        ({"orderId": "PK 1"}, 42),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(
    double: MomoDouble, inbox: Inbox, changes: dict[str, Any], code: int
) -> None:
    answer = create(double, inbox, **changes)
    assert (answer.status, answer.json()["resultCode"]) == (400, code)
    assert double.orders == {}


def test_what_is_no_json_object_is_refused(double: MomoDouble) -> None:
    for body in (b"{", b"[]", b'"x"'):
        url = f"{double.base_url}/v2/gateway/api/query"
        assert urllib3.request("POST", url, body=body).json()["resultCode"] == 20


def test_an_unknown_order_is_42(double: MomoDouble) -> None:
    assert query(double)["resultCode"] == 42
    assert query(double, path="refund/query")["resultCode"] == 42


def test_refunds_take_new_orders_and_give_no_more_than_was_paid(
    double: MomoDouble, order: str
) -> None:
    assert refund(double, 5000, "R0")["resultCode"] == 42
    double.pay(order)
    assert refund(double, 5000, ORDER)["resultCode"] == 41
    assert refund(double, 999, "R0")["resultCode"] == 22
    assert refund(double, 20_001, "R0")["resultCode"] == 22
    first = refund(double, 5000, "R1", requestId="x1")
    assert first["resultCode"] == 0
    assert first["transId"] != double.orders[ORDER].trans_id
    assert refund(double, 5000, "R1", requestId="x1") == first
    assert refund(double, 15_000, "R2")["resultCode"] == 0
    assert refund(double, 1000, "R3")["resultCode"] == 1081
    assert [r["orderId"] for r in query(double)["refundTrans"]] == ["R1", "R2"]


def test_a_refund_may_stay_open_or_fail(double: MomoDouble, order: str) -> None:
    double.pay(order)
    double.refund_codes = [7002, 1080]
    assert refund(double, 20_000, "R1", requestId="x1")["resultCode"] == 7002
    assert refund(double, 20_000, "R1", requestId="x1")["resultCode"] == 40
    double.finish_refund("R1", 1080)
    assert query(double, "R1", "refund/query")["resultCode"] == 1080
    assert refund(double, 20_000, "R2")["resultCode"] == 1080
    assert refund(double, 20_000, "R3")["resultCode"] == 0
    assert query(double, "R3", "refund/query")["amount"] == 20_000


def test_what_was_not_paid_is_not_refundable(double: MomoDouble, order: str) -> None:
    double.decline(order)
    assert refund(double, 5000, "R1")["resultCode"] == 1088


def test_an_answer_lost_after_acting_leaves_an_order(double: MomoDouble, inbox: Inbox) -> None:
    double.faults.add(Fault.CLOSED_AFTER, "/create")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        create(double, inbox)
    assert query(double)["resultCode"] == 1000
