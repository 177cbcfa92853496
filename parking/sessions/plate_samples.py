"""Invented plates that look like a real street: for playing a city day and for tests."""

from __future__ import annotations

import random

from parking.sessions.plate_formats import (
    DIPLOMATIC_SERIES,
    FIRST_LETTERS,
    PROVINCES,
    SECOND_LETTERS,
    SPECIAL_SERIES,
    dotted,
)
from payments.errors import WrongUsage

#: Of a hundred vehicles parked in Hanoi this many are registered there; our estimate.
_LOCAL_PERCENT = 72
_LOCAL = [code for code, name in PROVINCES.items() if name == "Hà Nội"]
_ELSEWHERE = [code for code, name in PROVINCES.items() if name != "Hà Nội" and code != "80"]
_PAIRS = [
    first + second
    for first in FIRST_LETTERS
    for second in SECOND_LETTERS
    if first + second not in (*SPECIAL_SERIES, *DIPLOMATIC_SERIES, "MD", "CT", "LB")
]


def random_plate(rng: random.Random, vehicle_class: str) -> str:
    """A plausible display form for a `car` or `motorbike`; the same `rng` state gives the same plate.

    Hanoi weighs most, every province occurs; old and new layouts, rarely army, diplomatic and special.
    Raises `WrongUsage` for a vehicle class that carries no plate.
    """
    if vehicle_class not in ("car", "motorbike"):
        raise WrongUsage("A %(vehicle)s has no licence plate.", vehicle=vehicle_class)
    odd = rng.randrange(1000)
    if odd < 4:
        return f"{rng.choice('ABHKPQT')}{rng.choice('ABCHNPT')}-{_digits(rng, 2)}-{_digits(rng, 2)}"
    if odd < 8:
        return _diplomatic(rng)
    return _car(rng) if vehicle_class == "car" else _motorbike(rng)


def _car(rng: random.Random) -> str:
    odd = rng.randrange(1000)
    if odd < 10:
        return f"{_province(rng)}LD-{dotted(_digits(rng, 5))}"
    letter = rng.choice(FIRST_LETTERS.replace("T", ""))
    return f"{_province(rng)}{letter}-{dotted(_digits(rng, 4 if odd < 40 else 5))}"


def _motorbike(rng: random.Random) -> str:
    layout = rng.randrange(100)
    number = dotted(_digits(rng, 4 if layout < 6 else 5))
    if layout >= 97:
        series = f"MĐ{rng.randint(1, 9)}"
    elif layout >= 60:
        series = rng.choice(_PAIRS)
    else:
        series = f"{rng.choice(FIRST_LETTERS)}{rng.randint(1, 9)}"
    return f"{_province(rng)}-{series} {number}"


def _diplomatic(rng: random.Random) -> str:
    series = rng.choice(DIPLOMATIC_SERIES)
    return f"{rng.choice(['29', '80'])}-{rng.randint(11, 899):03d}-{series}-{_digits(rng, 2)}"


def _province(rng: random.Random) -> str:
    return rng.choice(_LOCAL if rng.randrange(100) < _LOCAL_PERCENT else _ELSEWHERE)


def _digits(rng: random.Random, count: int) -> str:
    return f"{rng.randint(1, 10**count - 1):0{count}d}"
