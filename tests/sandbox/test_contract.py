"""What every provider must do, run over every entry of `PROVIDERS` against a double of its other side.

A new provider adds one line to `DOUBLES`; an entry without a double fails the first test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from payments.money import EXPONENTS
from payments.provider import (
    InvalidNotice,
    MovementKind,
    NoticeRequest,
    Order,
    Outcome,
    Provider,
    ProviderRefused,
    RefundOrder,
    Status,
)
from payments.providers import PROVIDERS
from tests.sandbox.conftest import TODAY, World


@dataclass(frozen=True)
class Double:
    """A provider with somebody at the other end: `pay` pays an order there, `notices` are the
    requests that it has sent since, `next_night` lets the day's statement come out."""

    provider: Provider
    order: Order
    pay: Callable[[Order], object]
    notices: Callable[[], Sequence[NoticeRequest]]
    next_night: Callable[[], object]


def sandbox_double(world: World) -> Double:
    return Double(
        provider=world.an,
        order=world.order(),
        pay=lambda order: world.drive.act(order.code, "pay"),
        notices=lambda: world.pump().arrived,
        next_night=world.clock.after_midnight,
    )


DOUBLES = {"sandbox": sandbox_double}


@pytest.fixture(params=sorted(DOUBLES))
def double(request: pytest.FixtureRequest, world: World) -> Double:
    return DOUBLES[request.param](world)


def test_every_provider_has_a_double_and_states_its_facts() -> None:
    assert set(PROVIDERS) == set(DOUBLES)
    for name, provider in PROVIDERS.items():
        facts = provider.capabilities
        assert (provider.name, bool(provider.label)) == (name, True)
        assert all(isinstance(setting, str) for setting in provider.settings)
        assert facts.currencies
        assert facts.currencies <= EXPONENTS.keys()
        assert 1 <= facts.smallest <= facts.largest


def test_announcing_an_order_again_gives_the_same_checkout(double: Double) -> None:
    first = double.provider.start(double.order)
    assert double.provider.start(double.order) == first
    assert first.url
    assert first.provider_ref


def test_an_order_nobody_paid_is_pending_without_money(double: Double) -> None:
    notice = double.provider.fetch(double.order)
    assert (notice.status, notice.movements, notice.order_code) == (
        Status.PENDING, (), double.order.code,
    )  # fmt: skip
    assert double.provider.fetch(double.order) == notice


def test_an_order_never_announced_is_an_answer_not_an_error(double: Double) -> None:
    stranger = replace(double.order, code="PK9999999", number=9_999_999)
    assert double.provider.fetch(stranger).status in (Status.PENDING, Status.UNKNOWN)


def test_notice_and_poll_speak_of_the_same_money(double: Double) -> None:
    double.pay(double.order)
    (request,) = double.notices()
    (told,) = double.provider.parse_notice(request)
    polled = double.provider.fetch(double.order)
    assert told.order_code == polled.order_code == double.order.code
    assert told.status is polled.status is Status.PAID
    assert told.movements == polled.movements
    (movement,) = told.movements
    assert (movement.kind, movement.amount, movement.currency) == (
        MovementKind.RECEIPT, double.order.amount, double.order.currency,
    )  # fmt: skip
    assert movement.event_at.tzinfo is not None


def test_a_notice_read_twice_has_one_key(double: Double) -> None:
    double.pay(double.order)
    (request,) = double.notices()
    assert double.provider.parse_notice(request) == double.provider.parse_notice(request)


def test_an_altered_or_empty_notice_is_refused(double: Double) -> None:
    double.pay(double.order)
    (request,) = double.notices()
    for altered in (
        replace(request, body=request.body + b" "),
        replace(request, body=b"", query=""),
        replace(request, headers={}),
    ):
        with pytest.raises(InvalidNotice):
            double.provider.parse_notice(altered)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_reply(double: Double, outcome: Outcome) -> None:
    assert 200 <= double.provider.reply(outcome).status < 300


def test_a_refund_is_done_once_and_never_for_more(double: Double) -> None:
    double.pay(double.order)
    whole = RefundOrder("R1", double.order.amount, double.order)
    first = double.provider.refund(whole)
    assert double.provider.refund(whole) == first
    assert double.provider.fetch(whole).movements == first.movements
    assert (first.refund_key, first.order_code) == ("R1", double.order.code)
    with pytest.raises(ProviderRefused):
        double.provider.refund(RefundOrder("R2", 1, double.order))


def test_a_statement_comes_when_it_is_due_and_adds_up(double: Double) -> None:
    double.pay(double.order)
    assert double.provider.statement(TODAY, TODAY) == []
    double.next_night()
    (file,) = double.provider.statement(TODAY, TODAY + timedelta(days=3))
    (movement,) = double.provider.fetch(double.order).movements
    assert file.day == TODAY
    assert [line.gross for line in file.lines if line.rail_ref == movement.rail_ref] == [
        double.order.amount
    ]
    assert file.control.count == len(file.lines)
    assert file.control.net == sum(line.gross - line.fee for line in file.lines)
