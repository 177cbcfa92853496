"""Making the provider's settlement file wrong: which payments, and in which way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from parking.simulate.diary import Received
from parking.simulate.truth import CLASS_OF, FREE_STANDING, Seeded
from payments.sandbox.client import SandboxTest

KINDS = tuple(CLASS_OF)


def chosen(seed: int, share: float, received: Sequence[Received]) -> Iterator[tuple[str, Received]]:
    """A kind of fault for this `share` of the payments, rounded to whole ones. Pure.

    The kinds take turns, so that seven faults have every kind among them. Payments of one receipt
    only: which line of a payment made twice is wrong would be a matter of words.
    """
    rng = random.Random(f"{seed}:faults")
    receipts = Counter(receipt.code for receipt in received)
    single = [receipt for receipt in received if receipts[receipt.code] == 1]
    count = min(round(len(received) * share), len(single))
    kinds = rng.sample(KINDS, len(KINDS))
    for number, receipt in enumerate(rng.sample(single, count)):
        yield kinds[number % len(kinds)], receipt


def plant(drivers: Mapping[str, SandboxTest], day: date, kind: str, receipt: Received) -> Seeded:
    """Put one fault into the file of `day` of the account that received this money."""
    order = None if kind in FREE_STANDING else receipt.code
    return Seeded(receipt.account, drivers[receipt.account].plant(day, kind, order=order))
