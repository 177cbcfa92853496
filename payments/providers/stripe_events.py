"""Stripe's webhooks: who signed what when, and which events concern a payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from payments.provider import InvalidNotice, NoticeRequest
from payments.providers.wire import header, instant_of_seconds, notice_object, reading_notice, text

#: A genuine event signed longer ago than this is stored and settled by `fetch`.
TOLERANCE = timedelta(seconds=300)
CLOCK_AHEAD = timedelta(minutes=1)

#: The events an account's webhook endpoint should be told of; others are acknowledged unread.
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


@dataclass(frozen=True, slots=True)
class Event:
    """That something happened to `thing`, which is shown as it was then. `kind` is the object's."""

    key: str
    type: str
    kind: str
    name: str
    thing: dict[str, Any]
    created: datetime


def signed_at(request: NoticeRequest, secrets: Sequence[str], now: datetime) -> datetime:
    """When the raw bytes were signed with one of `secrets`. Raises `InvalidNotice`, also for the
    future, which Stripe's own check lets pass; how old is too old is for the caller to say."""
    given = header(request, "stripe-signature")
    if not any(_is_signed(request.body, given, secret) for secret in secrets):
        raise InvalidNotice("The notice is not signed with a secret of this account.")
    stamp = next(part[2:] for part in given.split(",") if part.startswith("t="))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise InvalidNotice("The notice carries no time of signing.")
    moment = datetime.fromtimestamp(int(stamp), UTC)
    if moment - now > CLOCK_AHEAD:
        raise InvalidNotice("The notice was signed in the future.")
    return moment


def _is_signed(body: bytes, given: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, given, secret)
    except (stripe.SignatureVerificationError, UnicodeError):
        return False
    return True


def read_event(request: NoticeRequest, *, live: bool) -> Event:
    """The event a verified request tells of. Raises `InvalidNotice`, also for an event of the other
    mode: money for tests is not money."""
    found = notice_object(request)
    if found.get("livemode") is not live:
        raise InvalidNotice("The notice's %(name)s is not the expected one.", name="livemode")
    with reading_notice():
        thing = found["data"]["object"]
        return Event(
            key=text(found["id"]),
            type=text(found["type"]),
            kind=text(thing["object"]),
            name=text(thing["id"]) if found["type"] in EVENTS else "",
            thing=thing,
            created=instant_of_seconds(found["created"]),
        )
