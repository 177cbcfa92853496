"""What every room needs, handed in once: settings, databases, providers, keys, tariffs, the clock."""

from __future__ import annotations

from dataclasses import dataclass

from parking.config import Config
from parking.tariffs import TariffBook
from payments.accounts import Gateways
from payments.db import Databases
from payments.provider import Clock
from qr.links import KeyRing


@dataclass(frozen=True)
class House:
    """Built by `parking.app.build`; pages and commands receive it, logic receives its parts."""

    config: Config
    databases: Databases
    gateways: Gateways
    keys: KeyRing
    tariffs: TariffBook
    clock: Clock
