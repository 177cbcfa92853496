"""What MoMo answers to questions of our own and to refunds: what is believed, and what is final."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from payments.provider import (
    HttpAnswer,
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers import momo as client
from payments.providers.momo import MomoProvider
from tests.doubles.momo import MomoDouble
from tests.doubles.momo_orders import ORDER_ID
from tests.providers.canned import saying
from tests.providers.momo_rail import SECRET, account, opened
from tests.providers.rail import MORNING, PRICE, Rail
from tests.providers.test_momo import IPN, ORDER, REFUND, provider


@pytest.fixture
def house() -> Iterator[tuple[Rail, MomoDouble]]:
    with opened() as found:
        yield found


@pytest.mark.parametrize("code", [1000, 7002, 1005, 1006, 1001, 0, 9000])
def test_query_and_notice_speak_alike(house: tuple[Rail, MomoDouble], code: int) -> None:
    rail, double = house
    order = rail.started()
    double.decline(order.code, code=code)
    (told,) = rail.provider.parse_notice(rail.notices()[0])
    polled = rail.provider.fetch(order)
    assert (told.status, told.movements) == (polled.status, polled.movements)
    rail.clock.forward(seconds=30)
    assert rail.provider.fetch(order).key == polled.key


@pytest.mark.parametrize(
    "changed",
    [
        {"orderId": "PKHN0002"},
        {"partnerCode": "STRANGER"},
        {"requestId": "other"},
        {"resultCode": "0"},
        {"resultCode": True},
        {"resultCode": None},
        {"amount": 0},
        {"transId": 0},
        {"transId": "x"},
        {"lastUpdated": "now"},
    ],
)
def test_an_answer_about_something_else_is_no_answer(changed: dict[str, object]) -> None:
    said = {**IPN, "lastUpdated": 1768444512345}
    assert provider(Echo(said)).fetch(ORDER).status is Status.PAID
    with pytest.raises(ProviderUnavailable):
        provider(Echo({**said, **changed}, repeats="requestId" not in changed)).fetch(ORDER)


@dataclass
class Echo:
    """Says one thing about every request, and as a rule which request it is about."""

    said: dict[str, Any]
    repeats: bool = True

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        request = {"requestId": json.loads(body)["requestId"]} if self.repeats else {}
        return HttpAnswer(200, {}, json.dumps({**self.said, **request}).encode())


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_company_that_is_away_settles_nothing(status: int) -> None:
    with pytest.raises(ProviderUnavailable, match=str(status)):
        provider(saying({}, status=status)).fetch(ORDER)


def test_a_refund_has_an_order_id_of_its_own_that_never_changes() -> None:
    assert client.refund_id(REFUND) == client.refund_id(replace(REFUND, amount=1))
    assert client.refund_id(REFUND) != client.refund_id(replace(REFUND, key="K2"))
    assert ORDER_ID.fullmatch(client.refund_id(replace(REFUND, key="~ any & key")))


@pytest.mark.parametrize("code", [7002, 7000, 1000])
def test_a_refund_in_process_is_asked_about_until_it_ends(
    house: tuple[Rail, MomoDouble], code: int
) -> None:
    rail, double = house
    refund = rail.giving_back(rail.paid(), 5_000)
    double.refund_codes.append(code)
    assert rail.provider.refund(refund).status is Status.PENDING
    assert rail.provider.refund(refund).status is Status.PENDING  # 40: known, still open
    double.finish_refund(client.refund_id(refund))
    done = rail.provider.fetch(refund)
    assert (done.status, done.movements[0].amount) == (Status.PAID, 5_000)
    rail.provider.refund(refund)
    assert len(double.refunds) == 1


def test_a_refund_in_flight_is_asked_about(house: tuple[Rail, MomoDouble]) -> None:
    rail, double = house
    refund = rail.giving_back(rail.paid(), 5_000)
    double.in_flight.add(client.refund_id(refund))
    told = rail.provider.refund(refund)
    assert (told.status, told.movements) == (Status.UNKNOWN, ())


@pytest.mark.parametrize("code", [1080, 1081, 1088])
def test_a_refund_momo_gives_up_has_failed(house: tuple[Rail, MomoDouble], code: int) -> None:
    rail, double = house
    refund = rail.giving_back(rail.paid(), 5_000)
    double.refund_codes.append(code)
    with pytest.raises(ProviderRefused, match=str(code)):
        rail.provider.refund(refund)
    told = rail.provider.fetch(refund)
    assert (told.status, told.movements) == (Status.FAILED, ())


@pytest.mark.parametrize(("amount", "code"), [(500, "22"), (PRICE + 1, "22")])
def test_an_amount_that_cannot_go_back_is_refused(
    house: tuple[Rail, MomoDouble], amount: int, code: str
) -> None:
    rail, _ = house
    with pytest.raises(ProviderRefused, match=code):
        rail.provider.refund(rail.giving_back(rail.paid(), amount))


@pytest.mark.parametrize("receipt", [None, "", "FT123"])
def test_a_refund_of_no_receipt_of_momos_is_never_sent(receipt: str | None) -> None:
    http = saying({})
    with pytest.raises(ProviderRefused):
        provider(http).refund(replace(REFUND, receipt_ref=receipt))
    assert http.asked == []


def test_a_question_signed_with_other_keys_settles_nothing(
    house: tuple[Rail, MomoDouble],
) -> None:
    rail, double = house
    order = rail.paid()
    stranger = MomoProvider(
        account(double, {**SECRET, "secret_key": "other"}), rail.http, rail.clock
    )
    with pytest.raises(ProviderUnavailable):
        stranger.fetch(order)


def test_momos_files_do_not_come_by_its_interface() -> None:
    assert provider().statement(MORNING.date(), MORNING.date()) == ()
