"""Which notices are believed: forgeries, altered bytes, age, replaced secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from payments.provider import (
    InvalidNotice,
    NoticeRequest,
    Outcome,
)
from payments.providers.sandbox import SandboxProvider
from tests.sandbox.conftest import (
    AN_SECRET,
    Clock,
    MakeWorld,
    World,
    account,
    merchants,
)


def one_notice(world: World) -> NoticeRequest:
    world.paid()
    (request,) = world.pump().arrived
    return request


def signed(world: World, body: bytes, event: str = "evt-1", **changed: str) -> NoticeRequest:
    """A notice that really is signed with An's secret, whatever it says."""
    stamp = str(int(world.clock().timestamp()))
    content = f"{event}.{stamp}.".encode() + body
    signature = hmac.new(AN_SECRET.encode(), content, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": event,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1={signature}",
    }
    return NoticeRequest("POST", "", headers | changed, body)


def fields(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": "evt-1",
        "merchant": "an",
        "mode": "test",
        "order": "PK0000001",
        "provider_ref": "SBX-O1",
        "status": "paid",
        "event_at": "2026-11-20T01:00:00+00:00",
        "refund_key": None,
        "movements": [movement()],
    }
    return whole | changes


def movement(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "kind": "receipt",
        "rail_ref": "SBX-T1",
        "amount": 20_000,
        "currency": "VND",
        "event_at": "2026-11-20T01:00:00+00:00",
    }
    return whole | changes


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_notice_with_any_altered_byte_is_refused(world: World, data: st.DataObject) -> None:
    request = signed(world, json.dumps(fields()).encode())
    assert world.an.parse_notice(request)
    place = data.draw(st.integers(0, len(request.body) - 1))
    flip = data.draw(st.integers(1, 255))
    altered = bytearray(request.body)
    altered[place] ^= flip
    with pytest.raises(InvalidNotice):
        world.an.parse_notice(replace(request, body=bytes(altered)))


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "evt-2"},
        {"Webhook-Id": ""},
        {"Webhook-Timestamp": "1"},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "٣"},
        {"Webhook-Timestamp": "9" * 12},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1=" + "0" * 64},
        {"Webhook-Signature": "v2=ü"},
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
    ],
)
def test_a_notice_with_an_altered_header_is_refused(world: World, changed: dict[str, str]) -> None:
    with pytest.raises(InvalidNotice):
        world.an.parse_notice(signed(world, json.dumps(fields()).encode(), **changed))


def test_headers_are_read_whatever_their_case(world: World) -> None:
    request = signed(world, json.dumps(fields()).encode())
    shouted = {name.upper(): value for name, value in request.headers.items()}
    assert world.an.parse_notice(replace(request, headers=shouted))


@example(text='{"amount": 1, "amount": 2}')
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.text(max_size=80))
def test_whatever_a_genuine_body_holds_it_is_refused_not_a_crash(world: World, text: str) -> None:
    with pytest.raises(InvalidNotice):
        world.an.parse_notice(signed(world, text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(
    "body",
    [
        fields(id="evt-2"),
        fields(merchant="binh"),
        fields(mode="live"),
        fields(order=""),
        fields(order=None),
        fields(status="splendid"),
        fields(event_at="2026-11-20T01:00:00"),
        fields(event_at=None),
        fields(refund_key=5),
        fields(provider_ref=5),
        fields(movements=None),
        fields(movements=["receipt"]),
        fields(movements=[movement(kind="gift")]),
        fields(movements=[movement(amount=0)]),
        fields(movements=[movement(amount=-1)]),
        fields(movements=[movement(amount=20_000.0)]),
        fields(movements=[movement(amount=True)]),
        fields(movements=[movement(amount="20000")]),
        fields(movements=[movement(currency="XXX")]),
        fields(movements=[movement(rail_ref="")]),
        {key: value for key, value in fields().items() if key != "status"},
    ],
)
def test_a_genuine_notice_that_makes_no_sense_is_refused(
    world: World, body: dict[str, object]
) -> None:
    with pytest.raises(InvalidNotice):
        world.an.parse_notice(signed(world, json.dumps(body).encode()))


def test_keys_that_stand_twice_and_bottomless_nesting_are_refused(world: World) -> None:
    twice = json.dumps(fields()).encode()[:-1] + b', "status": "failed"}'
    with pytest.raises(InvalidNotice, match="each key once"):
        world.an.parse_notice(signed(world, twice))
    with pytest.raises(InvalidNotice, match="each key once"):
        world.an.parse_notice(signed(world, b"[" * 200_000))


def test_a_notice_that_is_too_large_is_refused(world: World) -> None:
    with pytest.raises(InvalidNotice, match="too large"):
        world.an.parse_notice(signed(world, b" " * (256 * 1024 + 1)))


@pytest.mark.parametrize(("seconds", "stale"), [(0, False), (300, False), (301, True)])
def test_an_old_notice_is_stale_but_genuine(
    world: World, clock: Clock, seconds: int, stale: bool
) -> None:
    request = one_notice(world)
    clock.forward(seconds=seconds)
    assert world.an.parse_notice(request)[0].stale is stale


def test_a_notice_from_the_future_is_refused(world: World, clock: Clock) -> None:
    request = one_notice(world)
    clock.forward(seconds=-60)
    assert world.an.parse_notice(request)
    clock.forward(seconds=-1)
    with pytest.raises(InvalidNotice, match="future"):
        world.an.parse_notice(request)


def test_secrets_can_be_replaced_without_losing_a_notice(make_world: MakeWorld) -> None:
    new = "a-new-secret-9876543210"
    entry = replace(merchants()["an"], secrets=(new, AN_SECRET))
    world = make_world(merchants={"an": entry})
    request = one_notice(world)
    only_new = SandboxProvider(account(secret=new), world.http, world.clock)
    both = SandboxProvider(
        replace(account(), secrets=({"secret": "not this one"}, {"secret": AN_SECRET})),
        world.http,
        world.clock,
    )
    neither = SandboxProvider(account(secret="x" * 20), world.http, world.clock)
    assert world.an.parse_notice(request) == only_new.parse_notice(request)
    assert both.parse_notice(request)
    with pytest.raises(InvalidNotice):
        neither.parse_notice(request)


def test_one_merchants_notice_is_no_notice_to_the_other(world: World) -> None:
    with pytest.raises(InvalidNotice):
        world.binh.parse_notice(one_notice(world))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_acknowledged(world: World, outcome: Outcome) -> None:
    reply = world.an.reply(outcome)
    status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
    assert (reply.status, json.loads(reply.body)["outcome"]) == (status, outcome)
