"""What ZaloPay answers to questions of our own and to refunds: what is final, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from payments.provider import (
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers import zalopay as client
from payments.providers.wire import GMT7
from tests.doubles.zalopay import ZalopayDouble
from tests.providers.canned import saying
from tests.providers.rail import MORNING, PRICE, Clock, Rail
from tests.providers.test_zalopay import ORDER, REFUND, callback, provider, read
from tests.providers.zalopay_rail import opened


@pytest.fixture
def house() -> Iterator[tuple[Rail, ZalopayDouble]]:
    with opened() as found:
        yield found


PAID = {
    "return_code": 1, "sub_return_code": 1, "amount": 20_000, "zp_trans_id": 260115000001234,
    "server_time": 1768444212345,
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "sub", "status"),
    [
        (3, 0, Status.PENDING),
        (2, -54, Status.EXPIRED),
        (2, -63, Status.FAILED),
        (2, -217, Status.FAILED),
        (2, -101, Status.UNKNOWN),
    ],
)
def test_what_a_query_says_of_an_order_without_money(code: int, sub: int, status: Status) -> None:
    said = {"return_code": code, "sub_return_code": sub, "amount": 20_000, "zp_trans_id": 0}
    first = provider(saying(said)).fetch(ORDER)
    later = provider(saying({**said, "server_time": 1}), clock=Clock(MORNING + timedelta(days=1)))
    assert (first.status, first.movements) == (status, ())
    assert later.fetch(ORDER).key == first.key
    assert provider(saying(PAID)).fetch(ORDER).key != first.key


@pytest.mark.parametrize(
    "said",
    [
        *({"return_code": 2, "sub_return_code": sub} for sub in (-401, -402, -429, -500, -999, -7)),
        {"return_code": 0, "sub_return_code": 1},
        {**PAID, "amount": 0},
        {**PAID, "zp_trans_id": 0},
        {**PAID, "server_time": "now"},
        {"return_code": True},
    ],
)
def test_an_unclear_answer_to_a_query_settles_nothing(said: dict[str, object]) -> None:
    with pytest.raises(ProviderUnavailable):
        provider(saying(said)).fetch(ORDER)


def test_a_paid_answer_without_a_time_is_taken_at_the_time_of_asking() -> None:
    untimed = {name: value for name, value in PAID.items() if name != "server_time"}
    assert provider(saying(untimed)).fetch(ORDER).movements[0].event_at == MORNING
    assert provider(saying(PAID)).fetch(ORDER).movements == read(callback()).movements


def test_an_order_zalopay_forgot_is_not_thereby_unpaid(house: tuple[Rail, ZalopayDouble]) -> None:
    rail, _ = house
    order = rail.started()
    assert rail.provider.fetch(order).status is Status.PENDING
    rail.clock.forward(hours=49)
    assert rail.provider.fetch(order).status is Status.UNKNOWN


@pytest.mark.parametrize("sub", [-13, -14, -32, -101])
def test_a_refund_zalopay_will_not_make_is_refused(
    house: tuple[Rail, ZalopayDouble], sub: int
) -> None:
    rail, double = house
    refund = rail.giving_back(rail.paid(), 5_000)
    double.refund_refusals.append(sub)
    with pytest.raises(ProviderRefused, match=str(sub)):
        rail.provider.refund(refund)


@pytest.mark.parametrize("sub", [-429, -500, -999, -4711])
def test_a_refund_with_an_unclear_answer_is_not_settled_by_it(
    house: tuple[Rail, ZalopayDouble], sub: int
) -> None:
    rail, double = house
    refund = rail.giving_back(rail.paid(), 5_000)
    double.refund_refusals.append(sub)
    with pytest.raises(ProviderUnavailable):
        rail.provider.refund(refund)
    assert rail.provider.fetch(refund).status is Status.UNKNOWN


def test_a_refund_is_done_later_or_fails_later(house: tuple[Rail, ZalopayDouble]) -> None:
    rail, double = house
    order = rail.paid()
    first, second = rail.giving_back(order, 5_000), rail.giving_back(order, 5_000, 2)
    for refund in (first, second, first):
        assert rail.provider.refund(refund).status is Status.PENDING
    double.finish_refund(client.refund_id("15847", first))
    double.finish_refund(client.refund_id("15847", second), -13)
    done, failed = rail.provider.fetch(first), rail.provider.fetch(second)
    assert (done.status, failed.status) == (Status.PAID, Status.FAILED)
    (money,) = done.movements
    assert (money.rail_ref, money.amount) == (client.refund_id("15847", first), 5_000)
    assert failed.movements == ()


def test_a_refund_of_no_receipt_is_never_sent() -> None:
    http = saying({})
    with pytest.raises(ProviderRefused):
        provider(http).refund(replace(REFUND, receipt_ref=None))
    assert http.asked == []


def test_an_order_paid_just_after_midnight_keeps_the_name_of_its_day(
    house: tuple[Rail, ZalopayDouble],
) -> None:
    rail, _ = house
    rail.clock.now = datetime(2026, 11, 20, 23, 58, tzinfo=GMT7)
    order = rail.started()
    rail.clock.forward(minutes=4)
    rail.pay(order)
    (told,) = rail.provider.parse_notice(rail.notices()[0])
    assert told.order_code == order.code
    assert rail.provider.fetch(order).movements == told.movements
    assert told.movements[0].amount == PRICE


def test_zalopays_files_do_not_come_by_its_interface() -> None:
    assert provider().statement(MORNING.date(), MORNING.date()) == ()
