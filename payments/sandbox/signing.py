"""Signatures of the merchant API and of notices: HMAC-SHA256 over the raw bytes.

A request is signed over five lines: time stamp, method, path, test time (empty without one), body.
The time stamp may be five minutes old and one minute ahead; a request that carries a test time is
judged by that, because a simulated day is played long after or before the day it is about.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from payments.errors import Complaint, WrongUsage
from payments.sandbox.config import Merchant

OLDEST = timedelta(minutes=5)
NEWEST = timedelta(minutes=1)


class BadSignature(Complaint):
    """A request that no merchant of ours signed, or one signed too long ago."""

    http_status = 401


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its signature covers, as they arrived."""

    merchant: str
    timestamp: str
    signature: str
    method: str
    path: str
    test_time: str
    body: bytes

    def content(self) -> bytes:
        """The bytes that are signed."""
        head = (self.timestamp, self.method, self.path, self.test_time)
        return "\n".join(head).encode() + b"\n" + self.body


def digest(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def verify(request: SignedRequest, merchants: Mapping[str, Merchant], clock: datetime) -> datetime:
    """The instant the request is to be judged at: its test time, else `clock`.

    Raises `BadSignature`. Every secret is compared, so that time tells nothing about which failed.
    """
    merchant = merchants.get(request.merchant)
    secrets = merchant.secrets if merchant else ("nobody signs with this",)
    given = request.signature.encode()
    content = request.content()
    known = [hmac.compare_digest(f"v1={digest(s, content)}".encode(), given) for s in secrets]
    if merchant is None or not any(known):
        raise BadSignature("The request is not signed by a merchant known here.")
    now = read_instant(request.test_time) if request.test_time else clock
    _check_age(request.timestamp, now)
    return now


def _check_age(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise BadSignature("The time stamp must be whole seconds since 1970.")
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    if not -NEWEST <= age <= OLDEST:
        raise BadSignature("The request was signed too long ago, or in the future.")


def read_instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset. Raises `WrongUsage` for anything else."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise WrongUsage(
            "%(text)s is not a time with its offset, like 2024-05-01T08:00:00+07:00.", text=text
        )
    return instant


def write_instant(instant: datetime) -> str:
    """`instant` in UTC, so that one instant is always written alike."""
    return instant.astimezone(UTC).isoformat()


def notice_headers(
    event: str, body: bytes, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Headers of one delivery: event id, time of sending, and one signature for each live secret
    over ``id.timestamp.body`` (the shape of https://www.standardwebhooks.com, in hexadecimal)."""
    timestamp = str(int(now.timestamp()))
    content = f"{event}.{timestamp}.".encode() + body
    return {
        "Content-Type": "application/json",
        "Webhook-Id": event,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": " ".join(f"v1={digest(secret, content)}" for secret in secrets),
    }
