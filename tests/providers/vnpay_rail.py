"""VNPAY as the contract sees it: the client, and its double over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import urllib3

from payments.provider import AccountSettings, Checkout
from payments.providers.vnpay import VnpayProvider
from tests.doubles.credentials import VNPAY_SECRET, VNPAY_TMN_CODE
from tests.doubles.inbox import Inbox
from tests.doubles.vnpay import VnpayDouble
from tests.providers.doubled import Doubled
from tests.providers.rail import Clock, Rail

HEARD: dict[str, object] = {"RspCode": "00", "Message": "Confirm Success"}


def account(double: VnpayDouble, *secrets: str) -> AccountSettings:
    settings = {
        "tmn_code": VNPAY_TMN_CODE,
        "pay_url": double.pay_url,
        "api_url": double.api_url,
    }
    live = tuple({"hash_secret": secret} for secret in secrets or (VNPAY_SECRET,))
    return AccountSettings("an-vnpay", "test", settings, live)


@contextmanager
def opened() -> Iterator[tuple[Rail, VnpayDouble]]:
    """The rail and the hand on its company."""
    clock = Clock()
    with (
        Inbox(otherwise=HEARD) as inbox,
        VnpayDouble(
            VNPAY_TMN_CODE, VNPAY_SECRET, notify_url=inbox.url, clock=clock, retry_waits=()
        ) as double,
    ):
        rail = Doubled(double, inbox, clock).rail(VnpayProvider, account(double))
        yield replace(rail, visit=visit, refuses=False), double


def visit(checkout: Checkout) -> None:
    """VNPAY knows an order once a browser came with it."""
    urllib3.request("GET", str(checkout.url), retries=False, redirect=False)


@contextmanager
def vnpay(_folder: Path) -> Iterator[Rail]:
    with opened() as (rail, _):
        yield rail
