"""The sandbox company as the contract sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from payments.http import HttpClient
from payments.provider import AccountSettings, HttpAnswer, NoticeRequest
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.app import create_sandbox
from payments.sandbox.books import Books
from payments.sandbox.client import SandboxTest
from payments.sandbox.config import Merchant, SandboxConfig
from payments.sandbox.notices import deliver_due
from tests.providers.rail import Clock, Rail

BASE = "http://sandbox.test"
SECRET = "an-secret-0123456789"


@dataclass
class Door:
    """Our notify address: keeps what the sandbox sent."""

    arrived: list[NoticeRequest] = field(default_factory=list)

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self.arrived.append(NoticeRequest(method, "", headers or {}, body))
        return HttpAnswer(200, {}, b"")


@contextmanager
def sandbox(folder: Path) -> Iterator[Rail]:
    """The sandbox's own application and database, called without a socket."""
    clock = Clock()
    notify_url = "http://service.test/payments/an/notify"
    config = SandboxConfig(
        database_url=f"sqlite:///{folder}/sandbox.db",
        base_url=BASE,
        merchants={"an": Merchant("Công ty An", (SECRET,), notify_url)},
    )
    app = create_sandbox(config)
    http = HttpClient((BASE,), mounts={BASE: app})
    settings = {"base_url": BASE, "merchant": "an", "test_clock": True}
    account = AccountSettings("an-sandbox", "test", settings, ({"secret": SECRET},))
    payer = SandboxTest(account, http, clock)
    books: Books = app.extensions["sandbox"]

    def notices() -> Sequence[NoticeRequest]:
        door = Door()
        deliver_due(books.db, books.config, clock(), door)
        return door.arrived

    yield Rail(
        provider=SandboxProvider(account, http, clock),
        account=account,
        http=http,
        clock=clock,
        pay=lambda order: payer.act(order.code, "pay"),
        decline=lambda order: payer.act(order.code, "decline"),
        notices=notices,
        next_night=lambda: clock.forward(hours=16, minutes=30),
    )
