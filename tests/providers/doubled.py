"""What a rail over a protocol double needs besides the double: a notify address, and patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from payments.http import HttpClient
from payments.provider import NoticeRequest
from tests.doubles.base import Double
from tests.doubles.inbox import Inbox
from tests.providers.rail import Clock


def client_of(double: Double) -> HttpClient:
    """An outbound client that may call `double` and waits no longer than a test can."""
    return HttpClient([double.base_url], connect=2.0, read=0.5, whole=2.0)


def as_they_came(double: Double, inbox: Inbox) -> Callable[[], Sequence[NoticeRequest]]:
    """Lets what `double` has to tell leave now; the requests that reached `inbox` since last time."""

    def notices() -> Sequence[NoticeRequest]:
        double.outbox.deliver()
        arrived = [
            NoticeRequest(came.method, came.query, came.headers, came.body)
            for came in inbox.journal
        ]
        inbox.journal.clear()
        return arrived

    return notices


def later(double: Double, clock: Clock) -> Callable[[], None]:
    """Lets the time pass in which the company brings a refund to its end."""

    def settle() -> None:
        clock.forward(minutes=2)
        double.run_agenda()

    return settle
