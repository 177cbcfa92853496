"""What a double has sent to our door, as the door hands it to a provider."""

from __future__ import annotations

from collections.abc import Sequence

from payments.provider import NoticeRequest
from tests.doubles.base import Double
from tests.doubles.inbox import Inbox


def arrived(double: Double, inbox: Inbox) -> Sequence[NoticeRequest]:
    """Let the waiting notices of `double` leave for `inbox`; the requests that came of it."""
    before = len(inbox.journal)
    double.outbox.deliver()
    return [
        NoticeRequest(one.method, one.query, one.headers, one.body)
        for one in inbox.journal[before:]
    ]
