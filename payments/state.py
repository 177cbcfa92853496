"""Pure: the set of facts about a payment → its state and flags.

The result depends on the set alone, never on the order facts arrived in or how often they were
told; every permutation and repetition gives the same fold. Late money is still money, so receipts
outrank every status.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from payments.provider import MovementKind, Status

#: Without enough money, the highest status told wins. PAID without money says no more than PENDING.
RANK = ("created", "pending", "unknown", "expired", "cancelled", "failed")

#: States in which an answer may still come, so that polls go on and no second attempt is made.
OPEN = frozenset({"created", "pending", "unknown"})

#: States nobody is asked about any more; facts that come unasked still count.
SETTLED = frozenset({"paid", "cancelled", "failed"})

#: Money between provider and operator: in whatever currency, it says nothing of what was collected.
BETWEEN_US = frozenset({MovementKind.FEE, MovementKind.PAYOUT})


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was to be collected, until when."""

    amount: int
    currency: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Motion:
    """One movement as the fold sees it; `rail_ref` and `occurrence` tell two of a kind apart."""

    kind: str
    amount: int
    currency: str
    event_at: datetime
    rail_ref: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Fold:
    """`received` and `reversed` in the payment's currency; `paid_at` is the provider's time of the
    receipt that completed the amount."""

    state: str
    flags: tuple[str, ...]
    received: int
    reversed: int
    paid_at: datetime | None


def _completed_at(ordered: Ordered, receipts: list[Motion]) -> datetime | None:
    total = 0
    for receipt in sorted(receipts, key=lambda motion: motion.event_at):
        total += receipt.amount
        if total >= ordered.amount:
            return receipt.event_at
    return None


def _state(statuses: frozenset[str], paid: bool) -> str:
    if paid:
        return "paid"
    told = {"pending" if s in (Status.PAID, Status.DISPUTED) else s for s in statuses}
    return max(told | {"created"}, key=RANK.index)


def fold(ordered: Ordered, statuses: Iterable[str], motions: Iterable[Motion]) -> Fold:
    """State, flags and sums of a payment from everything ever said about it."""
    told = frozenset(statuses)
    known = frozenset(m for m in motions if m.kind not in BETWEEN_US)
    ours = [m for m in known if m.currency == ordered.currency]
    receipts = [m for m in ours if m.kind == MovementKind.RECEIPT]
    received = sum(m.amount for m in receipts)
    taken_back = sum(m.amount for m in ours if m.kind == MovementKind.REVERSAL)
    paid_at = _completed_at(ordered, receipts)
    flags = {
        "paid_late": paid_at is not None and paid_at > ordered.expires_at,
        "underpaid": 0 < received < ordered.amount,
        "overpaid": received > ordered.amount,
        "duplicate": sum(m.amount >= ordered.amount for m in receipts) > 1,
        "integrity": len(ours) < len(known) or (Status.PAID in told and not receipts),
        "disputed": Status.DISPUTED in told or taken_back > 0,
    }
    return Fold(
        _state(told, paid_at is not None),
        tuple(sorted(name for name, raised in flags.items() if raised)),
        received,
        taken_back,
        paid_at,
    )
