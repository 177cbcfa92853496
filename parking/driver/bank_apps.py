"""Links that open a bank application on the phone that shows the page.

What is known of each application, and where from, stands in `bank_apps.toml`. A link names payee,
amount and code only for an application that takes them over: nobody else needs to learn them. It
never holds the address of a session, which is a secret; who comes back comes to the front page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import quote_plus

from payments.provider import BankTransfer


@dataclass(frozen=True, slots=True)
class BankApp:
    """`link` opens the application `name`; when `fills_in`, with the details of the transfer."""

    name: str
    link: str
    fills_in: bool


@dataclass(frozen=True, slots=True)
class _Known:
    address: str
    apps: Sequence[Mapping[str, object]]
    #: bank number (BIN) → what these links call the bank
    payees: Mapping[str, str]


@cache
def _known() -> _Known:
    text = resources.files("parking.driver").joinpath("bank_apps.toml").read_text("utf-8")
    return _Known(**tomllib.loads(text))


def bank_apps(transfer: BankTransfer, amount: int, home: str) -> list[BankApp]:
    """Every application a link can open for `transfer` of `amount` dong, those that fill in its
    details first; `home` is our public address. None fills in when the links cannot name the bank."""
    known = _known()
    details = _details(transfer, amount, home)
    apps = []
    for app in known.apps:
        fills_in = bool(app["fills_in"]) and bool(details)
        link = f"{known.address}?app={app['id']}{details if fills_in else ''}"
        apps.append(BankApp(str(app["name"]), link, fills_in))
    return sorted(apps, key=lambda app: not app.fills_in)


def _details(transfer: BankTransfer, amount: int, home: str) -> str:
    bank = _known().payees.get(transfer.bank)
    if bank is None:
        return ""
    return (
        f"&am={amount}&tn={quote_plus(transfer.purpose)}&ba={quote_plus(transfer.account)}@{bank}"
        f"&bn={quote_plus(transfer.holder)}&url={home}"
    )
