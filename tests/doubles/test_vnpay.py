"""The VNPAY double keeps to the protocol's rules, over real HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tests.doubles import vnpay_wire as wire
from tests.doubles.conftest import get, post_json, press
from tests.doubles.credentials import VNPAY_SECRET, VNPAY_TMN_CODE
from tests.doubles.faults import Fault
from tests.doubles.inbox import Inbox
from tests.doubles.outbox import NoticeState
from tests.doubles.test_vnpay_wire import PAY
from tests.doubles.vnpay import VnpayDouble

FULL, PARTIAL = "02", "03"


@pytest.fixture
def double(moment: datetime, inbox: Inbox) -> Iterator[VnpayDouble]:
    inbox.otherwise = {"RspCode": "00", "Message": "Confirm Success"}
    with VnpayDouble(VNPAY_TMN_CODE, VNPAY_SECRET, notify_url=inbox.url) as double:
        double.now = moment
        yield double


def order(double: VnpayDouble, **changes: str) -> dict[str, str]:
    return {
        **PAY[0],
        "vnp_CreateDate": wire.write_time(double.now),
        "vnp_ExpireDate": wire.write_time(double.now + timedelta(minutes=15)),
        **changes,
    }


def opened(double: VnpayDouble, values: dict[str, str], secret: str = VNPAY_SECRET) -> Any:
    return get(f"{double.pay_url}?{wire.signed_query(secret, values)}")


@pytest.fixture
def reference(double: VnpayDouble) -> str:
    """An order of 20,000 đồng that a browser has opened."""
    assert opened(double, order(double)).status == 302
    return "PKHN0001"


_ids = itertools.count(1)


def call(double: VnpayDouble, command: str, **changes: str) -> dict[str, str]:
    names = wire.QUERY_FIELDS if command == "querydr" else wire.REFUND_FIELDS
    values = {
        "vnp_RequestId": f"REQ{next(_ids)}",
        "vnp_Version": "2.1.0",
        "vnp_Command": command,
        "vnp_TmnCode": VNPAY_TMN_CODE,
        "vnp_TxnRef": "PKHN0001",
        "vnp_TransactionDate": "20260115003000",
        "vnp_CreateDate": wire.write_time(double.now),
        "vnp_IpAddr": "10.0.0.8",
        "vnp_OrderInfo": "Truy van",
    }
    if command == "refund":
        values |= {"vnp_TransactionNo": "", "vnp_CreateBy": "hoa"}
        values |= {"vnp_TransactionType": FULL, "vnp_Amount": "2000000"}
    values |= changes
    values.setdefault("vnp_SecureHash", wire.sign(VNPAY_SECRET, wire.piped(names, values)))
    answer: dict[str, str] = post_json(double.api_url, values).json()
    return answer


def refund(double: VnpayDouble, kind: str, amount: int, **changes: str) -> str:
    changes |= {"vnp_TransactionType": kind, "vnp_Amount": str(amount)}
    return call(double, "refund", **changes)["vnp_ResponseCode"]


def status(double: VnpayDouble) -> str:
    return call(double, "querydr")["vnp_TransactionStatus"]


def test_a_browser_is_led_to_the_page_and_back_again(double: VnpayDouble, inbox: Inbox) -> None:
    page = opened(double, order(double)).headers["Location"]
    shown = get(page).data.decode()
    assert "MÔ PHỎNG" in shown
    assert "20.000" in shown
    back = press(page, "pay")
    assert back.status == 303
    address, _, query = back.headers["Location"].partition("?")
    assert address == PAY[0]["vnp_ReturnUrl"]
    double.outbox.deliver()
    (told,) = inbox.journal
    assert (told.method, told.query) == ("GET", query)
    assert press(page, "pay").status == 400
    assert "Đơn hàng này đã kết thúc" in get(page).data.decode()


def test_a_paid_order_is_told_as_paid(double: VnpayDouble, inbox: Inbox, reference: str) -> None:
    notice = double.pay(reference)
    double.outbox.deliver()
    told = dict(parse_qsl(inbox.journal[0].query))
    assert wire.query_is_genuine(VNPAY_SECRET, told)
    assert told["vnp_ResponseCode"] == told["vnp_TransactionStatus"] == "00"
    assert (told["vnp_Amount"], told["vnp_PayDate"]) == ("2000000", "20260115003000")
    assert told["vnp_BankTranNo"] == "VNP" + told["vnp_TransactionNo"]
    assert notice.state is NoticeState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("act", "code", "state"),
    [
        ("cancel", "24", "02"),
        ("expire", "11", "02"),
        ("decline", "51", "02"),
        ("suspect", "07", "07"),
    ],
)
def test_every_other_end_is_told_as_well(
    double: VnpayDouble, inbox: Inbox, reference: str, act: str, code: str, state: str
) -> None:
    getattr(double, act)(reference)
    double.outbox.deliver()
    told = parse_qs(inbox.journal[0].query)
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ([code], [state])
    assert (told["vnp_TransactionNo"] == ["0"]) == (act in ("cancel", "expire"))
    assert ("vnp_BankTranNo" in told) == (act == "suspect")


def test_the_ipn_is_sent_eleven_times_at_most_and_stops_when_heard(
    double: VnpayDouble, inbox: Inbox, reference: str
) -> None:
    inbox.answers = [{"RspCode": code} for code in ("01", "04", "97", "99", "02")]
    double.pay(reference)
    lost = double.decline(reference)
    double.outbox.drop(lost)
    for _ in range(12):
        double.outbox.deliver()
        double.forward(minutes=5)
    assert len(inbox.journal) == 5
    inbox.otherwise = 500
    notice = double.pay(reference)
    for _ in range(12):
        double.outbox.deliver()
        double.forward(minutes=5)
    assert (len(notice.attempts), notice.state) == (11, NoticeState.GIVEN_UP)


def test_a_late_payment_is_told_after_the_order_ended(
    double: VnpayDouble, inbox: Inbox, reference: str
) -> None:
    page = double.page_address(reference)
    assert "Tiền sẽ đến lúc 00:46:00" in press(page, "pay_late").data.decode()
    assert double.outbox.waiting() == []
    assert status(double) == "01"
    double.forward(hours=1)
    double.outbox.deliver()
    assert parse_qs(inbox.journal[0].query)["vnp_PayDate"] == ["20260115004600"]
    assert status(double) == "00"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vnp_TmnCode": "OTHER001"}, "02"),
        ({"vnp_Amount": "20000.5"}, "03 vnp_Amount"),
        ({"vnp_Amount": "000"}, "03 vnp_Amount"),
        ({"vnp_Amount": "2000050"}, "03 vnp_Amount"),
        ({"vnp_Amount": "1000000000000"}, "03 vnp_Amount"),
        ({"vnp_OrderInfo": "Gửi xe"}, "03 vnp_OrderInfo"),
        ({"vnp_ExpireDate": ""}, "03 vnp_ExpireDate"),
        ({"vnp_CreateDate": "20260115253000"}, "03 vnp_CreateDate"),
        ({"vnp_ReturnUrl": "https://a.vn/r(1)"}, "03 vnp_ReturnUrl"),
        ({"vnp_Other": "1"}, "03 vnp_Other"),
        ({"vnp_ExpireDate": "20260115003000"}, "11"),
    ],
)
def test_a_pay_url_that_breaks_a_rule_is_refused(
    double: VnpayDouble, changes: dict[str, str], code: str
) -> None:
    answer = opened(double, order(double, **changes))
    assert answer.status == 400
    first, _, name = code.partition(" ")
    assert f"<strong>{first} " in answer.data.decode()
    assert name in answer.data.decode()
    assert double.orders == {}


def test_a_pay_url_signed_with_another_secret_is_refused(double: VnpayDouble) -> None:
    assert "97 Invalid signature" in opened(double, order(double), "other").data.decode()


def test_an_order_number_is_used_once_but_may_be_opened_again(
    double: VnpayDouble, reference: str
) -> None:
    assert opened(double, order(double)).status == 302
    other = opened(double, order(double, vnp_Amount="3000000"))
    assert "94 Duplicate request" in other.data.decode()


def test_querydr_knows_an_order_once_a_browser_opened_it(double: VnpayDouble) -> None:
    assert call(double, "querydr")["vnp_ResponseCode"] == "91"
    opened(double, order(double))
    answer = call(double, "querydr")
    assert (answer["vnp_ResponseCode"], answer["vnp_TransactionStatus"]) == ("00", "01")
    assert call(double, "querydr", vnp_TransactionDate="20260115003001")["vnp_ResponseCode"] == "91"


def test_querydr_answers_are_signed(double: VnpayDouble, reference: str) -> None:
    double.pay(reference)
    answer = call(double, "querydr")
    text = wire.piped(wire.QUERY_ANSWER_FIELDS, answer)
    assert answer["vnp_SecureHash"] == wire.sign(VNPAY_SECRET, text)
    assert (answer["vnp_Amount"], answer["vnp_TransactionType"]) == ("2000000", "01")
    double.faults.add(Fault.BADLY_SIGNED)
    spoilt = call(double, "querydr")
    text = wire.piped(wire.QUERY_ANSWER_FIELDS, spoilt)
    assert spoilt["vnp_SecureHash"] != wire.sign(VNPAY_SECRET, text)


def test_calls_that_are_not_whole_ours_genuine_and_new_are_refused(
    double: VnpayDouble, reference: str
) -> None:
    codes = [
        call(double, "querydr", **changes)["vnp_ResponseCode"]
        for changes in (
            {"vnp_TmnCode": "OTHER001"},
            {"vnp_SecureHash": "0" * 128},
            {"vnp_Version": "2.0.0"},
            {"vnp_RequestId": "SAME"},
            {"vnp_RequestId": "SAME"},
        )
    ]
    assert codes == ["02", "97", "03", "00", "94"]
    double.forward(days=1)
    assert call(double, "querydr", vnp_RequestId="SAME")["vnp_ResponseCode"] == "00"


def test_refunds_are_whole_or_in_parts_and_never_more_than_was_paid(
    double: VnpayDouble, reference: str
) -> None:
    assert refund(double, FULL, 2_000_000) == "95"
    double.pay(reference)
    assert refund(double, FULL, 1_000_000) == "99"
    assert refund(double, "01", 1_000_000) == "03"
    assert refund(double, PARTIAL, 500_000, vnp_TransactionNo="1") == "91"
    assert refund(double, PARTIAL, 500_000) == "00"
    assert refund(double, PARTIAL, 1_500_001) == "99"
    assert refund(double, PARTIAL, 1_500_000) == "00"
    assert refund(double, PARTIAL, 1) == "94"


def test_a_refund_is_sent_to_the_bank_which_may_refuse_it(
    double: VnpayDouble, reference: str
) -> None:
    double.pay(reference)
    number = double.orders[reference].transaction_no
    answer = call(double, "refund", vnp_TransactionNo=number)
    text = wire.piped(wire.REFUND_ANSWER_FIELDS, answer)
    assert answer["vnp_SecureHash"] == wire.sign(VNPAY_SECRET, text)
    assert answer["vnp_TransactionNo"] not in ("", number)
    seen = [answer["vnp_TransactionStatus"]]
    double.forward(minutes=1)
    seen.append(status(double))
    double.refuse_refund(reference)
    seen.append(status(double))
    assert seen == ["05", "06", "09"]
    assert refund(double, FULL, 2_000_000) == "00"


def test_a_reversed_payment_is_seen_by_asking(double: VnpayDouble, reference: str) -> None:
    double.pay(reference)
    double.reverse(reference)
    assert status(double) == "04"
    assert refund(double, FULL, 2_000_000) == "95"


def test_the_notify_address_may_have_a_query_of_its_own(double: VnpayDouble) -> None:
    double.notify_url = "http://127.0.0.1:9/n?x=1"
    opened(double, order(double))
    message = double.pay("PKHN0001").make(double.now)
    assert urlsplit(message.url).query.startswith("x=1&vnp_Amount=")
