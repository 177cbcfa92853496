"""From the sandbox's outbox to `parse_notice`: retries, copies, order, forgeries, age."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from payments.errors import WrongUsage
from payments.http import HttpClient
from payments.provider import (
    HttpAnswer,
    InvalidNotice,
    MovementKind,
    NoticeRequest,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Status,
)
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.notices import BACK_OFF
from tests.sandbox.conftest import (
    AN_SECRET,
    BASE,
    Clock,
    Inbox,
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


def test_a_payment_is_told_of_once_and_is_understood(world: World) -> None:
    request = one_notice(world)
    assert request.query == "http://service.test/payments/an/notify"
    (notice,) = world.an.parse_notice(request)
    (receipt,) = notice.movements
    assert (notice.order_code, notice.status, notice.stale) == ("PK0000001", Status.PAID, False)
    assert (receipt.kind, receipt.amount) == (MovementKind.RECEIPT, 20_000)
    assert receipt.event_at == notice.event_at == world.clock()
    assert notice.key == request.headers["Webhook-Id"]
    assert world.pump().arrived == []


def test_notice_poll_and_statement_name_the_money_alike(world: World, clock: Clock) -> None:
    order = world.paid()
    (notice,) = world.an.parse_notice(world.pump().arrived[0])
    polled = world.an.fetch(order)
    clock.after_midnight()
    (file,) = world.an.statement(order.expires_at.date(), order.expires_at.date())
    assert notice.movements == polled.movements
    assert notice.provider_ref == polled.provider_ref
    assert file.lines[0].rail_ref == notice.movements[0].rail_ref


def test_two_receipts_are_two_notices(world: World) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_twice")
    keys = {world.an.parse_notice(request)[0].key for request in world.pump().arrived}
    assert len(keys) == 2


def test_a_refusal_and_a_refund_are_told_of(world: World) -> None:
    declined, paid = world.order(1), world.paid(2)
    world.drive.act(declined.code, "decline")
    world.an.refund(RefundOrder("R1", 5_000, paid))
    told = [world.an.parse_notice(request)[0] for request in world.pump().arrived]
    assert [notice.status for notice in told] == [Status.PAID, Status.CANCELLED, Status.PAID]
    assert [notice.refund_key for notice in told] == [None, None, "R1"]
    assert told[1].movements == ()
    assert told[2].movements == world.an.fetch(RefundOrder("R1", 5_000, paid)).movements


@pytest.mark.parametrize("status", [503, 500, 404, 403, 302])
def test_a_notice_is_sent_again_after_anything_but_success(
    world: World, clock: Clock, status: int
) -> None:
    world.paid()
    inbox = Inbox(statuses=[status])
    world.pump(inbox)
    world.pump(inbox)
    assert len(inbox.arrived) == 1
    clock.forward(seconds=BACK_OFF[0])
    world.pump(inbox)
    first, second = inbox.arrived
    assert first.body == second.body
    assert first.headers["Webhook-Signature"] != second.headers["Webhook-Signature"]
    assert world.an.parse_notice(first)[0].key == world.an.parse_notice(second)[0].key
    clock.forward(days=2)
    assert len(world.pump(inbox).arrived) == 2


def test_no_answer_at_all_is_tried_again_until_it_is_given_up(world: World, clock: Clock) -> None:
    class Nobody(Inbox):
        def request(
            self,
            method: str,
            url: str,
            *,
            body: bytes = b"",
            headers: Mapping[str, str] | None = None,
        ) -> HttpAnswer:
            super().request(method, url, body=body, headers=headers)
            raise ProviderUnavailable("nobody there")

    world.paid()
    inbox = Nobody()
    for _ in range(30):
        world.pump(inbox)
        clock.forward(days=1)
    assert len(inbox.arrived) == len(BACK_OFF) + 1


def test_notices_survive_a_restart_of_the_sandbox(make_world: MakeWorld) -> None:
    make_world().paid()
    assert len(make_world().pump().arrived) == 1


def test_a_merchant_who_left_is_told_nothing(make_world: MakeWorld) -> None:
    make_world().paid()
    only_binh = {"binh": merchants()["binh"]}
    assert make_world(merchants=only_binh).pump().arrived == []


def test_more_notices_than_one_batch_are_all_delivered(world: World) -> None:
    for number in range(1, 52):
        order = world.order(number)
        world.drive.act(order.code, "pay_twice")
    assert len(world.pump().arrived) == 102


def test_some_notices_come_twice(make_world: MakeWorld, clock: Clock) -> None:
    world = make_world(duplicate_rate=0.5)
    for number in range(1, 21):
        world.paid(number)
    inbox = world.pump()
    assert len(inbox.arrived) == 20
    clock.forward(minutes=1)
    world.pump(inbox)
    assert 20 < len(inbox.arrived) < 40
    assert len({request.headers["Webhook-Id"] for request in inbox.arrived}) == 20


def test_notices_come_out_of_order_the_same_way_for_the_same_seed(
    make_world: MakeWorld, clock: Clock
) -> None:
    world = make_world(reorder=True, seed=7)
    written = [world.paid(number).code for number in range(1, 21)]
    clock.forward(minutes=2)
    arrived = [json.loads(request.body)["order"] for request in world.pump().arrived]
    assert sorted(arrived) == written
    assert arrived != written


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
        replace(account(), secrets=("not this one", AN_SECRET)), world.http, world.clock
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
    assert (reply.status, json.loads(reply.body)["outcome"]) == (200, outcome)


def test_event_times_are_told_in_utc(world: World) -> None:
    told = json.loads(one_notice(world).body)
    assert told["event_at"] == world.clock().astimezone(UTC).isoformat()


def test_an_account_in_live_mode_or_without_settings_is_refused(clock: Clock) -> None:
    http = HttpClient(())
    with pytest.raises(WrongUsage, match="mode test"):
        SandboxProvider(replace(account(), mode="live"), http, clock)
    with pytest.raises(WrongUsage, match="base_url and merchant"):
        SandboxProvider(replace(account(), settings={"merchant": "an"}), http, clock)
    with pytest.raises(WrongUsage, match="a secret"):
        SandboxProvider(replace(account(), secrets=()), http, clock)


def answering(status: int, body: bytes) -> SandboxProvider:
    class Answer:
        def request(
            self,
            method: str,
            url: str,
            *,
            body: bytes = b"",
            headers: Mapping[str, str] | None = None,
        ) -> HttpAnswer:
            return HttpAnswer(status, {}, whole)

    whole = body
    return SandboxProvider(account(base_url=BASE), Answer(), Clock())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""), (503, b"{}"), (429, b"{}"), (301, b""), (204, b""),
        (200, b""), (200, b"[]"), (200, b"{}"), (200, b"<html>"),
        (200, json.dumps(fields(order="PK-other")).encode()),
        (200, json.dumps(fields(refund_key="R1")).encode()),
        (200, json.dumps(fields(status="?")).encode()),
    ],
)  # fmt: skip
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(
    world: World, status: int, body: bytes
) -> None:
    order = world.order()
    with pytest.raises(ProviderUnavailable):
        answering(status, body).fetch(order)
    with pytest.raises(ProviderUnavailable):
        answering(status, body).start(order)
    with pytest.raises(ProviderUnavailable):
        answering(status, body).refund(RefundOrder("R2", 1, order))


def test_a_refusal_gives_the_reason_when_there_is_one(world: World) -> None:
    with pytest.raises(ProviderRefused, match="no reason given"):
        answering(400, b"<html>").start(world.order())


def test_late_money_is_told_of_when_it_arrives(world: World, clock: Clock) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_late")
    clock.now = order.expires_at + timedelta(minutes=1)
    assert world.pump().arrived == []
    clock.forward(minutes=1)
    (notice,) = world.an.parse_notice(world.pump().arrived[0])
    assert notice.movements[0].event_at > order.expires_at
