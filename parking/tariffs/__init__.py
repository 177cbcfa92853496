"""The rate engine: what a stay costs, why, and by which dated table. Pure; knows no database.

Tariffs are written in `hanoi.toml`, whose opening comment is the whole language.
"""

from __future__ import annotations

from parking.tariffs.book import TariffBook, load_book
from parking.tariffs.engine import Price, price
from parking.tariffs.errors import InvalidTariff
from parking.tariffs.lines import Line
from parking.tariffs.model import STATUSES, TariffVersion, VehicleTariff
from parking.tariffs.words import words

__all__ = [
    "STATUSES",
    "InvalidTariff",
    "Line",
    "Price",
    "TariffBook",
    "TariffVersion",
    "VehicleTariff",
    "load_book",
    "price",
    "words",
]
