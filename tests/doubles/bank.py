"""An account at a Vietnamese bank: money comes in with damaged words, goes out, and stands in a book.

The bank feeds watch the book (`watch`); `statements.py` prints a day of it. Amounts are whole VND.
It has no network side of its own: banks speak to nobody but their feeds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from tests.doubles.base import HANOI
from tests.doubles.narratives import DAMAGES, Words, folded


class Kind(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"
    REVERSAL = "reversal_of_credit"


@dataclass(frozen=True)
class Party:
    """Somebody with an account: `bin` is the bank's six-digit number in the NAPAS list."""

    name: str
    account: str
    bin: str
    bank: str


OWNER = Party("BAI XE", "0011009999999", "970436", "Vietcombank")
PAYER = Party("NGUYEN VAN A", "0010000000001", "970415", "VietinBank")


@dataclass(frozen=True)
class Entry:
    """One line of the book; `amount` is positive, `signed` carries the direction."""

    serial: int
    kind: Kind
    amount: int
    reference: str
    narrative: str
    words: str
    at: datetime
    booked: date
    balance: int
    party: Party
    virtual_account: str = ""
    wraps: bool = False

    @property
    def signed(self) -> int:
        return self.amount if self.kind is Kind.CREDIT else -self.amount

    @property
    def local_time(self) -> str:
        """As the feeds write it: GMT+7, and no zone in the text."""
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


Watcher = Callable[[Entry], None]


class Bank:
    """One account and its book. Safe to use from several threads."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        owner: Party = OWNER,
        opening: int = 1_000_000,
    ) -> None:
        self.owner = owner
        self.opening = opening
        self.entries: list[Entry] = []
        self._clock = clock
        self._watchers: list[Watcher] = []
        self._lock = threading.RLock()

    @property
    def balance(self) -> int:
        return self.entries[-1].balance if self.entries else self.opening

    def watch(self, watcher: Watcher) -> None:
        """`watcher` hears of every later line, in the order of the book, and may not wait for
        anything that could itself be waiting for this account."""
        self._watchers.append(watcher)

    def receive(
        self,
        amount: int,
        text: str,
        *,
        payer: Party = PAYER,
        damage: str = "clean",
        reference: str = "",
        at: datetime | None = None,
        booked: date | None = None,
        virtual_account: str = "",
        wraps: bool = False,
    ) -> Entry:
        """A transfer arrives. `damage` names one of `narratives.DAMAGES`; `wraps` breaks it in CSV."""
        moment = (at or self._clock()).astimezone(HANOI)
        with self._lock:
            words = Words(
                text,
                payer.name,
                payer.account,
                self.owner.name,
                self.owner.account,
                len(self.entries) + 1,
                moment,
            )
            entry = self._draft(Kind.CREDIT, amount, text, payer, moment, reference, booked)
            return self._book(
                replace(
                    entry,
                    narrative=DAMAGES[damage](words),
                    virtual_account=virtual_account,
                    wraps=wraps,
                )
            )

    def send(
        self,
        amount: int,
        text: str,
        *,
        to: Party = PAYER,
        reference: str = "",
        at: datetime | None = None,
    ) -> Entry:
        """A transfer, a fee or a bill goes out: a refund by hand has its own reference."""
        moment = (at or self._clock()).astimezone(HANOI)
        with self._lock:
            return self._book(self._draft(Kind.DEBIT, amount, text, to, moment, reference, None))

    def reverse(self, entry: Entry, *, reference: str = "", at: datetime | None = None) -> Entry:
        """The bank takes a credit back: mark RC in MT940, RvslInd in camt.053."""
        moment = (at or self._clock()).astimezone(HANOI)
        text = f"HOAN TRA GD {entry.reference}"
        with self._lock:
            return self._book(
                self._draft(Kind.REVERSAL, entry.amount, text, entry.party, moment, reference, None)
            )

    def on(self, day: date) -> list[Entry]:
        """What is booked on `day`, which for a late transfer is not the day it was made."""
        return [entry for entry in self.entries if entry.booked == day]

    def _draft(
        self,
        kind: Kind,
        amount: int,
        text: str,
        party: Party,
        at: datetime,
        reference: str,
        booked: date | None,
    ) -> Entry:
        if amount <= 0:
            raise ValueError(f"a transfer of {amount} VND: a bank moves at least 1")
        serial = len(self.entries) + 1
        own = reference or f"FT{at:%y%j}{serial:09}"
        narrative = folded(text)
        day = booked or at.date()
        balance = self.balance + (amount if kind is Kind.CREDIT else -amount)
        return Entry(serial, kind, amount, own, narrative, text, at, day, balance, party)

    def _book(self, entry: Entry) -> Entry:
        self.entries.append(entry)
        for watcher in self._watchers:
            watcher(entry)
        return entry
