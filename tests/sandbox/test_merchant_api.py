"""Signed requests: who is heard, and which orders can be announced."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from payments.provider import (
    HttpAnswer,
    Order,
    ProviderRefused,
    Status,
)
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.booking import fee_of
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
    assert str(first.url).startswith(f"{BASE}/pay/")
    assert str(first.provider_ref).startswith("SBX-O")


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


def test_a_test_clock_moves_the_sandbox_with_the_merchant(world: World, clock: Clock) -> None:
    simulated = Clock(clock.now - timedelta(days=900))
    provider = SandboxProvider(account(test_clock=True), world.http, simulated)
    order = Order(
        "PK5", 5, 9_000, "VND", "Gửi xe", simulated(), simulated() + timedelta(minutes=15),
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
