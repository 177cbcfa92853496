"""payOS as the contract sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.http import HttpClient
from payments.provider import AccountSettings
from payments.providers.payos import PayosProvider
from tests.doubles.credentials import PAYOS_API_KEY, PAYOS_CHECKSUM_KEY, PAYOS_CLIENT_ID
from tests.doubles.inbox import Inbox
from tests.doubles.payos import PayosDouble
from tests.providers.arrived import arrived
from tests.providers.rail import Clock, Rail

SECRET = {"api_key": PAYOS_API_KEY, "checksum_key": PAYOS_CHECKSUM_KEY}


@dataclass(kw_only=True)
class Payos(Rail):
    """The rail, with the double for what only payOS does."""

    double: PayosDouble

    def provider_with(self, **settings: object) -> PayosProvider:
        return provider_of(self.double, self.clock, settings)


def provider_of(
    double: PayosDouble,
    clock: Clock,
    settings: Mapping[str, object],
    secrets: tuple[Mapping[str, str], ...] = (SECRET,),
) -> PayosProvider:
    """The client of `double`; half a second is long enough for it to answer."""
    known: dict[str, object] = {
        "client_id": PAYOS_CLIENT_ID,
        "api_url": double.base_url,
        "page_url": f"{double.base_url}/hosted",
    }
    account = AccountSettings("an-payos", "test", known | dict(settings), secrets)
    http = HttpClient([double.base_url.removeprefix("http://")], read=0.5)
    return PayosProvider(account, http, clock)


@contextmanager
def payos(_folder: Path) -> Iterator[Payos]:
    """payOS on a port of its own."""
    clock = Clock()
    keys = (PAYOS_CLIENT_ID, PAYOS_API_KEY, PAYOS_CHECKSUM_KEY)
    with Inbox() as inbox, PayosDouble(*keys, notify_url=inbox.url, clock=clock) as double:
        yield Payos(
            provider=provider_of(double, clock, {}),
            clock=clock,
            pay=lambda order: double.pay(str(order.number)),
            decline=lambda order: double.decline(str(order.number)),
            notices=lambda: arrived(double, inbox),
            declined_told=False,
            double=double,
        )
