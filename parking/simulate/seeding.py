"""Making the provider's and the bank's files wrong: which payments and payouts, and in which way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from parking.simulate.diary import Received
from parking.simulate.truth import CLASS_OF, FREE_STANDING, SHORT_CREDIT, SHORT_PAYOUT, Seeded
from payments.sandbox.client import SandboxTest

#: Payouts take turns by the day: one is short itself, the next arrives short at the bank.
TURNS = (SHORT_PAYOUT, SHORT_CREDIT)
KINDS = tuple(kind for kind in CLASS_OF if kind not in TURNS)
#: A payout is short by so many of these, in dong.
NOTE, MOST_NOTES = 1_000, 20


@dataclass(frozen=True, slots=True)
class Short:
    """What is wrong with the payout of `account`, and how much is missing, in dong."""

    account: str
    kind: str
    amount: int


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


def short(seed: int, day: date, payouts: Mapping[str, int]) -> Short | None:
    """The one payout of `day` that is wrong; None where none is large enough. `payouts` tells for each
    account what it will be paid, in dong. Pure."""
    rng = random.Random(f"{seed}:{day}:payouts")
    able = sorted(account for account, amount in payouts.items() if amount > NOTE)
    if not able:
        return None
    account = rng.choice(able)
    notes = rng.randint(1, min(MOST_NOTES, (payouts[account] - 1) // NOTE))
    return Short(account, TURNS[(seed + day.toordinal()) % len(TURNS)], notes * NOTE)


def plant_short(drivers: Mapping[str, SandboxTest], seed: int, day: date) -> Iterator[Seeded]:
    """Let one payout of `day` be wrong, after every other fault is planted; nothing where none can be."""
    payouts = {account: driver.payout_so_far(day) for account, driver in drivers.items()}
    found = short(seed, day, payouts)
    if found is not None:
        driver = drivers[found.account]
        yield Seeded(found.account, driver.plant(day, found.kind, amount=found.amount))
