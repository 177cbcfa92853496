"""MoMo as the contract sees it: the client, and its double over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from payments.provider import AccountSettings
from payments.providers.momo import MomoProvider
from tests.doubles.credentials import MOMO_ACCESS_KEY, MOMO_PARTNER_CODE, MOMO_SECRET_KEY
from tests.doubles.inbox import Inbox
from tests.doubles.momo import MomoDouble
from tests.providers.doubled import Doubled
from tests.providers.rail import Clock, Rail

SECRET = {"access_key": MOMO_ACCESS_KEY, "secret_key": MOMO_SECRET_KEY}


def account(double: MomoDouble, *secrets: dict[str, str]) -> AccountSettings:
    settings = {"partner_code": MOMO_PARTNER_CODE, "api_url": double.base_url}
    return AccountSettings("an-momo", "test", settings, secrets or (SECRET,))


@contextmanager
def opened() -> Iterator[tuple[Rail, MomoDouble]]:
    """The rail and the hand on its company."""
    clock = Clock()
    with (
        Inbox(otherwise=204) as inbox,
        MomoDouble(
            MOMO_PARTNER_CODE,
            MOMO_ACCESS_KEY,
            MOMO_SECRET_KEY,
            notify_url=inbox.url,
            clock=clock,
        ) as double,
    ):
        rail = Doubled(double, inbox, clock).rail(MomoProvider, account(double))
        yield replace(rail, repeats=False), double


@contextmanager
def momo(_folder: Path) -> Iterator[Rail]:
    with opened() as (rail, _):
        yield rail
