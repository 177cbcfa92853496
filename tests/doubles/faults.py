"""What can go wrong between a merchant and a payment company, planned ahead for chosen requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """One way to misbehave. BEFORE: the provider did nothing. AFTER: it acted, then this."""

    CLOSED_BEFORE = "the connection closes, nothing was done"
    CLOSED_AFTER = "the connection closes, everything was done"
    ERROR_BEFORE = "HTTP 500, nothing was done"
    ERROR_AFTER = "HTTP 500, everything was done"
    SLOW = "the right answer, late"
    MALFORMED = "everything was done, the answer is cut-off JSON"
    UNSIGNED = "everything was done, the answer's signature is missing"
    BADLY_SIGNED = "everything was done, the answer's signature is wrong"

    @property
    def nothing_done(self) -> bool:
        return self in (Fault.CLOSED_BEFORE, Fault.ERROR_BEFORE)


@dataclass
class Planned:
    fault: Fault
    path: str
    times: int
    seconds: float


class FaultPlan:
    """Faults waiting for their requests, in the order they were planned."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, path: str = "", *, times: int = 1, seconds: float = 1.0) -> None:
        """The next `times` requests whose path contains `path` suffer `fault`.

        `seconds` is how long a `SLOW` answer waits.
        """
        with self._lock:
            self._planned.append(Planned(fault, path, times, seconds))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def take(self, path: str) -> Planned | None:
        """The fault meant for a request to `path`; it is used up by this."""
        with self._lock:
            found = next((p for p in self._planned if p.path in path), None)
            if found is not None:
                found.times -= 1
                self._planned = [p for p in self._planned if p.times > 0]
            return found
