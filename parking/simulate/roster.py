"""Who works where and when on the played day. Pure.

Every attendant works from half past five until half past eleven at night: at each of their lots in
turn, one shift each. Several attendants with the same lots take turns there, so that one hands over
to the next. The last shift of the first attendant lasts past midnight.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil

from parking.people.badge import Badge
from payments.db import business_day

BEGINS, ENDS = timedelta(hours=5, minutes=30), timedelta(hours=23, minutes=30)
#: The shift that lasts into the next day ends so long after midnight.
PAST_MIDNIGHT = timedelta(hours=24, minutes=10)
#: What lies in a till at the beginning, in dong.
FLOAT = 200_000
#: A wrong count is out by so many of these, in dong.
NOTE, MOST_NOTES = 5_000, 8


@dataclass(frozen=True, slots=True)
class Watch:
    """One shift at one lot (its printed number); `wrong_by` dong lie in the till beyond what was
    taken when it is counted, or lack (< 0)."""

    badge: Badge
    lot: str
    begins: datetime
    ends: datetime
    wrong_by: int = 0


@dataclass(frozen=True, slots=True)
class Hand:
    """An attendant and the printed numbers of their lots."""

    badge: Badge
    lots: tuple[str, ...]


def roster(hands: Collection[Hand], midnight: datetime, seed: int, share: float) -> Sequence[Watch]:
    """The shifts of the day that begins at `midnight`, by their beginning; of those that end on it
    `share` are counted wrongly, rounded up, short and over in turns."""
    ordered = sorted(hands, key=lambda hand: (hand.lots, hand.badge.username))
    found = [
        watch
        for _, crew in groupby(ordered, key=lambda hand: hand.lots)
        for watch in _watches(list(crew), midnight)
    ]
    found.sort(key=lambda watch: (watch.begins, watch.lot))
    if found:
        last = max(found, key=lambda watch: watch.ends)
        place = found.index(last)
        found[place] = replace(last, ends=midnight + PAST_MIDNIGHT)
    return _miscounted(found, midnight, seed, share)


def _watches(crew: Sequence[Hand], midnight: datetime) -> Iterator[Watch]:
    """In every turn each lot has one of the crew, as far as they go, and the next turn another."""
    lots = crew[0].lots
    turns = max(len(lots), len(crew))
    length = (ENDS - BEGINS) / turns
    for turn in range(turns):
        begins = midnight + BEGINS + turn * length
        for rank, hand in enumerate(crew):
            place = (rank + turn) % turns
            if place < len(lots):
                yield Watch(hand.badge, lots[place], begins, begins + length)


def _miscounted(
    watches: Sequence[Watch], midnight: datetime, seed: int, share: float
) -> Sequence[Watch]:
    rng, day = random.Random(f"{seed}:counts"), business_day(midnight)
    ending = [place for place, watch in enumerate(watches) if business_day(watch.ends) == day]
    wrong = rng.sample(ending, ceil(len(ending) * share))
    found = list(watches)
    for number, place in enumerate(wrong):
        sign = 1 if number % 2 else -1
        amount = sign * NOTE * rng.randint(1, MOST_NOTES)
        found[place] = replace(found[place], wrong_by=amount)
    return found
