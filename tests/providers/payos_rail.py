"""payOS as the contract sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.provider import AccountSettings, Notice, NoticeRequest
from payments.providers.payos import PayosProvider
from tests.doubles.credentials import PAYOS_API_KEY, PAYOS_CHECKSUM_KEY, PAYOS_CLIENT_ID
from tests.doubles.inbox import Inbox
from tests.doubles.payos import PayosDouble
from tests.providers.doubled import as_they_came, client_of
from tests.providers.rail import Clock, Rail

VECTORS = json.loads(
    (Path(__file__).parents[1] / "doubles" / "vectors" / "payos.json").read_text(encoding="utf-8")
)["vectors"]
LINKS = "/v2/payment-requests"
SECRET = {"api_key": PAYOS_API_KEY, "checksum_key": PAYOS_CHECKSUM_KEY}


@dataclass(kw_only=True)
class Payos(Rail):
    """The rail, with the double for what only payOS does."""

    provider: PayosProvider
    double: PayosDouble

    def with_settings(self, **more: object) -> PayosProvider:
        """The client of an account that differs in these settings."""
        return PayosProvider(account_at(self.double, more), self.http, self.clock)


def account_at(double: PayosDouble, more: Mapping[str, object]) -> AccountSettings:
    settings = {
        "client_id": PAYOS_CLIENT_ID,
        "api_url": double.base_url,
        "page_url": f"{double.base_url}/hosted",
        **more,
    }
    return AccountSettings("an-payos", "test", settings, (SECRET,))


@contextmanager
def payos(_folder: Path) -> Iterator[Payos]:
    """payOS on a port of its own."""
    clock = Clock()
    keys = (PAYOS_CLIENT_ID, PAYOS_API_KEY, PAYOS_CHECKSUM_KEY)
    with Inbox() as inbox, PayosDouble(*keys, notify_url=inbox.url, clock=clock) as double:
        ours, http = account_at(double, {}), client_of(double)
        yield Payos(
            provider=PayosProvider(ours, http, clock),
            account=ours,
            http=http,
            clock=clock,
            pay=lambda order: double.pay(str(order.number)),
            decline=lambda order: double.decline(str(order.number)),
            notices=as_they_came(double, inbox),
            declined_told=False,
            double=double,
        )


def heard(rail: Payos, request: NoticeRequest) -> Notice:
    (told,) = rail.provider.parse_notice(request)
    return told
