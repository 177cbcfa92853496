"""The sandbox's outbox: retries, copies, order, restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, timedelta

import pytest

from payments.provider import (
    HttpAnswer,
    MovementKind,
    ProviderUnavailable,
    Status,
)
from payments.sandbox.notices import BACK_OFF
from tests.sandbox.conftest import (
    Clock,
    Inbox,
    MakeWorld,
    World,
    giving_back,
    merchants,
)


def test_a_payment_is_told_of_once_and_is_understood(world: World) -> None:
    world.paid()
    (request,) = world.pump().arrived
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
    assert next(iter(file.lines)).rail_ref == notice.movements[0].rail_ref


def test_two_receipts_are_two_notices(world: World) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_twice")
    keys = {world.an.parse_notice(request)[0].key for request in world.pump().arrived}
    assert len(keys) == 2


def test_a_refusal_and_a_refund_are_told_of(world: World) -> None:
    declined, paid = world.order(1), world.paid(2)
    world.drive.act(declined.code, "decline")
    world.an.refund(giving_back("R1", 5_000, paid))
    told = [world.an.parse_notice(request)[0] for request in world.pump().arrived]
    assert [notice.status for notice in told] == [Status.PAID, Status.CANCELLED, Status.PAID]
    assert [notice.refund_key for notice in told] == [None, None, "R1"]
    assert told[1].movements == ()
    assert told[2].movements == world.an.fetch(giving_back("R1", 5_000, paid)).movements


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


def test_event_times_are_told_in_utc(world: World) -> None:
    world.paid()
    told = json.loads(world.pump().arrived[0].body)
    assert told["event_at"] == world.clock().astimezone(UTC).isoformat()


def test_late_money_is_told_of_when_it_arrives(world: World, clock: Clock) -> None:
    order = world.order()
    world.drive.act(order.code, "pay_late")
    clock.now = order.expires_at + timedelta(minutes=1)
    assert world.pump().arrived == []
    clock.forward(minutes=1)
    (notice,) = world.an.parse_notice(world.pump().arrived[0])
    assert notice.movements[0].event_at > order.expires_at
