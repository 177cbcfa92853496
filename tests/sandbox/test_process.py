"""The sandbox as a process of its own: settings, refusal in production, sockets, the worker."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from payments.errors import WrongUsage
from payments.http import HttpClient
from payments.provider import HttpAnswer, NoticeRequest, Order, Provider, Status
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.app import create_sandbox
from payments.sandbox.client import SandboxTest
from payments.sandbox.config import Merchant, SandboxConfig
from payments.sandbox.serve import PAUSE, Worker, app_from_env, client_for, config_from
from tests.sandbox.conftest import AN_SECRET, MakeWorld, account, merchants


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited ten seconds for nothing"
        time.sleep(0.02)


def environment(tmp_path: Path, **changed: str) -> dict[str, str]:
    entry = {"name": "Công ty An", "secrets": [AN_SECRET], "notify_url": "http://127.0.0.1:9/n"}
    return {
        "SANDBOX_DATABASE_URL": f"sqlite:///{tmp_path / 'sandbox.db'}",
        "SANDBOX_BASE_URL": "http://127.0.0.1:8100",
        "SANDBOX_MERCHANTS": json.dumps({"an": entry}),
    } | changed


def test_over_real_sockets_a_payment_is_told_of_by_itself(tmp_path: Path) -> None:
    arrived: list[NoticeRequest] = []

    @Request.application
    def merchant(request: Request) -> Response:
        told = NoticeRequest("POST", "", dict(request.headers), request.data)
        arrived.append(told)
        return Response(status=200 if len(arrived) > 1 else 503)

    def clock() -> datetime:
        """Real time, which skips the first wait once an attempt was made."""
        return datetime.now(UTC) + timedelta(seconds=5 if arrived else 0)

    with served(merchant) as notify_url:
        entry = Merchant("Công ty An", (AN_SECRET,), notify_url + "/{merchant}")
        config = SandboxConfig(
            f"sqlite:///{tmp_path / 'sandbox.db'}", "http://x.test", {"an": entry}, clock=clock
        )
        app = create_sandbox(config)
        worker = Worker(app.extensions["sandbox"], client_for(config))
        worker.start()
        with served(app) as base_url:
            order = pay_over(base_url, clock)
            wait_for(lambda: len(arrived) == 2)
        worker.stop()
        app.extensions["sandbox"].db.dispose()
    provider = SandboxProvider(account(), HttpClient(()), clock)
    (first,), (second,) = map(provider.parse_notice, arrived)
    assert first == second
    assert (first.order_code, first.status) == (order.code, Status.PAID)


def pay_over(base_url: str, clock: Callable[[], datetime]) -> Order:
    at_an = account(base_url=base_url)
    http = HttpClient(["127.0.0.1"])
    order = Order(
        "PK1", 1, 20_000, "VND", "Gửi xe", clock(), clock() + timedelta(minutes=15),
        "https://parking.test/", "https://parking.test/n",
    )  # fmt: skip
    provider: Provider = SandboxProvider(at_an, http, clock)
    provider.start(order)
    SandboxTest(at_an, http, clock).act(order.code, "pay")
    assert provider.fetch(order).status is Status.PAID
    return order


def test_the_worker_outlives_a_database_that_is_away(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world()
    world.paid()
    arrived: list[str] = []

    class Inbox:
        def request(
            self,
            method: str,
            url: str,
            *,
            body: bytes = b"",
            headers: Mapping[str, str] | None = None,
        ) -> HttpAnswer:
            arrived.append(url)
            return HttpAnswer(200, {}, b"")

    with world.books.db.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE notices RENAME TO gone")
        connection.commit()
        worker = Worker(world.books, Inbox())
        worker.start()
        wait_for(lambda: "they stay due" in caplog.text)
        assert arrived == []
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO notices")
        connection.commit()
    wait_for(lambda: len(arrived) == 1)
    worker.stop()
    assert not worker.is_alive()


def test_a_notice_leaves_within_a_second() -> None:
    assert PAUSE <= 0.5


def test_the_process_starts_from_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    app = app_from_env()
    (worker,) = (thread for thread in threading.enumerate() if isinstance(thread, Worker))
    assert app.test_client().get("/healthz").json == {"status": "ok"}
    worker.stop()
    app.extensions["sandbox"].db.dispose()


def test_production_refuses_the_sandbox(tmp_path: Path, make_world: MakeWorld) -> None:
    config = config_from(environment(tmp_path, PARKING_ENV="production"))
    with pytest.raises(WrongUsage, match="never runs in production"):
        create_sandbox(config)
    assert not (tmp_path / "sandbox.db").exists()
    assert isinstance(make_world().app, Flask)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_DATABASE_URL", ""),
        ("SANDBOX_BASE_URL", ""),
        ("SANDBOX_MERCHANTS", ""),
        ("SANDBOX_MERCHANTS", "{"),
        ("SANDBOX_MERCHANTS", "[]"),
        ("SANDBOX_MERCHANTS", '{"an": {}}'),
        ("SANDBOX_MERCHANTS", '{"an": {"name": "An", "secrets": 5, "notify_url": "x"}}'),
        ("SANDBOX_DUPLICATE_RATE", "often"),
        ("SANDBOX_DUPLICATE_RATE", "1.5"),
        ("SANDBOX_DUPLICATE_RATE", "nan"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongUsage, match=name):
        config_from(environment(tmp_path, **{name: value}))


def test_settings_are_read_as_they_are_written(tmp_path: Path) -> None:
    config = config_from(environment(tmp_path, SANDBOX_DUPLICATE_RATE="0.25", SANDBOX_REORDER="1"))
    assert (config.duplicate_rate, config.reorder, config.production) == (0.25, True, False)
    assert config.merchants["an"].secrets == (AN_SECRET,)
    assert AN_SECRET not in repr(config)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"base_url": "sandbox"}, "own address"),
        ({"base_url": ""}, "own address"),
        ({"fee_basis_points": -1}, "fee must be 0 to 10000"),
        ({"fee_basis_points": 10_001}, "fee must be 0 to 10000"),
        ({"merchants": {}}, "at least one merchant"),
        ({"merchants": {"an": replace(merchants()["an"], secrets=())}}, "one or two secrets"),
        ({"merchants": {"an": replace(merchants()["an"], secrets=("short",))}}, "16 characters"),
        ({"merchants": {"an": replace(merchants()["an"], notify_url="/n")}}, "URL for its notices"),
    ],
)
def test_a_sandbox_that_cannot_work_does_not_start(
    make_world: MakeWorld, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(WrongUsage, match=reason):
        make_world(**changes)


def test_the_worker_may_call_the_merchants_and_nobody_else() -> None:
    secure = replace(merchants()["an"], notify_url="https://secure.invalid/n")
    config = SandboxConfig("sqlite://", "http://x.test", {**merchants(), "carol": secure})
    client = client_for(config)
    with pytest.raises(WrongUsage, match="allowed hosts"):
        client.request("POST", "http://elsewhere.test/")
    with pytest.raises(WrongUsage, match="over https"):
        client.request("POST", "http://secure.invalid/n")


def test_merchants_made_from_settings_know_where_their_notices_go() -> None:
    assert merchants()["an"].notify("an") == "http://service.test/payments/an/notify"
