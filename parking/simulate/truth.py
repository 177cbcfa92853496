"""What was played, written down by those who played it: nothing here is read from our own books.

Names and ids are those that `parking breaks --json` prints, so that both lists can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from parking.simulate.diary import Diary, Worked
from payments.sandbox.client import PlantedFault

#: What whoever reconciles calls each fault of a settlement file.
CLASS_OF = {
    "missing_line": "missing_external",
    "unknown_line": "missing_internal",
    "wrong_amount": "amount_mismatch",
    "duplicate": "duplicate_external",
    "fee_error": "fee_mismatch",
    "late_line": "missing_external",
    "not_parking": "missing_internal",
    "short_payout": "amount_mismatch",
    "short_credit": "amount_mismatch",
}

#: Faults that are lines of their own: no payment of ours is behind them.
FREE_STANDING = ("unknown_line", "not_parking")

#: What can be wrong with a payout instead of a payment's line: it is short itself, or its credit is,
#: which stands in the bank's file of the day after.
SHORT_PAYOUT, SHORT_CREDIT = "short_payout", "short_credit"

#: By what faults are put into order.
ORDER = ("account", "class", "payment", "line")


@dataclass(frozen=True, slots=True)
class Seeded:
    """A fault in the settlement file of one account, or in the bank's file of the day after."""

    account: str
    fault: PlantedFault

    def as_json(self) -> dict[str, object]:
        """The break it must become, and for a late line what becomes of that a day later; for a short
        credit the day whose files tell of it."""
        fault = self.fault
        if fault.kind == SHORT_CREDIT and fault.next_day is not None:
            known = {"date": fault.next_day.isoformat(), "line": fault.next_line}
            return {**self._named(), **known}
        entry = self._named()
        if fault.next_day is not None:
            later = {"date": fault.next_day.isoformat(), "class": "late", "line": fault.next_line}
            entry["after_next_day"] = later
        return entry

    def _named(self) -> dict[str, object]:
        fault = self.fault
        return {
            "class": CLASS_OF[fault.kind],
            "payment": None if fault.kind in FREE_STANDING else fault.order,
            "line": fault.line,
            "difference": fault.difference,
            "account": self.account,
            "kind": fault.kind,
        }


@dataclass(frozen=True, slots=True)
class Truth:
    """One played day. `payments` counts receipts without cash and `gross` sums them: what was paid on
    `day` and the city announces. Cash is told of apart, in `diary`; `credits` are faults of the day's
    payouts that are not known before the bank's files of the day after."""

    day: date
    seed: int
    sessions: int
    diary: Diary
    faults: Sequence[Seeded]
    credits: Sequence[Seeded] = ()

    @property
    def payments(self) -> int:
        return len(self.diary.received)

    @property
    def gross(self) -> int:
        """Dong."""
        return sum(receipt.amount for receipt in self.diary.received)

    @property
    def wrong_counts(self) -> Sequence[Worked]:
        """The shifts whose till held more or less than was taken."""
        return [shift for shift in self.diary.shifts if shift.difference]

    def as_json(self) -> dict[str, object]:
        """The content of ``truth.json``. `faults` are all that reconciling the day must find: lines
        and payouts of the settlement files, and counts. What reconciling the day after must find of this
        day as well is in `next_day_faults`."""
        faults = [seeded.as_json() for seeded in self.faults]
        faults += [count_as_json(shift) for shift in self.wrong_counts]
        faults.sort(key=lambda f: tuple(str(f[name] or "") for name in ORDER))
        return {
            "date": self.day.isoformat(),
            "seed": self.seed,
            "sessions": self.sessions,
            "payments": self.payments,
            "gross": self.gross,
            "faults": faults,
            "next_day_faults": [seeded.as_json() for seeded in self.credits],
            **self.diary.as_json(),
        }


def count_as_json(shift: Worked) -> dict[str, object]:
    """The break that a wrong count must become."""
    return {
        "class": "cash_over" if shift.difference > 0 else "cash_short",
        "payment": None,
        "line": shift.line,
        "difference": shift.difference,
        "account": shift.account,
        "kind": "count",
    }
