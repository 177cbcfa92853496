"""Stripe's objects as notices: everything that is known of one payment, or of one refund of ours.

Which event made us look does not matter: two events about one change, and a poll, find the same
movements. A refund of ours has notices of its own; one that was made in Stripe's dashboard is part
of its payment's story.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from payments.errors import Complaint
from payments.provider import (
    MovementFact,
    MovementKind,
    Notice,
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers.stripe_api import COMPANY, StripeApi
from payments.providers.stripe_objects import (
    charge_of,
    code_of,
    dispute_motions,
    motion,
    name_of,
    refund_key_of,
    refund_motions,
    refund_status,
    session_status,
)
from payments.providers.wire import instant_of_seconds, sha256_hex, text, unreadable

Json = Mapping[str, Any]


def of_session(api: StripeApi, session: Json, key: str = "") -> Notice:
    """The payment a session collects; its intent and charge must be expanded. Without a `key`, what
    is said again has the same key."""
    with believable():
        status, intent = session_status(session), session["payment_intent"]
        told = _payment(api, key, code_of(session), status, intent, session)
        return replace(told, provider_ref=text(session["id"]))


def of_thing(api: StripeApi, thing: Json, key: str) -> Notice | None:
    """The payment that an intent, a charge, a refund or a dispute belongs to; None where no intent
    stands behind it, so that it cannot be ours."""
    with believable():
        is_one, is_refund = (thing["object"] == kind for kind in ("payment_intent", "refund"))
        name = name_of(thing["id"] if is_one else thing["payment_intent"])
        if name is None:
            return None
        intent = api.intent(name)
        status = Status.PAID if intent["status"] == "succeeded" else Status.PENDING
        also = refund_motions(thing) if is_refund else ()
        return _payment(api, key, code_of(intent), status, intent, intent, also)


def of_refund(refund: Json, key: str = "") -> Notice:
    """A refund of ours, as it stands."""
    with believable():
        status, movements = refund_status(refund), tuple(refund_motions(refund))
        return Notice(
            key=key or _key_of(refund, status, movements),
            order_code=code_of(refund),
            status=status,
            event_at=instant_of_seconds(refund["created"]),
            movements=movements,
            refund_key=refund_key_of(refund),
        )


def _payment(
    api: StripeApi,
    key: str,
    code: str | None,
    status: Status,
    intent: Json | None,
    of: Json,
    also: Iterable[MovementFact] = (),
) -> Notice:
    movements = tuple(dict.fromkeys((*_movements(api, charge_of(intent)), *also)))
    disputed = any(fact.kind is MovementKind.REVERSAL for fact in movements)
    status = Status.DISPUTED if disputed else status
    return Notice(
        key=key or _key_of(of, status, movements),
        order_code=code,
        status=status,
        event_at=max(
            (fact.event_at for fact in movements), default=instant_of_seconds(of["created"])
        ),
        movements=movements,
    )


def _movements(api: StripeApi, charge: Json | None) -> Iterator[MovementFact]:
    """All money of a charge, except that of our own refunds."""
    if charge is None:
        return
    yield motion(MovementKind.RECEIPT, charge, charge["created"])
    if charge["amount_refunded"]:
        for refund in api.refunds(text(charge["id"])):
            if not refund_key_of(refund):
                yield from refund_motions(refund)
    if charge["disputed"]:
        for dispute in api.disputes(text(charge["id"])):
            yield from dispute_motions(dispute)


def _key_of(thing: Json, status: Status, movements: tuple[MovementFact, ...]) -> str:
    """Equal answers have equal keys, so that a poll that brings nothing new is a repetition."""
    said = [f"{m.kind} {m.rail_ref} {m.amount} {m.currency}" for m in movements]
    return sha256_hex("|".join((text(thing["id"]), status, *said)).encode())


@contextmanager
def believable() -> Iterator[None]:
    """What cannot be read says nothing; what Stripe said clearly, or not at all, stays as it is."""
    try:
        yield
    except (ProviderRefused, ProviderUnavailable):
        raise
    except (KeyError, TypeError, ValueError, Complaint):
        raise unreadable(COMPANY) from None
