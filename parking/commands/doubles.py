"""Protocol doubles beside the service: each rail of `PROVIDERS` can be clicked through in a browser.

The doubles are written from the companies' documents alone and belong to the tests, so they run as
processes of their own (``python -m tests.doubles``) and say themselves which account fits them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from parking.commands.processes import Part, check_port
from parking.config import Config
from parking.house import House
from parking.languages import mark
from parking.sandbox import seeded
from payments.accounts import open_account
from payments.errors import WrongUsage
from payments.models import MerchantAccount
from payments.web import notify_path

DOUBLES = (sys.executable, "-m", "tests.doubles")


def slug_of(name: str) -> str:
    """The merchant account of the first seeded operator at the double `name`."""
    return f"{seeded()['operator'][0]['code']}-{name}"


def doubles(config: Config) -> list[Part]:
    """One process for each double; it notifies our own door."""
    return [
        Part(
            name,
            [
                *(*DOUBLES, name, "--port", str(urlsplit(url).port), "--notify-url"),
                f"http://127.0.0.1:{config.port}{notify_path(slug_of(name))}",
            ],
            {},
        )
        for name, url in config.doubles
    ]


def check_doubles(config: Config) -> None:
    """Raises `PortTaken` before anything is started."""
    for name, url in config.doubles:
        check_port("127.0.0.1", urlsplit(url).port or 0, f"PROVIDERS ({name})")


def open_accounts(house: House) -> None:
    """Open an account at each double, or bring it up to date. Raises `WrongUsage` for a double
    nobody knows, or when the tests are not there."""
    for name, url in house.config.doubles:
        _open(house, slug_of(name), _described(name, url))


def _described(name: str, url: str) -> dict[str, Any]:
    asked = subprocess.run(
        [*DOUBLES, name, "--account", url], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        raise WrongUsage(
            mark("PROVIDERS names %(name)s, but there is no such double here: %(reason)s"),
            name=name,
            reason=(asked.stderr.strip().splitlines() or ["?"])[-1],
        )
    described: dict[str, Any] = json.loads(asked.stdout)
    return described


def _open(house: House, slug: str, described: dict[str, Any]) -> None:
    vault = house.gateways.vault
    with house.databases.write.begin() as tx:
        known = tx.scalar(select(MerchantAccount).where(MerchantAccount.slug == slug))
        if known is not None:
            # ports move with PORT; the credentials of doubles never change
            known.settings = described["settings"]
            return
        open_account(
            tx,
            vault,
            slug=slug,
            operator=seeded()["operator"][0]["code"],
            provider=described["provider"],
            mode="test",
            settings=described["settings"],
            secret=described["secret"],
            now=house.clock(),
        )
