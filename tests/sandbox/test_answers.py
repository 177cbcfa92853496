"""What the provider makes of answers that say nothing, and of settings that cannot work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from payments.errors import WrongUsage
from payments.http import HttpClient
from payments.provider import (
    HttpAnswer,
    ProviderRefused,
    ProviderUnavailable,
)
from payments.providers.sandbox import SandboxProvider
from tests.sandbox.conftest import (
    BASE,
    Clock,
    World,
    account,
    giving_back,
)
from tests.sandbox.test_parse_notice import fields


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
        answering(status, body).refund(giving_back("R2", 1, order))


def test_a_refusal_gives_the_reason_when_there_is_one(world: World) -> None:
    with pytest.raises(ProviderRefused, match="no reason given"):
        answering(400, b"<html>").start(world.order())
