"""Chance on the played day, drawn from seeds: the same seed always gives the same day. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta


class Luck:
    """The small chances of one vehicle's day, drawn from its seed in the order it asks."""

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(seed)

    def chance(self, of_thousand: int) -> bool:
        """True this many times in a thousand."""
        return self._rng.randrange(1000) < of_thousand

    def seconds(self, least: int, most: int) -> timedelta:
        """Any span from `least` to `most` seconds."""
        return timedelta(seconds=self._rng.randint(least, most))

    def one_of(self, choices: Sequence[str]) -> str:
        """Any of these."""
        return self._rng.choice(choices)
