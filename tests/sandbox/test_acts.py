"""What drivers and merchants do with an order: pay, decline, late, wrong, twice, refund."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.errors import NotFound
from payments.provider import (
    MovementKind,
    Order,
    ProviderRefused,
    RefundOrder,
    Status,
)
from tests.sandbox.conftest import Clock, World, giving_back


def test_a_paid_order_tells_of_its_money(world: World) -> None:
    order = world.paid(amount=20_000)
    notice = world.an.fetch(order)
    (receipt,) = notice.movements
    assert notice.status is Status.PAID
    assert (receipt.kind, receipt.amount, receipt.currency) == (
        MovementKind.RECEIPT, 20_000, "VND",
    )  # fmt: skip
    assert receipt.event_at == world.clock()
    assert receipt.rail_ref.startswith("SBX-T")


def test_paying_again_changes_nothing(world: World) -> None:
    order = world.order()
    assert world.drive.act(order.code, "pay") == world.drive.act(order.code, "pay")
    assert len(world.an.fetch(order).movements) == 1


def test_paying_twice_is_two_receipts_with_their_own_references(world: World) -> None:
    order = world.order()
    first, second = world.drive.act(order.code, "pay_twice")
    assert first != second
    assert world.drive.act(order.code, "pay_twice") == [first, second]
    assert [movement.rail_ref for movement in world.an.fetch(order).movements] == [first, second]


def test_a_paid_order_can_be_paid_a_second_time(world: World) -> None:
    order = world.paid()
    assert len(world.drive.act(order.code, "pay_twice")) == 2


@pytest.mark.parametrize(("act", "amount"), [("pay_less", 18_000), ("pay_more", 22_000)])
def test_a_wrong_amount_is_what_arrives(world: World, act: str, amount: int) -> None:
    order = world.order(amount=20_000)
    world.drive.act(order.code, act)
    notice = world.an.fetch(order)
    assert notice.status is Status.PAID
    assert [movement.amount for movement in notice.movements] == [amount]


def test_the_amount_received_can_be_named(world: World) -> None:
    order = world.order(amount=20_000)
    world.drive.act(order.code, "pay_less", amount=1)
    assert [movement.amount for movement in world.an.fetch(order).movements] == [1]


def test_nothing_less_than_one_dong_can_be_paid(world: World) -> None:
    order = world.order(amount=1)
    with pytest.raises(ProviderRefused, match="no such wrong amount"):
        world.drive.act(order.code, "pay_less")


def test_declining_cancels_and_forbids_paying(world: World) -> None:
    order = world.order()
    assert world.drive.act(order.code, "decline") == []
    assert world.drive.act(order.code, "decline") == []
    assert world.an.fetch(order).status is Status.CANCELLED
    with pytest.raises(ProviderRefused, match="was declined"):
        world.drive.act(order.code, "pay")


def test_a_paid_order_cannot_be_declined(world: World) -> None:
    order = world.paid()
    with pytest.raises(ProviderRefused, match="paid already"):
        world.drive.act(order.code, "decline")


def test_an_order_expires_and_then_only_late_money_comes(world: World, clock: Clock) -> None:
    order = world.order()
    clock.forward(minutes=15)
    assert world.an.fetch(order).status is Status.EXPIRED
    with pytest.raises(ProviderRefused, match="has expired"):
        world.drive.act(order.code, "pay")
    world.drive.act(order.code, "pay_late")
    assert world.an.fetch(order).movements == ()
    clock.forward(minutes=2)
    assert world.an.fetch(order).status is Status.PAID


def test_late_money_is_not_known_before_it_arrives(world: World, clock: Clock) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_late")
    assert world.an.fetch(order).status is Status.PENDING
    assert world.pump().arrived == []
    clock.now = order.expires_at + timedelta(minutes=2)
    (late,) = world.an.fetch(order).movements
    assert late.event_at == clock.now > order.expires_at
    assert len(world.pump().arrived) == 1


def test_late_money_can_follow_a_refusal(world: World, clock: Clock) -> None:
    order = world.order()
    world.drive.act(order.code, "decline")
    clock.forward(minutes=20)
    world.drive.act(order.code, "pay_late")
    assert world.an.fetch(order).status is Status.PAID


def test_late_money_cannot_be_early(world: World) -> None:
    order = world.order()
    with pytest.raises(ProviderRefused, match="not expired yet"):
        world.drive.act(order.code, "pay_late", at=world.clock())


def test_an_act_happens_when_it_is_said_to(world: World) -> None:
    order = world.order()
    at = world.clock() - timedelta(minutes=3)
    world.drive.act(order.code, "pay", at=at)
    assert world.an.fetch(order).movements[0].event_at == at


def test_an_unknown_act_or_order_is_refused(world: World) -> None:
    order = world.order()
    with pytest.raises(ProviderRefused, match="act must be one of pay, decline"):
        world.drive.act(order.code, "steal")
    with pytest.raises(NotFound):
        world.drive.act("PK-nobody", "pay")


def refund_of(order: Order, amount: int, key: str = "R1") -> RefundOrder:
    return giving_back(key, amount, order)


def test_a_refund_is_done_once_per_key(world: World) -> None:
    order = world.paid()
    first = world.an.refund(refund_of(order, 5_000))
    assert (
        first == world.an.refund(refund_of(order, 5_000)) == world.an.fetch(refund_of(order, 5_000))
    )
    (movement,) = first.movements
    assert (first.status, first.refund_key, first.order_code) == (Status.PAID, "R1", order.code)
    assert (movement.kind, movement.amount) == (MovementKind.REFUND, 5_000)


def test_a_refund_key_stands_for_one_refund_only(world: World) -> None:
    order = world.paid()
    world.an.refund(refund_of(order, 5_000))
    with pytest.raises(ProviderRefused, match="another order or amount"):
        world.an.refund(refund_of(order, 6_000))


def test_no_more_is_refunded_than_was_received(world: World) -> None:
    order = world.paid(amount=20_000)
    world.an.refund(refund_of(order, 15_000, "R1"))
    with pytest.raises(ProviderRefused, match="has 5000 left to refund, not 5001"):
        world.an.refund(refund_of(order, 5_001, "R2"))
    world.an.refund(refund_of(order, 5_000, "R3"))
    assert [movement.kind for movement in world.an.fetch(order).movements] == [MovementKind.RECEIPT]


def test_a_refund_of_an_unknown_order_is_refused_and_an_unknown_refund_is_unknown(
    world: World,
) -> None:
    order = world.order()
    stranger = Order(
        "PK9", 9, 1, "VND", "", order.created_at, order.expires_at, order.return_url, order.notify_url
    )  # fmt: skip
    with pytest.raises(ProviderRefused, match="no order PK9"):
        world.an.refund(refund_of(stranger, 1))
    asked = world.an.fetch(refund_of(order, 1))
    assert (asked.status, asked.refund_key, asked.movements) == (Status.UNKNOWN, "R1", ())
