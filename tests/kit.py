"""A small, named cast for tests: two operators, two lots, an attendant each, one accountant.

Hoa runs the lots of Hoàn Kiếm, Tú those of Thăng Long; the sandbox provider is real and is called
without sockets. The clock stands still until a test moves it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import Select, select

from parking.config import Config
from parking.house import House
from parking.journey import Journey
from parking.lots.models import Lot, LotTariff, Operator, Sign
from parking.lots.service import sign_version
from parking.sandbox import FEE_BASIS_POINTS, account_slug, merchant_secret, sandbox_config
from parking.sessions import quotes
from parking.sessions.models import ParkingSession
from parking.sessions.service import Arrival, enter
from parking.tariffs import load_book
from payments.accounts import Gateways, open_account
from payments.db import Databases
from payments.http import HttpClient
from payments.models import MerchantAccount, Payment
from payments.polling import poll_payment
from payments.providers.sandbox import SandboxProvider
from payments.sandbox.app import create_sandbox
from payments.sandbox.books import Books
from payments.sandbox.client import SandboxTest
from payments.sandbox.notices import deliver_due
from payments.secrets import Vault
from qr.links import KeyRing

MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
OPERATORS = (
    ("hoan-kiem", "Công ty Cổ phần Bãi xe Hoàn Kiếm"),
    ("thang-long", "Công ty TNHH Thăng Long"),
)
LOTS = (("HK01", "Bãi xe Trần Quang Khải", "hoan-kiem"), ("DD01", "Bãi xe Chùa Bộc", "thang-long"))
TARIFFS = {
    "car": "hn-dong-da",
    "motorbike": "hn-inner-two-wheel",
    "bicycle": "hn-inner-two-wheel",
}


@dataclass
class StillClock:
    """A clock that moves only when told to."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        """Let time pass; the new now."""
        self.now += timedelta(**span)
        return self.now


def config_for(folder: Path, database_url: str) -> Config:
    """Settings as development makes them, with fixed keys."""
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    return Config.from_env(
        {
            "PARKING_VAR": str(folder / "var"),
            "DATABASE_URL": database_url,
            "SANDBOX_DATABASE_URL": f"sqlite:///{folder}/sandbox.db",
            "SECRET_KEY": "s" * 48,
            "SIGN_KEYS": f"a:{key}",
            "SECRETS_KEY": Fernet.generate_key().decode(),
            "SANDBOX_SECRET": "x" * 40,
        }
    )


@dataclass
class Town:
    """A house with its cast and the sandbox beside it."""

    house: House
    clock: StillClock
    sandbox: Flask
    http: HttpClient
    lots: dict[str, Lot] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock.now

    def arrive(
        self,
        plate: str = "30A-123.45",
        vehicle: str = "car",
        *,
        lot: str = "HK01",
        declared: bool = True,
        actor: str = "driver",
    ) -> ParkingSession:
        """A vehicle comes in now; a driver who declares it has scanned the lot's sign."""
        place = self.lots[lot]
        with self.house.databases.read() as tx:
            sign_id = sign_version(tx, place, 1).id if declared else None
        arrival = Arrival(place, plate, vehicle, self.now, actor, declared, sign_id)
        with self.house.databases.write.begin() as tx:
            return enter(tx, self.house.tariffs, arrival, self.now).session

    def account(self, operator: str = "hoan-kiem") -> MerchantAccount:
        """The operator's sandbox account."""
        slug = account_slug(operator)
        with self.house.databases.read() as tx:
            return tx.scalars(select(MerchantAccount).where(MerchantAccount.slug == slug)).one()

    def checkout(self, session: ParkingSession) -> Payment:
        """The driver presses "pay" and is sent to the provider."""
        config = self.house.config
        return quotes.pay(
            self.house.databases.write,
            self.house.gateways,
            self.house.tariffs,
            session.id,
            self.account(session.lot.operator.code),
            Journey(config.public_url, f"{config.public_url}/s/{session.token}"),
            self.now,
        )

    def act(self, payment: Payment, act: str = "pay", **more: int) -> None:
        """What the driver does on the provider's page."""
        self.driver_of(payment.account).act(payment.code, act, at=self.now, **more)

    def driver_of(self, account: MerchantAccount) -> SandboxTest:
        """The test side of the sandbox for one account."""
        return SandboxTest(self.house.gateways.settings(account), self.http, self.clock)

    def deliver(self, door: Flask) -> int:
        """The sandbox's notices that are due reach `door`, our web application."""
        books: Books = self.sandbox.extensions["sandbox"]
        port = self.house.config.port
        address = f"http://127.0.0.1:{port}"
        wire = HttpClient((address,), mounts={address: door})
        return deliver_due(books.db, books.config, self.now, wire)

    def pay(self, session: ParkingSession) -> Payment:
        """The driver pays, and we learn of it by asking."""
        payment = self.checkout(session)
        self.act(payment)
        return self.learn(payment)

    def learn(self, payment: Payment) -> Payment:
        """Ask the provider about one payment now."""
        databases = self.house.databases
        poll_payment(databases.write, self.house.gateways, payment.id, self.now)
        with databases.read() as tx:
            return tx.get_one(Payment, payment.id)


def make_town(databases: Databases, folder: Path, database_url: str) -> Town:
    """A fresh town: cast, accounts, signs, sandbox."""
    town = bare_town(databases, folder, database_url)
    _settle(town)
    return town


def bare_town(databases: Databases, folder: Path, database_url: str) -> Town:
    """A town in which nothing was founded yet: an empty database beside the sandbox."""
    clock = StillClock()
    config = config_for(folder, database_url)
    sandbox = create_sandbox(sandbox_config(config))
    http = HttpClient((config.sandbox_url,), mounts={config.sandbox_url: sandbox})
    house = House(
        config=config,
        databases=databases,
        gateways=Gateways({"sandbox": SandboxProvider}, http, clock, Vault(config.secrets_keys)),
        keys=KeyRing(dict(config.sign_keys)),
        tariffs=load_book(None),
        clock=clock,
    )
    return Town(house, clock, sandbox, http)


def _settle(town: Town) -> None:
    house, now = town.house, town.now
    with house.databases.write.begin() as tx:
        for code, name in OPERATORS:
            tx.add(Operator(code=code, legal_name=name, tax_code="0100000001", unverified=True))
            slug = account_slug(code)
            open_account(
                tx,
                house.gateways.vault,
                slug=slug,
                operator=code,
                provider="sandbox",
                mode="test",
                settings={
                    "base_url": house.config.sandbox_url,
                    "merchant": slug,
                    "fee_permyriad": FEE_BASIS_POINTS,
                    "test_clock": True,
                },
                secret={"secret": merchant_secret(house.config, slug)},
                now=now,
            )
        tx.flush()
        for number, name, operator in LOTS:
            town.lots[number] = _lot(number, name, tx.scalars(_operator(operator)).one(), now)
            tx.add(town.lots[number])
        tx.flush()
        for lot in town.lots.values():
            tx.add(Sign(lot_id=lot.id, version=1, issued_at=now))


def _operator(code: str) -> Select[Operator]:
    return select(Operator).where(Operator.code == code)


def _lot(number: str, name: str, operator: Operator, now: datetime) -> Lot:
    return Lot(
        number=number,
        name=name,
        street=name.removeprefix("Bãi xe "),
        ward="Phường Hoàn Kiếm",
        former_district="Hoàn Kiếm",
        latitude="21.0296",
        longitude="105.8571",
        source="ours",
        unverified=True,
        operator=operator,
        created_at=now,
        tariffs=[
            LotTariff(vehicle_class=vehicle, tariff_code=code) for vehicle, code in TARIFFS.items()
        ],
    )
