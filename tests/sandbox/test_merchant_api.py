"""Orders, acts and refunds through signed requests."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from payments.errors import NotFound
from payments.provider import (
    HttpAnswer,
    MovementKind,
    Order,
    ProviderRefused,
    RefundOrder,
    Status,
)
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.acts import fee_of
from tests.sandbox.conftest import AN_SECRET, BASE, Clock, World, account


def send(
    world: World,
    path: str,
    body: bytes = b"",
    method: str = "POST",
    secret: str = AN_SECRET,
    **changed: str,
) -> HttpAnswer:
    """A request signed by hand; `changed` headers replace the right ones after signing."""
    stamp = changed.pop("stamp", str(int(world.clock().timestamp())))
    test_time = changed.pop("test_time", "")
    content = "\n".join((stamp, method, path, test_time)).encode() + b"\n" + body
    signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    headers = {
        "Sandbox-Merchant": "an",
        "Sandbox-Timestamp": stamp,
        "Sandbox-Signature": f"v1={signature}",
    }
    if test_time:
        headers["Sandbox-Time"] = test_time
    headers |= {f"Sandbox-{name.title()}": value for name, value in changed.items()}
    return world.http.request(method, BASE + path, body=body, headers=headers)


def order_fields(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "order": "PK1",
        "amount": 20_000,
        "currency": "VND",
        "description": "Gửi xe",
        "expires_at": "2026-11-20T09:00:00+07:00",
        "return_url": "https://parking.test/s/abc",
    }
    return json.dumps(fields | changes).encode()


def test_an_order_is_announced_once_and_keeps_its_page(world: World) -> None:
    order = world.order()
    first, again = world.an.start(order), world.an.start(order)
    assert first == again
    assert first.url.startswith(f"{BASE}/pay/")
    assert first.provider_ref.startswith("SBX-O")


def test_the_same_code_with_another_amount_is_refused(world: World) -> None:
    order = world.order(amount=20_000)
    with pytest.raises(ProviderRefused, match="exists with amount 20000, not 25000"):
        world.order(amount=25_000)
    assert world.an.fetch(order).status is Status.PENDING


def test_two_merchants_may_use_one_code_and_see_only_their_own(world: World) -> None:
    order = world.order()
    assert world.binh.fetch(order).status is Status.UNKNOWN
    assert world.binh.start(order) != world.an.start(order)


def test_a_forged_signature_is_refused(world: World) -> None:
    assert send(world, "/v1/orders", order_fields()).status == 200
    assert send(world, "/v1/orders", order_fields(), secret="somebody else 123").status == 401
    assert send(world, "/v1/orders", order_fields(), merchant="binh").status == 401
    assert send(world, "/v1/orders", order_fields(), merchant="nobody").status == 401
    assert send(world, "/v1/orders", order_fields(), signature="v1=ünsigned").status == 401
    assert send(world, "/v1/orders", order_fields(), time="2026-11-20T08:00:00+07:00").status == 401


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (60, 200), (61, 401)])
def test_a_request_is_fresh_for_five_minutes_and_a_minute_ahead(
    world: World, seconds: int, status: int
) -> None:
    stamp = str(int(world.clock().timestamp()) + seconds)
    assert send(world, "/v1/orders", order_fields(), stamp=stamp).status == status


@pytest.mark.parametrize("stamp", ["", "now", "-5", "²", "9" * 12])
def test_a_time_stamp_that_is_none_is_refused(world: World, stamp: str) -> None:
    assert send(world, "/v1/orders", order_fields(), stamp=stamp).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"order": "PK1", "order": "PK2"}',
        b"[" * 30_000,
        order_fields(order="../etc"),
        order_fields(order=7),
        order_fields(amount=0),
        order_fields(amount=-5),
        order_fields(amount=20_000.0),
        order_fields(amount=True),
        order_fields(amount=10**12),
        order_fields(currency="USD"),
        order_fields(description="x" * 201),
        order_fields(description="two\nlines"),
        order_fields(expires_at="2026-11-20T09:00:00"),
        order_fields(expires_at="tomorrow"),
        order_fields(return_url="javascript:alert(1)"),
        order_fields(return_url="https://a.test; script-src *"),
    ],
)
def test_a_malformed_order_is_refused_with_a_reason(world: World, body: bytes) -> None:
    answer = send(world, "/v1/orders", body)
    assert answer.status == 400
    assert len(json.loads(answer.body)["error"]) > 10


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    assert send(world, "/v1/orders", b" " * 70_000).status == 413


def test_an_unknown_path_or_method_is_an_answer_in_json(world: World) -> None:
    assert send(world, "/v1/nothing", method="GET").status == 404
    assert "error" in json.loads(send(world, "/v1/orders", method="GET").body)


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
    return RefundOrder(key, amount, order)


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
        "PK9", 9, 1, "VND", "", order.expires_at, order.return_url, order.notify_url
    )  # fmt: skip
    with pytest.raises(ProviderRefused, match="no order PK9"):
        world.an.refund(refund_of(stranger, 1))
    asked = world.an.fetch(refund_of(order, 1))
    assert (asked.status, asked.refund_key, asked.movements) == (Status.UNKNOWN, "R1", ())


def test_a_test_clock_moves_the_sandbox_with_the_merchant(world: World, clock: Clock) -> None:
    simulated = Clock(clock.now - timedelta(days=900))
    provider = SandboxProvider(account(test_clock=True), world.http, simulated)
    order = Order(
        "PK5", 5, 9_000, "VND", "Gửi xe", simulated() + timedelta(minutes=15),
        "https://parking.test/", "https://parking.test/n",
    )  # fmt: skip
    provider.start(order)
    assert provider.fetch(order).status is Status.PENDING
    assert provider.fetch(order).event_at == simulated()
    simulated.forward(minutes=16)
    assert provider.fetch(order).status is Status.EXPIRED


def test_a_test_time_without_its_offset_is_refused(world: World) -> None:
    answer = send(world, "/v1/orders/PK1", method="GET", test_time="2026-11-20T08:00:00")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("amount", "fee"), [(1, 0), (45, 0), (46, 1), (5_000, 55), (20_000, 220), (45_045, 495)]
)
def test_a_fee_is_rounded_half_up_to_whole_dong(amount: int, fee: int) -> None:
    assert fee_of(amount, 110) == fee
