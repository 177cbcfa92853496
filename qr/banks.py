"""The banks a VietQR code can pay into, by their six-digit number (BIN); the list is `napas_bins.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank, or another house NAPAS routes to. `code` is empty where no public list gives one."""

    bin: str
    code: str
    short_name: str
    name: str


@cache
def banks() -> Mapping[str, Bank]:
    """BIN → bank, of every bank we know. An unknown BIN can still be a good one: lists grow."""
    listed = tomllib.loads(resources.files("qr").joinpath("napas_bins.toml").read_text("utf-8"))
    return MappingProxyType({number: Bank(number, **facts) for number, facts in listed.items()})
