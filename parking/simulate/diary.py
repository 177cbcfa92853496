"""What those who played the day remember of it, written down as they did it.

Nothing here is read from our own books; vehicles are named by lot and plate (or card), as pages name
them. Amounts are dong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Received:
    """Money a driver paid without cash: `code` is our payment code."""

    account: str
    code: str
    amount: int


@dataclass(frozen=True, slots=True)
class Banknotes:
    """Cash an attendant took, and why."""

    attendant: str
    lot: str
    code: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Worked:
    """A shift that was counted; `line` is what its till's statement calls the count, and
    `difference` what was put in or taken out before counting."""

    attendant: str
    account: str
    lot: str
    opened_at: datetime
    closed_at: datetime
    taken: int
    counted: int
    difference: int
    line: str


@dataclass(frozen=True, slots=True)
class Stay:
    """One vehicle's stay."""

    lot: str
    plate: str

    def as_json(self) -> dict[str, object]:
        return {"lot": self.lot, "plate": self.plate}


@dataclass(frozen=True, slots=True)
class Vouched:
    """A vehicle that was let out on an announced transfer of `amount`."""

    stay: Stay
    amount: int
    arrived: bool

    def as_json(self) -> dict[str, object]:
        return {**self.stay.as_json(), "amount": self.amount}


@dataclass(frozen=True, slots=True)
class Spared:
    """An exempt stay and its listed reason."""

    stay: Stay
    reason: str

    def as_json(self) -> dict[str, object]:
        return {**self.stay.as_json(), "reason": self.reason}


@dataclass(slots=True)
class SoldPass:
    """A pass that was sold, and the stays on it so far."""

    lot: str
    plate: str
    price: int
    stays: int = 0

    def as_json(self) -> dict[str, object]:
        return {"lot": self.lot, "plate": self.plate, "price": self.price, "stays": self.stays}


@dataclass(frozen=True, slots=True)
class PaidTogether:
    """Stays at one lot that one payment of `amount` settled; `code` is our payment code."""

    lot: str
    plates: Sequence[str]
    code: str
    amount: int

    def as_json(self) -> dict[str, object]:
        return {
            "lot": self.lot,
            "plates": list(self.plates),
            "payment": self.code,
            "amount": self.amount,
        }


@dataclass(frozen=True)
class Diary:
    """One day. `cards_issued` has a row each time a card was handed out, `unrecorded` the vehicles
    that nobody saw leave."""

    received: list[Received] = field(default_factory=list)
    cash: list[Banknotes] = field(default_factory=list)
    shifts: list[Worked] = field(default_factory=list)
    passes: list[SoldPass] = field(default_factory=list)
    cards_issued: list[Stay] = field(default_factory=list)
    cards_lost: list[Stay] = field(default_factory=list)
    claims: list[Vouched] = field(default_factory=list)
    unrecorded: list[Stay] = field(default_factory=list)
    exemptions: list[Spared] = field(default_factory=list)
    groups: list[PaidTogether] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """What of ``truth.json`` is about the kerb. A card that was handed out twice counts twice."""
        return {
            "cash": cash_as_json(self.cash),
            "shifts": [shift_as_json(shift) for shift in self.shifts],
            "passes": {
                "sold": [row.as_json() for row in self.passes],
                "stays": sum(row.stays for row in self.passes),
            },
            "cards": {
                "issued": len(self.cards_issued),
                "lost": [row.as_json() for row in self.cards_lost],
            },
            "claims": {
                "released": len(self.claims),
                "arrived": [row.as_json() for row in self.claims if row.arrived],
                "never_arrived": [row.as_json() for row in self.claims if not row.arrived],
            },
            "unrecorded_exits": [row.as_json() for row in self.unrecorded],
            "exemptions": [row.as_json() for row in self.exemptions],
            "groups": [row.as_json() for row in self.groups],
        }


def cash_as_json(cash: Sequence[Banknotes]) -> dict[str, object]:
    """Count and sum of what was taken, of all and of each attendant."""
    names = sorted({row.attendant for row in cash})
    mine = {name: [row for row in cash if row.attendant == name] for name in names}
    return {**_summed(cash), "attendants": {name: _summed(rows) for name, rows in mine.items()}}


def _summed(cash: Sequence[Banknotes]) -> dict[str, object]:
    return {"count": len(cash), "gross": sum(row.amount for row in cash)}


def shift_as_json(shift: Worked) -> dict[str, object]:
    """One row of ``truth.json``; times are the city's."""
    return {
        "attendant": shift.attendant,
        "account": shift.account,
        "lot": shift.lot,
        "opened_at": shift.opened_at.isoformat(),
        "closed_at": shift.closed_at.isoformat(),
        "taken": shift.taken,
        "counted": shift.counted,
        "difference": shift.difference,
    }
