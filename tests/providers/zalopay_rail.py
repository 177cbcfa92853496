"""ZaloPay as the contract sees it: the client, and its double over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from payments.provider import AccountSettings
from payments.providers.zalopay import ZalopayProvider, trans_id
from tests.doubles.credentials import ZALOPAY_APP_ID, ZALOPAY_KEY1, ZALOPAY_KEY2
from tests.doubles.inbox import Inbox
from tests.doubles.zalopay import ZalopayDouble
from tests.providers.doubled import Doubled
from tests.providers.rail import Clock, Rail

SECRET = {"key1": ZALOPAY_KEY1, "key2": ZALOPAY_KEY2}
HEARD: dict[str, object] = {"return_code": 1, "return_message": "success"}


def account(double: ZalopayDouble, *secrets: dict[str, str]) -> AccountSettings:
    settings = {"app_id": str(ZALOPAY_APP_ID), "api_url": double.base_url}
    return AccountSettings("an-zalopay", "test", settings, secrets or (SECRET,))


@contextmanager
def opened() -> Iterator[tuple[Rail, ZalopayDouble]]:
    """The rail and the hand on its company, which tells nobody of a refusal."""
    clock = Clock()
    with (
        Inbox(otherwise=HEARD) as inbox,
        ZalopayDouble(
            ZALOPAY_APP_ID,
            ZALOPAY_KEY1,
            ZALOPAY_KEY2,
            notify_url=inbox.url,
            clock=clock,
            retry_waits=(),
        ) as double,
    ):
        rail = Doubled(double, inbox, clock).rail(ZalopayProvider, account(double), trans_id)
        yield replace(rail, declined_told=False, repeats=False), double


@contextmanager
def zalopay(_folder: Path) -> Iterator[Rail]:
    with opened() as (rail, _):
        yield rail
