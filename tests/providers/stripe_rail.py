"""Stripe as the contract sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.models import Payment
from payments.provider import AccountSettings, Notice, Order
from payments.providers.stripe import StripeProvider
from payments.providers.stripe_events import EVENTS
from tests.doubles.credentials import STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET
from tests.doubles.inbox import Inbox
from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_objects import Terms
from tests.providers.doubled import as_they_came, client_of
from tests.providers.rail import Clock, Rail
from tests.providers.shop import Shop

ABROAD = Terms()
#: An account whose settlement currency is the payer's.
AT_HOME = Terms(settles_in="vnd", minimum=13_000, fee_fixed=8_000, dispute_fee=350_000)
SECRET = {"api_key": STRIPE_API_KEY, "webhook_secret": STRIPE_WEBHOOK_SECRET}


@dataclass(kw_only=True)
class Stripe(Rail):
    """The rail, with the double for what only Stripe does."""

    provider: StripeProvider
    double: StripeDouble

    def session(self, order: Order) -> str:
        """The session of an order, whether its name reached us or not."""
        return session_of(self.double, order)

    def charge(self, order: Order) -> str:
        """The charge of an order that was paid."""
        return self.receipt(order).rail_ref


def session_of(double: StripeDouble, order: Order) -> str:
    (found,) = (
        session["id"]
        for session in double.store.all("checkout.session")
        if session["client_reference_id"] == order.code
    )
    return str(found)


@contextmanager
def stripe(_folder: Path, terms: Terms = ABROAD) -> Iterator[Stripe]:
    """Stripe on a port of its own; its endpoint is told of the events a real one should be."""
    clock = Clock()
    with (
        Inbox() as inbox,
        StripeDouble(
            STRIPE_API_KEY,
            [STRIPE_WEBHOOK_SECRET],
            notify_url=inbox.url,
            enabled_events=EVENTS,
            terms=terms,
            clock=clock,
        ) as double,
    ):
        ours = AccountSettings("an-stripe", "test", {"api_url": double.base_url}, (SECRET,))
        http = client_of(double)
        yield Stripe(
            provider=StripeProvider(ours, http, clock),
            account=ours,
            http=http,
            clock=clock,
            pay=lambda order: double.pay(session_of(double, order)),
            decline=lambda order: double.decline(session_of(double, order)),
            notices=as_they_came(double, inbox),
            next_night=lambda: clock.forward(hours=17, minutes=30),
            declined_told=False,
            double=double,
        )


def heard(rail: Rail) -> list[Notice]:
    """Everything Stripe has told us of since the last time, as we read it."""
    return [one for request in rail.notices() for one in rail.provider.parse_notice(request)]


def paid(shop: Shop, name: str = "1") -> Payment:
    payment = shop.start(name)
    shop.rail.pay(shop.order(payment))
    tell_all(shop)
    return shop.payment(payment)


def tell_all(shop: Shop) -> None:
    for request in shop.rail.notices():
        for told in shop.rail.provider.parse_notice(request):
            shop.tell(told)
