"""The VietQR rail as the contract sees it: one bank account, three feeds, each on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.http import HttpClient
from payments.provider import AccountSettings, NoticeRequest, Order
from payments.providers.vietqr import VietqrProvider
from tests.doubles import casso
from tests.doubles.bank import Bank, Entry
from tests.doubles.casso import CassoDouble
from tests.doubles.credentials import (
    CASSO_API_KEY,
    CASSO_WEBHOOK_KEY,
    PAYOS_API_KEY,
    PAYOS_CHECKSUM_KEY,
    PAYOS_CLIENT_ID,
    SEPAY_TOKEN,
    SEPAY_WEBHOOK_SECRET,
)
from tests.doubles.inbox import Inbox
from tests.doubles.payos import PayosDouble
from tests.doubles.payos_wire import PaymentLink, told
from tests.doubles.sepay import SepayDouble
from tests.providers.doubled import as_they_came
from tests.providers.rail import Clock, Rail

SECRET = {
    "sepay_secret": SEPAY_WEBHOOK_SECRET,
    "sepay_token": SEPAY_TOKEN,
    "casso_key": CASSO_WEBHOOK_KEY,
    "casso_api_key": CASSO_API_KEY,
    "payos_checksum_key": PAYOS_CHECKSUM_KEY,
}


@dataclass(kw_only=True)
class Vietqr(Rail):
    """The rail, with the bank and its feeds. Only SePay's webhooks leave by themselves; `heard`
    gives what any of the three says of a line."""

    provider: VietqrProvider
    bank: Bank
    sepay: SepayDouble
    casso: CassoDouble
    payos: PayosDouble

    def heard(self, feed: str, entry: Entry) -> NoticeRequest:
        """The webhook of `feed` about a line of the book."""
        if feed == "sepay":
            message = self.sepay.message(entry, self.clock())
        elif feed == "casso":
            message = self.casso.message(casso.webhook(self.bank.owner, entry), self.clock())
        else:
            link = PaymentLink("link-1", {"orderCode": 7, "amount": 1}, "", self.clock())
            message = self.payos.message(told(self.bank.owner, link, entry))
        return NoticeRequest(message.method, "", message.headers, message.body)

    def with_settings(self, *secrets: dict[str, str], **more: object) -> VietqrProvider:
        """The client of an account that differs in these settings."""
        settings = {**self.account.settings, **more}
        account = AccountSettings("an-vietqr", "test", settings, secrets or (SECRET,))
        return VietqrProvider(account, self.http, self.clock)


@contextmanager
def vietqr(_folder: Path) -> Iterator[Vietqr]:
    """Three feeds over one bank account."""
    clock = Clock()
    bank = Bank(clock)
    payos_keys = (PAYOS_CLIENT_ID, PAYOS_API_KEY, PAYOS_CHECKSUM_KEY)
    with (
        Inbox(otherwise={"success": True}) as inbox,
        SepayDouble(
            bank,
            token=SEPAY_TOKEN,
            secret=SEPAY_WEBHOOK_SECRET,
            notify_url=inbox.url,
            per_second=10_000,
            clock=clock,
        ) as sepay,
        CassoDouble(bank, key=CASSO_WEBHOOK_KEY, api_key=CASSO_API_KEY, clock=clock) as second,
        PayosDouble(*payos_keys, bank=bank, clock=clock) as payos,
    ):
        hosts = [double.base_url for double in (sepay, second, payos)]
        http = HttpClient(hosts, connect=2.0, read=0.5, whole=2.0)
        settings = {
            "bank": bank.owner.bin,
            "account": bank.owner.account,
            "holder": bank.owner.name,
            "feeds": ["sepay", "casso", "payos"],
            "sepay_api_url": f"{sepay.base_url}/userapi",
            "casso_api_url": f"{second.base_url}/v2",
        }
        account = AccountSettings("an-vietqr", "test", settings, (SECRET,))

        def pay(order: Order) -> Entry:
            return bank.receive(order.amount, order.code, damage="vietcombank")

        yield Vietqr(
            provider=VietqrProvider(account, http, clock),
            account=account,
            http=http,
            clock=clock,
            pay=pay,
            decline=lambda order: None,
            notices=as_they_came(sepay, inbox),
            declined_told=False,
            bank=bank,
            sepay=sepay,
            casso=second,
            payos=payos,
        )
