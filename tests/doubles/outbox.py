"""Notices on their way to a merchant: tried again until acknowledged, and open to meddling.

A test says when they leave (`deliver`), and may delay, drop, duplicate or reorder what waits.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit

import urllib3

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Message:
    """One HTTP request to a merchant."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Attempt:
    """What came of sending once: the merchant's answer, or `status` 0 and why there was none."""

    at: datetime
    message: Message
    status: int
    body: bytes
    error: str = ""

    def said(self, name: str) -> object:
        """A member of the answer; None when it is no JSON object or has no such member."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return None
        return content.get(name) if isinstance(content, dict) else None


class NoticeState(Enum):
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    GIVEN_UP = "given up"
    DROPPED = "dropped"


@dataclass(eq=False)
class Notice:
    """Something to tell a merchant. `make` writes it anew per attempt: some rails sign the time."""

    about: str
    make: Callable[[datetime], Message]
    due: datetime
    waits: list[timedelta]
    attempts: list[Attempt] = field(default_factory=list)
    state: NoticeState = NoticeState.WAITING


class Outbox:
    """All notices of one double, in the order in which those that are due leave.

    `waits` are the pauses after the first, second, … failed attempt; after the last one the notice
    is given up. `acknowledged` reads an answer: does the provider stop sending?
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        waits: Sequence[timedelta],
        acknowledged: Callable[[Attempt], bool],
        *,
        timeout: float = 15.0,
    ) -> None:
        self._clock = clock
        self.waits = list(waits)
        self._acknowledged = acknowledged
        self._timeout = timeout
        self._lock = threading.RLock()
        self._delivering = threading.Lock()
        self._pool = urllib3.PoolManager()
        self.notices: list[Notice] = []

    def post(
        self, about: str, make: Callable[[datetime], Message], *, due: datetime | None = None
    ) -> Notice:
        """Put a notice in; it leaves at the first `deliver` at or after `due` (else: now)."""
        notice = Notice(about, make, due or self._clock(), list(self.waits))
        with self._lock:
            self.notices.append(notice)
        return notice

    def waiting(self, about: str | None = None) -> list[Notice]:
        with self._lock:
            return [
                notice
                for notice in self.notices
                if notice.state is NoticeState.WAITING and about in (None, notice.about)
            ]

    def delay(self, notice: Notice, span: timedelta) -> None:
        """It leaves `span` later than it would have."""
        notice.due += span

    def drop(self, notice: Notice) -> None:
        """It never leaves (again), as if lost for good on the way."""
        notice.state = NoticeState.DROPPED

    def duplicate(self, notice: Notice) -> Notice:
        """A second copy of the same words, sent at the end of the queue; also of one delivered."""
        return self.post(notice.about, notice.make)

    def reorder(self, notices: Sequence[Notice]) -> None:
        """These leave in this order, ahead of all others."""
        with self._lock:
            rest = [notice for notice in self.notices if notice not in notices]
            self.notices = [*notices, *rest]

    def deliver(self) -> list[Attempt]:
        """Send once, one after the other, every notice that is due; what came of each.

        Nothing is locked while a message is on its way: its receiver may ask the double back.
        """
        with self._delivering:
            due = [notice for notice in self.waiting() if notice.due <= self._clock()]
            return [self._deliver(notice) for notice in due]

    def _deliver(self, notice: Notice) -> Attempt:
        now = self._clock()
        attempt = self.send(notice.make(now))
        notice.attempts.append(attempt)
        if self._acknowledged(attempt):
            notice.state = NoticeState.ACKNOWLEDGED
        elif notice.waits:
            notice.due = now + notice.waits.pop(0)
        else:
            notice.state = NoticeState.GIVEN_UP
        return attempt

    def send(self, message: Message) -> Attempt:
        """Send any message once, outside the queue: for forgeries and for tests of answers."""
        now = self._clock()
        if urlsplit(message.url).hostname not in LOOPBACK:
            return Attempt(now, message, 0, b"", "a double calls this machine only")
        try:
            answer = self._pool.request(
                message.method,
                message.url,
                headers=message.headers,
                body=message.body or None,
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return Attempt(now, message, 0, b"", str(error))
        return Attempt(now, message, answer.status, answer.data)

    def close(self) -> None:
        self._pool.clear()
