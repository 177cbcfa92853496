"""The ZaloPay double keeps to the published vectors and to the protocol's rules, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
import urllib3

from tests.doubles import zalopay_orders as wire
from tests.doubles.base import milliseconds
from tests.doubles.conftest import get, post_form, post_json, press
from tests.doubles.credentials import ZALOPAY_APP_ID, ZALOPAY_KEY1, ZALOPAY_KEY2
from tests.doubles.inbox import Inbox
from tests.doubles.outbox import NoticeState
from tests.doubles.zalopay import ZalopayDouble

#: Published vectors: key, text, mac.
VECTORS = {
    "create": (
        ZALOPAY_KEY1,
        '15847|260115_PKHN0001|lane-03|20000|1768444200000|{"redirecturl":'
        '"https://parking.example.vn/r","preferred_payment_method":["vietqr"]}|[]',
        "ed7c6c1b5757b1b734ba0aeca84b21e1badb50da4c8095df3c42efa68563ce83",
    ),
    "query": (
        ZALOPAY_KEY1,
        f"15847|260115_PKHN0001|{ZALOPAY_KEY1}",
        "411c9094e2d3a0865f32c7d0d16c339c29175bd023e6ba87c8316af2e38218b8",
    ),
    "refund": (
        ZALOPAY_KEY1,
        "15847|260115000001234|5000|Hoan tien PKHN0001|1768530600000",
        "c1389fe672593b3d73a2943102a3362bdcff9131dfb7069588edc6b8ba37f149",
    ),
    "query_refund": (
        ZALOPAY_KEY1,
        "15847|260116_15847_R0001|1768530660000",
        "48120384309da18295e76c897f9ff2a0101981cb3d8eb565466d7e01a72c8afe",
    ),
    "callback": (
        ZALOPAY_KEY2,
        '{"app_id":15847,"app_trans_id":"260115_PKHN0001","app_time":1768444200000,'
        '"app_user":"lane-03","amount":20000,"embed_data":"{}","item":"[]",'
        '"zp_trans_id":260115000001234,"server_time":1768444212345,"channel":38,'
        '"merchant_user_id":"","user_fee_amount":0,"discount_amount":0}',
        "638d75be2ef903afdeb8d25518c4e6ff56daf462a47e1e9198c608d2509d2490",
    ),
}
ORDER = "260115_PKHN0001"
EMBED = json.dumps({"redirecturl": "https://parking.example.vn/r"})


@pytest.fixture
def double(moment: datetime, inbox: Inbox) -> Iterator[ZalopayDouble]:
    inbox.otherwise = {"return_code": 1, "return_message": "ok"}
    with ZalopayDouble(ZALOPAY_APP_ID, ZALOPAY_KEY1, ZALOPAY_KEY2) as double:
        double.now = moment
        yield double


def call(
    double: ZalopayDouble, path: str, names: tuple[str, ...], values: dict[str, Any]
) -> dict[str, Any]:
    whole = {"app_id": ZALOPAY_APP_ID, **values}
    texts = {name: str(value) for name, value in whole.items()}
    tail = f"|{ZALOPAY_KEY1}" if path == "query" else ""
    whole.setdefault("mac", wire.mac(ZALOPAY_KEY1, wire.barred(names, texts) + tail))
    answer: dict[str, Any] = post_json(f"{double.base_url}/v2/{path}", whole).json()
    return answer


def create(double: ZalopayDouble, inbox: Inbox, **changes: Any) -> dict[str, Any]:
    values = {
        "app_trans_id": ORDER,
        "app_user": "lane-03",
        "amount": 20000,
        "app_time": milliseconds(double.now),
        "embed_data": EMBED,
        "item": "[]",
        "description": "Gửi xe Phố Huế",
        "bank_code": "",
        "callback_url": inbox.url,
        **changes,
    }
    return call(double, "create", wire.CREATE, values)


@pytest.fixture
def order(double: ZalopayDouble, inbox: Inbox) -> str:
    assert create(double, inbox)["return_code"] == 1
    return ORDER


def query(double: ZalopayDouble) -> dict[str, Any]:
    return call(double, "query", wire.QUERY, {"app_trans_id": ORDER})


def codes(answer: dict[str, Any]) -> tuple[int, int]:
    return answer["return_code"], answer["sub_return_code"]


def refund(double: ZalopayDouble, amount: int, name: str, **changes: Any) -> dict[str, Any]:
    values = {
        "m_refund_id": f"260115_15847_{name}",
        "zp_trans_id": double.orders[ORDER].zp_trans_id,
        "amount": amount,
        "timestamp": milliseconds(double.now),
        "description": "Hoàn tiền",
        **changes,
    }
    return call(double, "refund", wire.REFUND, values)


def query_refund(double: ZalopayDouble, name: str) -> tuple[int, int]:
    values = {"m_refund_id": f"260115_15847_{name}", "timestamp": milliseconds(double.now)}
    return codes(call(double, "query_refund", wire.QUERY_REFUND, values))


@pytest.mark.parametrize(("key", "text", "mac"), VECTORS.values(), ids=VECTORS)
def test_macs_are_as_published(key: str, text: str, mac: str) -> None:
    assert wire.mac(key, text) == mac


def test_an_order_gets_a_way_to_pay(double: ZalopayDouble, inbox: Inbox) -> None:
    answer = create(double, inbox)
    assert codes(answer) == (1, 1)
    assert get(answer["order_url"]).status == 200
    assert codes(query(double)) == (3, 0)


def test_an_order_that_prefers_vietqr_gets_one(double: ZalopayDouble, inbox: Inbox) -> None:
    embed = json.dumps({"preferred_payment_method": ["vietqr"]})
    payload = create(double, inbox, embed_data=embed)["qr_code"]
    assert "vn.zalopay" in payload
    assert "A000000727" in payload


def test_orders_may_come_as_forms(double: ZalopayDouble) -> None:
    text = f"{ZALOPAY_APP_ID}|{ORDER}|{ZALOPAY_KEY1}"
    fields = {
        "app_id": str(ZALOPAY_APP_ID),
        "app_trans_id": ORDER,
        "mac": wire.mac(ZALOPAY_KEY1, text),
    }
    answer = post_form(f"{double.base_url}/v2/query", fields)
    assert codes(answer.json()) == (2, -101)


def test_what_is_no_json_object_is_refused(double: ZalopayDouble) -> None:
    for body in (b"{", b"[1]", b""):
        url, headers = f"{double.base_url}/v2/query", {"Content-Type": "application/json"}
        answer = urllib3.request("POST", url, body=body, headers=headers)
        assert codes(answer.json()) == (2, -401)


def test_success_is_called_back_over_the_exact_text(
    double: ZalopayDouble, inbox: Inbox, order: str
) -> None:
    back = press(double.page_address(order), "pay").headers["Location"]
    double.outbox.deliver()
    told = json.loads(inbox.words[0])
    assert told["mac"] == wire.mac(ZALOPAY_KEY2, told["data"])
    assert told["type"] == 1
    data = json.loads(told["data"])
    assert (data["app_trans_id"], data["amount"]) == (ORDER, 20000)
    assert data["zp_trans_id"] == query(double)["zp_trans_id"]
    shown = dict(parse_qsl(back.partition("?")[2], keep_blank_values=True))
    assert (shown["apptransid"], shown["status"]) == (ORDER, "1")
    names = ("appid", "apptransid", "pmcid", "bankcode", "amount", "discountamount", "status")
    assert shown["checksum"] == wire.mac(ZALOPAY_KEY2, wire.barred(names, shown))


@pytest.mark.parametrize(("act", "code"), [("decline", -63), ("cancel", -217), ("expire", -54)])
def test_failures_are_told_to_nobody_and_found_by_asking(
    double: ZalopayDouble, order: str, act: str, code: int
) -> None:
    getattr(double, act)(order)
    assert double.outbox.notices == []
    assert codes(query(double)) == (2, code)


def test_an_order_left_alone_expires_and_may_still_be_paid(
    double: ZalopayDouble, order: str
) -> None:
    double.process(order)
    assert query(double)["is_processing"] is True
    double.forward(minutes=15)
    assert codes(query(double)) == (2, -54)
    double.pay(order, discount=5000)
    answer = query(double)
    assert (codes(answer), answer["discount_amount"]) == ((1, 1), 5000)


def test_query_works_for_two_days(double: ZalopayDouble, order: str) -> None:
    double.pay(order)
    double.forward(hours=48)
    assert codes(query(double)) == (1, 1)
    double.forward(seconds=1)
    assert codes(query(double)) == (2, -101)


@pytest.mark.parametrize(("answers", "sent"), [([0, 0, 0, 0, 0], 4), ([0, 2], 2), ([1], 1)])
def test_a_callback_is_repeated_three_times_at_most(
    double: ZalopayDouble, inbox: Inbox, order: str, answers: list[int], sent: int
) -> None:
    inbox.answers = [{"return_code": code} for code in answers]
    notice = double.pay(order)
    for _ in range(6):
        double.outbox.deliver()
        double.forward(minutes=1)
    assert len(notice.attempts) == len(inbox.journal) == sent
    assert (notice.state is NoticeState.GIVEN_UP) == (sent == 4)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mac": "0" * 64}, -402),
        ({"app_id": 2553}, -402),
        ({"app_trans_id": "260114_PKHN0001"}, -401),
        ({"app_trans_id": "260115_" + "x" * 34}, -401),
        ({"app_user": ""}, -401),
        ({"amount": 0}, -401),
        ({"app_time": 1768411800000 - 901_000}, -401),
        ({"app_time": "now"}, -401),
        ({"item": "{}"}, -401),
        ({"embed_data": "[]"}, -401),
        ({"embed_data": "{"}, -401),
        ({"description": "x" * 257}, -401),
        ({"expire_duration_seconds": 299}, -401),
        ({"expire_duration_seconds": 2_592_001}, -401),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(
    double: ZalopayDouble, inbox: Inbox, changes: dict[str, Any], code: int
) -> None:
    assert codes(create(double, inbox, **changes)) == (2, code)
    assert double.orders == {}


def test_an_order_number_is_used_once(double: ZalopayDouble, inbox: Inbox, order: str) -> None:
    assert codes(create(double, inbox)) == (2, -68)


def test_a_refund_is_accepted_first_and_done_later(double: ZalopayDouble, order: str) -> None:
    double.pay(order)
    assert refund(double, 5000, "R1")["return_code"] == 3
    assert query_refund(double, "R1") == (3, 0)
    double.forward(minutes=1)
    assert query_refund(double, "R1") == (1, 1)
    assert query_refund(double, "R9") == (2, -101)


def test_refunds_give_no_more_than_was_paid(double: ZalopayDouble, order: str) -> None:
    assert codes(refund(double, 5000, "R1")) == (2, -101)
    double.pay(order)
    assert codes(refund(double, 20_001, "R1")) == (2, -14)
    assert codes(refund(double, 15_000, "R1")) == (3, 0)
    assert codes(refund(double, 15_000, "R1")) == (2, -23)
    assert codes(refund(double, 5001, "R2")) == (2, -14)
    double.finish_refund("260115_15847_R1", -217)
    assert query_refund(double, "R1") == (2, -217)
    assert codes(refund(double, 20_000, "R2")) == (3, 0)


def test_a_refund_may_be_refused(double: ZalopayDouble, order: str) -> None:
    double.pay(order)
    double.refund_refusals = [-13]
    assert codes(refund(double, 5000, "R1")) == (2, -13)
    assert codes(refund(double, 5000, "R1", m_refund_id="260114_15847_R1")) == (2, -401)
    assert codes(refund(double, 5000, "R1", mac="0" * 64)) == (2, -402)
    assert codes(refund(double, 5000, "R1")) == (3, 0)
