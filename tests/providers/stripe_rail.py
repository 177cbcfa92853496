"""Stripe as the contract sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.http import HttpClient
from payments.provider import AccountSettings
from payments.providers.stripe import StripeProvider
from payments.providers.stripe_events import EVENTS
from tests.doubles.credentials import STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET
from tests.doubles.inbox import Inbox
from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_objects import Terms
from tests.providers.arrived import arrived
from tests.providers.rail import Clock, Rail

ABROAD = Terms()
#: An account whose settlement currency is the payer's.
AT_HOME = Terms(settles_in="vnd", minimum=13_000, fee_fixed=8_000, dispute_fee=350_000)
SECRET = {"api_key": STRIPE_API_KEY, "webhook_secret": STRIPE_WEBHOOK_SECRET}


@dataclass(kw_only=True)
class Stripe(Rail):
    """The rail, with the double for what only Stripe does."""

    double: StripeDouble


def provider_of(
    double: StripeDouble,
    clock: Clock,
    *,
    mode: str = "test",
    secrets: tuple[Mapping[str, str], ...] = (SECRET,),
) -> StripeProvider:
    """The client of `double`; half a second is long enough for it to answer."""
    account = AccountSettings("an-stripe", mode, {"api_url": double.base_url}, secrets)
    http = HttpClient([double.base_url.removeprefix("http://")], read=0.5)
    return StripeProvider(account, http, clock)


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
            clock=clock,
            terms=terms,
        ) as double,
    ):
        yield Stripe(
            provider=provider_of(double, clock),
            clock=clock,
            pay=lambda order: double.pay(order.provider_ref or ""),
            decline=lambda order: double.decline(order.provider_ref or ""),
            notices=lambda: arrived(double, inbox),
            next_night=lambda: clock.forward(hours=17, minutes=30),
            declined_told=False,
            double=double,
        )
