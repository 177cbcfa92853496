"""What a bank notification service does before it speaks its own protocol: it watches an account."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, Unpack

from tests.doubles.bank import Bank, Entry
from tests.doubles.bank_page import BankPage
from tests.doubles.base import Double, Handler, Options
from tests.doubles.outbox import Notice


@dataclass(frozen=True)
class Part:
    """One page of a longer list, counted from 1."""

    entries: list[Entry]
    page: int
    size: int
    total: int

    @classmethod
    def of(cls, found: list[Entry], asked: Mapping[str, str], size_name: str) -> Self:
        """What `page` and the size of a page under `size_name` ask for: 20 lines unless told, 100 at most."""
        page, size = int(asked.get("page", 1)), min(int(asked.get(size_name, 20)), 100)
        return cls(found[(page - 1) * size : page * size], page, size, len(found))

    @property
    def pages(self) -> int:
        return max(-(-self.total // self.size), 1)


class BankFeed(Double):
    """Hears of every line of `bank`'s book `delay` after it was booked, and tells the merchant.

    Without a bank it watches one of its own, on its own clock. `entries` are the lines it knows;
    what is due later is heard at the next request, `forward` or `run_agenda`.
    """

    def __init__(
        self,
        bank: Bank | None = None,
        *,
        notify_url: str = "",
        delay: timedelta = timedelta(0),
        **options: Unpack[Options],
    ) -> None:
        self.page = BankPage(lambda: self.bank)
        super().__init__(**options)
        self.bank = bank or Bank(lambda: self.now)
        self.notify_url = notify_url
        self.delay = delay
        self.entries: list[Entry] = []
        self._unheard: list[tuple[datetime, Entry]] = []
        self._hearing = threading.RLock()
        self.bank.watch(self._booked)

    @abstractmethod
    def notice(self, entry: Entry) -> Notice:
        """Put the notice of a line in the outbox."""

    def page_routes(self) -> dict[str, Handler]:
        return self.page.routes()

    def newest_first(self) -> list[Entry]:
        return list(reversed(self.entries))

    def hear_all(self) -> None:
        """The service asks the bank now, whatever its delay."""
        self._hear_until(None)

    def run_agenda(self) -> None:
        super().run_agenda()
        self._hear_until(self.now)

    def _booked(self, entry: Entry) -> None:
        """Called by whichever double moved the money: `self.lock` is not taken, theirs is held."""
        with self._hearing:
            self._unheard.append((self.now + self.delay, entry))
        self._hear_until(self.now)

    def _hear_until(self, moment: datetime | None) -> None:
        with self._hearing:
            due = [(at, e) for at, e in self._unheard if moment is None or at <= moment]
            self._unheard = [pair for pair in self._unheard if pair not in due]
            for _, entry in due:
                self.entries.append(entry)
                if self.notify_url and self.tells(entry):
                    self.notice(entry)

    def tells(self, entry: Entry) -> bool:
        """Is the merchant told of this line?"""
        return entry.amount > 0
