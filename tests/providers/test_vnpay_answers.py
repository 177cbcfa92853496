"""What VNPAY answers to questions of our own: believed when it is signed, final when it is a fact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from payments.provider import (
    Order,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Status,
)
from payments.providers import vnpay_wire as protocol
from payments.providers.vnpay import VnpayProvider
from payments.providers.wire import GMT7
from tests.doubles.faults import Fault
from tests.doubles.vnpay import VnpayDouble
from tests.providers.canned import saying
from tests.providers.rail import MORNING, PRICE, Clock, Rail
from tests.providers.test_vnpay import SECRET, TMN, provider
from tests.providers.vnpay_rail import account, opened


@pytest.fixture
def house() -> Iterator[tuple[Rail, VnpayDouble]]:
    with opened() as found:
        yield found


def order_at(clock: Clock) -> Order:
    return Order(
        "PKHN0001", 1, 20_000, "VND", "HK01", clock(), clock() + timedelta(minutes=15),
        "https://parking.test/r", "https://parking.test/n",
    )  # fmt: skip


ORDER = order_at(Clock())
REFUND = RefundOrder("K1", 1, 5_000, MORNING, "ops.hoa", "left early", ORDER, "14226112")


def answer(
    secret: str = SECRET, names: Any = protocol.QUERY_ANSWER, **changed: str
) -> dict[str, str]:
    values = {
        **dict.fromkeys(protocol.QUERY_ANSWER, ""),
        "vnp_ResponseId": "r1",
        "vnp_Command": "querydr",
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": TMN,
        "vnp_TxnRef": "PKHN0001",
        "vnp_Amount": "2000000",
        "vnp_PayDate": "20260115093512",
        "vnp_TransactionNo": "14226112",
        "vnp_TransactionType": "01",
        "vnp_TransactionStatus": "00",
        **changed,
    }
    return {**values, "vnp_SecureHash": protocol.piped_hash(secret, names, values)}


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        ("00", Status.PAID),
        ("01", Status.PENDING),
        ("02", Status.FAILED),
        ("04", Status.DISPUTED),
        ("07", Status.UNKNOWN),
        ("09", Status.UNKNOWN),
        ("??", Status.UNKNOWN),
    ],
)
def test_what_querydr_says_of_a_payment(standing: str, status: Status) -> None:
    told = provider(saying(answer(vnp_TransactionStatus=standing))).fetch(ORDER)
    assert (told.status, told.order_code) == (status, "PKHN0001")
    assert [fact.rail_ref for fact in told.movements] == ["14226112"] * (status is Status.PAID)


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        ("00", Status.PAID),
        ("05", Status.PENDING),
        ("06", Status.PAID),
        ("09", Status.FAILED),
        ("02", Status.UNKNOWN),
    ],
)
def test_what_querydr_says_of_a_refund(standing: str, status: Status) -> None:
    said = answer(vnp_TransactionStatus=standing, vnp_TransactionType="03", vnp_Amount="500000")
    told = provider(saying(said)).fetch(REFUND)
    assert (told.status, told.refund_key, told.order_code) == (status, "K1", "PKHN0001")
    # VNPAY repeats the time of the payment: the refund was not before it was asked for
    assert [fact.event_at for fact in told.movements] == [MORNING] * (status is Status.PAID)


def test_querydr_about_another_transaction_says_nothing() -> None:
    other = answer(vnp_TransactionType="03", vnp_Amount="700000")
    for about in (ORDER, REFUND):
        assert provider(saying(other)).fetch(about).status is Status.UNKNOWN
    assert provider(saying(answer())).fetch(REFUND).status is Status.UNKNOWN


def test_equal_answers_have_equal_keys_and_different_ones_do_not() -> None:
    first = provider(saying(answer(vnp_TransactionStatus="01"))).fetch(ORDER)
    again = provider(saying(answer(vnp_TransactionStatus="01", vnp_ResponseId="r2"))).fetch(ORDER)
    assert first.key == again.key
    assert first.key != provider(saying(answer())).fetch(ORDER).key


def test_the_question_names_the_day_and_second_of_the_order() -> None:
    http = saying(answer())
    evening = replace(
        ORDER, created_at=datetime(2026, 1, 14, 17, 30, 0, tzinfo=GMT7) + timedelta(hours=7)
    )
    provider(http).fetch(evening)
    ((url, body),) = http.asked
    assert url == "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction"
    assert b'"vnp_TransactionDate": "20260115003000"' in body


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"vnp_ResponseCode": "00"},
        {"vnp_ResponseCode": "97"},
        answer("another secret"),
        answer(vnp_TxnRef="PKHN0002"),
        answer(vnp_TmnCode="STRANGER"),
        answer(vnp_Command="refund"),
        answer(vnp_ResponseCode="99"),
        answer(vnp_Amount="2000050"),
        answer(vnp_TransactionNo="0"),
        answer(vnp_PayDate="yesterday"),
        {**answer(), "vnp_Amount": "100"},
        {**answer(), "vnp_SecureHash": None},
        {**answer(), "vnp_SecureHash": ["x"]},
        [],
    ],
)
def test_an_answer_that_cannot_be_believed_is_no_answer(said: object) -> None:
    with pytest.raises(ProviderUnavailable):
        provider(saying(said)).fetch(ORDER)


def test_not_found_is_never_the_end_of_a_payment() -> None:
    for said in ({"vnp_ResponseCode": "91"}, answer(vnp_ResponseCode="91")):
        told = provider(saying(said)).fetch(ORDER)
        assert (told.status, told.movements) == (Status.UNKNOWN, ())


def refund_answer(**changed: str) -> dict[str, str]:
    values = {
        "vnp_Command": "refund", "vnp_TransactionType": "03", "vnp_TransactionStatus": "05",
        "vnp_Amount": "500000", **changed,
    }  # fmt: skip
    return answer(names=protocol.REFUND_ANSWER, **values)


@pytest.mark.parametrize("code", ["03", "91", "95"])
def test_a_signed_no_to_a_refund_is_for_good(code: str) -> None:
    with pytest.raises(ProviderRefused, match=code):
        provider(saying(refund_answer(vnp_ResponseCode=code))).refund(REFUND)


@pytest.mark.parametrize("code", ["02", "97", "99"])
def test_any_other_answer_to_a_refund_settles_nothing(code: str) -> None:
    for said in (refund_answer(vnp_ResponseCode=code), {"vnp_ResponseCode": code}):
        with pytest.raises(ProviderUnavailable):
            provider(saying(said)).refund(REFUND)


def test_a_refund_asked_twice_is_asked_about() -> None:
    done = answer(vnp_TransactionType="03", vnp_Amount="500000", vnp_TransactionStatus="06")
    for twice in (refund_answer(vnp_ResponseCode="94"), {"vnp_ResponseCode": "94"}):
        http = saying(twice, done)
        assert provider(http).refund(REFUND).status is Status.PAID
        assert [b'"querydr"' in body for _, body in http.asked] == [False, True]


@pytest.mark.parametrize(("amount", "kind"), [(20_000, b'"02"'), (5_000, b'"03"')])
def test_whole_and_part_are_told_apart(amount: int, kind: bytes) -> None:
    http = saying(refund_answer(vnp_Amount=str(amount * 100)))
    told = provider(http).refund(replace(REFUND, amount=amount, asked_by="Nguyễn Thị Hoà"))
    ((_, body),) = http.asked
    assert told.status is Status.PENDING
    assert b'"vnp_TransactionType": ' + kind in body
    assert b'"vnp_CreateBy": "Nguyen Thi Hoa"' in body
    assert b'"vnp_TransactionNo": "14226112"' in body


def test_on_a_later_day_a_refund_is_only_sent_when_vnpay_has_seen_none() -> None:
    tomorrow = Clock(MORNING + timedelta(days=1))
    seen = answer(vnp_TransactionType="03", vnp_Amount="500000", vnp_TransactionStatus="05")
    for said, status in ((seen, Status.PENDING), ({"vnp_ResponseCode": "91"}, Status.UNKNOWN)):
        http = saying(said)
        assert provider(http, clock=tomorrow).refund(REFUND).status is status
        assert len(http.asked) == 1
    http = saying(answer(), refund_answer())
    assert provider(http, clock=tomorrow).refund(REFUND).status is Status.PENDING
    assert len(http.asked) == 2


def test_money_held_as_suspected_fraud_is_not_paid_until_it_is_released(
    house: tuple[Rail, VnpayDouble],
) -> None:
    rail, double = house
    order = rail.started()
    double.suspect(order.code)
    (held,) = rail.provider.parse_notice(rail.notices()[0])
    assert (held.status, held.movements) == (Status.UNKNOWN, ())
    assert rail.provider.fetch(order).status is Status.UNKNOWN
    double.pay(order.code)
    assert rail.provider.fetch(order).status is Status.PAID


def test_a_reversed_payment_is_disputed_and_a_refused_refund_failed(
    house: tuple[Rail, VnpayDouble],
) -> None:
    rail, double = house
    order = rail.paid()
    refund = rail.giving_back(order, 5_000)
    assert rail.provider.refund(refund).status is Status.PENDING
    double.refuse_refund(order.code)
    assert rail.provider.fetch(refund).status is Status.FAILED
    other = rail.paid(2)
    double.reverse(other.code)
    assert rail.provider.fetch(other).status is Status.DISPUTED


@pytest.mark.parametrize("fault", [Fault.UNSIGNED, Fault.BADLY_SIGNED])
def test_an_answer_without_its_signature_is_no_answer(
    house: tuple[Rail, VnpayDouble], fault: Fault
) -> None:
    rail, double = house
    order = rail.paid()
    double.faults.add(fault)
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(order)
    assert rail.provider.fetch(order).status is Status.PAID


def test_answers_signed_with_the_older_secret_count_while_secrets_change(
    house: tuple[Rail, VnpayDouble],
) -> None:
    rail, double = house
    both = VnpayProvider(account(double, SECRET, "older"), rail.http, rail.clock)
    order = rail.paid()
    assert both.fetch(order).status is Status.PAID
    assert both.fetch(order).movements[0].amount == PRICE


def test_vnpays_files_do_not_come_by_its_interface() -> None:
    assert provider().statement(MORNING.date(), MORNING.date()) == ()
