"""The cast: two operators (An and Binh) who collect through one sandbox, one clock they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from payments.db import CITY_ZONE
from payments.http import HttpClient
from payments.provider import AccountSettings, HttpAnswer, NoticeRequest, Order, RefundOrder
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.app import create_sandbox
from payments.sandbox.books import Books
from payments.sandbox.client import SandboxTest
from payments.sandbox.config import Merchant, SandboxConfig

BASE = "http://sandbox.test"
AN_SECRET, BINH_SECRET = "an-secret-0123456789", "binh-secret-0123456789"
MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=CITY_ZONE)
TODAY = MORNING.date()
TOMORROW = TODAY + timedelta(days=1)


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: int) -> None:
        self.now += timedelta(**span)

    def after_midnight(self, days: int = 1) -> None:
        """00:30 of the day `days` after today: yesterday's files are out."""
        midnight = MORNING.replace(hour=0, minute=30)
        self.now = midnight + timedelta(days=days)


@dataclass
class Inbox:
    """A merchant's notice address: remembers what came and answers from a list of statuses."""

    statuses: list[int] = field(default_factory=list)
    arrived: list[NoticeRequest] = field(default_factory=list)

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        status = self.statuses.pop(0) if self.statuses else 200
        self.arrived.append(NoticeRequest(method, url, headers or {}, body))
        return HttpAnswer(status, {}, b"")


def merchants() -> dict[str, Merchant]:
    notify = "http://service.test/payments/{merchant}/notify"
    return {
        "an": Merchant("Công ty An", (AN_SECRET,), notify),
        "binh": Merchant("Công ty Bình", (BINH_SECRET,), notify),
    }


def account(merchant: str = "an", secret: str = AN_SECRET, **settings: object) -> AccountSettings:
    whole = {"base_url": BASE, "merchant": merchant, **settings}
    return AccountSettings(f"{merchant}-sandbox", "test", whole, ({"secret": secret},))


@dataclass
class World:
    clock: Clock
    config: SandboxConfig
    app: Flask
    http: HttpClient
    an: SandboxProvider
    binh: SandboxProvider
    drive: SandboxTest

    @property
    def books(self) -> Books:
        found: Books = self.app.extensions["sandbox"]
        return found

    def order(self, number: int = 1, amount: int = 20_000, **changes: Any) -> Order:
        """An order of An's, announced: it expires in fifteen minutes."""
        order = Order(
            code=f"PK{number:07d}",
            number=number,
            amount=amount,
            currency="VND",
            description="Gửi xe Phố Hàng Trống",
            created_at=self.clock(),
            expires_at=self.clock() + timedelta(minutes=15),
            return_url="https://parking.test/s/abc",
            notify_url="https://parking.test/payments/an-sandbox/notify",
        )
        order = replace(order, **changes)
        self.an.start(order)
        return order

    def paid(self, number: int = 1, amount: int = 20_000) -> Order:
        order = self.order(number, amount)
        self.drive.act(order.code, "pay")
        return order

    def pump(self, inbox: Inbox | None = None) -> Inbox:
        """Deliver every notice due now."""
        inbox = inbox or Inbox()
        self.books.deliver_due(self.clock(), inbox)
        return inbox


def giving_back(key: str, amount: int, payment: Order) -> RefundOrder:
    """A refund as the house asks for it."""
    return RefundOrder(key, 1, amount, payment.created_at, "lan", "left early", payment)


MakeWorld = Callable[..., World]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_world(tmp_path: Path, clock: Clock) -> Iterator[MakeWorld]:
    """Builds a sandbox on a database of its own; called again, the same database."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        config = SandboxConfig(
            database_url=f"sqlite:///{tmp_path / 'sandbox.db'}",
            base_url=BASE,
            merchants=merchants(),
            clock=clock,
        )
        config = replace(config, **settings)
        app = create_sandbox(config)
        http = HttpClient((), mounts={BASE: app.wsgi_app})
        made.append(
            World(
                clock=clock,
                config=config,
                app=app,
                http=http,
                an=SandboxProvider(account(), http, clock),
                binh=SandboxProvider(account("binh", BINH_SECRET), http, clock),
                drive=SandboxTest(account(), http, clock),
            )
        )
        return made[-1]

    yield make
    for world in made:
        world.books.db.dispose()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
