"""A house with one merchant account on a real rail: database, books, door and polls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import Fernet
from sqlalchemy import func as sql
from sqlalchemy import select

from payments import refunds
from payments.accounts import Gateways, open_account
from payments.checkout import Request, order_of, start
from payments.db import Databases
from payments.models import MerchantAccount, Movement, Payment, Refund
from payments.polling import poll
from payments.provider import Checkout, Order
from payments.provider import Notice as Told
from payments.providers import PROVIDERS
from payments.secrets import Vault
from payments.service import Recorded, record
from payments.web import notify_path
from tests.payments.kit import books
from tests.payments.test_web import make_app, serving
from tests.providers.rail import PRICE, Rail

SLUG = "an"


@dataclass
class Shop:
    """Collects by `rail` into `databases`."""

    rail: Rail
    databases: Databases
    gateways: Gateways
    account: MerchantAccount

    def start(self, name: str = "1") -> Payment:
        """A payment that was announced, whose driver went on to the company's page."""
        now = self.rail.clock()
        request = Request(
            account=self.account,
            reference=f"session-{name}",
            intent=f"quote-{name}",
            amount=PRICE,
            cost_centre="HK-001",
            product="stay.car",
            description="HK-001 29A-123.45",
            expires_at=now + timedelta(minutes=15),
            return_url="https://parking.test/s/1?c={code}",
            notify_url=f"https://parking.test{notify_path(SLUG)}",
            method=self.rail.method,
            payer_ip="203.0.113.7",
        )
        payment = start(self.databases.write, self.gateways, request, now)
        if payment.checkout_url:
            self.rail.visit(Checkout(payment.checkout_url))
        return payment

    def order(self, payment: Payment) -> Order:
        return order_of(self.payment(payment))

    def payment(self, payment: Payment) -> Payment:
        """The payment as it stands now."""
        with self.databases.read() as tx:
            return tx.get_one(Payment, payment.id)

    def tell(self, told: Told) -> Recorded:
        with self.databases.write.begin() as tx:
            return record(tx, self.account, told, self.rail.clock(), source="webhook")

    def ask_back(self, payment: Payment, amount: int, key: str) -> Refund:
        """A refund set aside in our books, not sent yet."""
        wish = refunds.RefundRequest(payment.id, amount, "charge", "left early", "lan", key)
        with self.databases.write.begin() as tx:
            return refunds.ask(tx, wish, self.rail.clock())

    def send(self, refund: Refund) -> Refund:
        return refunds.send(self.databases.write, self.gateways, refund.id, self.rail.clock())

    def refund(self, refund: Refund) -> Refund:
        with self.databases.read() as tx:
            return tx.get_one(Refund, refund.id)

    def poll_later(self, **span: float) -> None:
        """Time passes, then one round of polls."""
        self.rail.clock.forward(**span)
        poll(self.databases.write, self.gateways, self.rail.clock())

    def movements(self, payment: Payment) -> int:
        with self.databases.read() as tx:
            of = Movement.payment_id == payment.id
            return int(tx.scalar(select(sql.count()).select_from(Movement).where(of)) or 0)

    def books(self, payment: Payment | None = None) -> Mapping[str, int]:
        with self.databases.read() as tx:
            return books(tx, payment)

    @contextmanager
    def door(self) -> Iterator[str]:
        """The address of this house's notify door, over real HTTP."""
        with serving(make_app(self.databases, self.gateways)) as port:
            yield f"http://127.0.0.1:{port}{notify_path(SLUG)}"


def make_shop(rail: Rail, databases: Databases) -> Shop:
    vault = Vault([Fernet.generate_key().decode()])
    newest, *older = rail.account.secrets
    with databases.write.begin() as tx:
        account = open_account(
            tx,
            vault,
            slug=SLUG,
            operator="An Bình",
            provider=rail.provider.name,
            mode=rail.account.mode,
            settings=rail.account.settings,
            secret=newest,
            now=rail.clock(),
        )
        account.secrets = [vault.seal_parts(dict(secret)) for secret in (newest, *older)]
    return Shop(rail, databases, Gateways(PROVIDERS, rail.http, rail.clock, vault), account)
