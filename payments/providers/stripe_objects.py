"""What Stripe's objects say, as our values. Pure; shapes as API version 2026-10-28 documents them.

A motion of money is named after the object that moved it: a receipt after the charge, a refund
after the refund, a reversal after the dispute. Money that comes back to the balance (a dispute that
was won, a refund the card's bank sent back) is a receipt named after the same dispute or refund.
Amounts are in minor units of the currency the payer paid in; VND has none. Readers raise
`KeyError`, `TypeError`, `ValueError` or `Complaint` for what they cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from payments.provider import MovementFact, MovementKind, Status
from payments.providers.wire import amount, instant_of_seconds, text

Json = Mapping[str, Any]

#: Of a refund: FAILED where no money ever left, see `refund_status`.
REFUND_STATUSES = {
    "pending": Status.PENDING,
    "requires_action": Status.PENDING,
    "succeeded": Status.PAID,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
#: Of a payment intent behind a completed session whose money is not here.
UNPAID_STATUSES = {"requires_payment_method": Status.FAILED, "canceled": Status.FAILED}


def code_of(thing: Json) -> str | None:
    """Our payment code, which we put on every object that can carry it; None on one that another
    program made in the same account."""
    found = (thing.get("metadata") or {}).get("code") or thing.get("client_reference_id")
    return text(found) if found else None


def refund_key_of(thing: Json) -> str | None:
    """The key of the refund of ours that made this object."""
    found = (thing.get("metadata") or {}).get("refund_key")
    return text(found) if found else None


def name_of(reference: object) -> str | None:
    """The id of what a field refers to, whether it was expanded or not."""
    if isinstance(reference, Mapping):
        return text(reference["id"])
    return text(reference) if reference else None


def motion(kind: MovementKind, thing: Json, at: object) -> MovementFact:
    """All of `thing`'s amount, named after it."""
    currency = text(thing["currency"]).upper()
    return MovementFact(
        kind, text(thing["id"]), amount(thing["amount"], currency), currency, instant_of_seconds(at)
    )


def charge_of(intent: Json | None) -> Json | None:
    """The charge that went through, of an intent whose `latest_charge` was expanded."""
    charge = intent["latest_charge"] if intent else None
    if charge is None:
        return None
    if not isinstance(charge, Mapping):
        raise TypeError("the charge was not expanded")
    return charge if charge["status"] == "succeeded" else None


def session_status(session: Json) -> Status:
    """A completed session can still be without its money, where the payer's way to pay is slow."""
    if session["status"] == "open":
        return Status.PENDING
    if session["status"] == "expired":
        return Status.EXPIRED
    if session["status"] != "complete":
        raise ValueError("not a status of a session")
    if session["payment_status"] == "paid":
        return Status.PAID
    intent = session["payment_intent"]
    return UNPAID_STATUSES.get(intent["status"], Status.PENDING)


def refund_status(refund: Json) -> Status:
    """A refund that failed after its money had left is done, and the money came back: our books
    show both, and what came back is there to be given back another way."""
    if came_back(refund):
        return Status.PAID
    return REFUND_STATUSES[refund["status"]]


def came_back(refund: Json) -> bool:
    return bool(refund.get("failure_balance_transaction"))


def refund_motions(refund: Json) -> Iterator[MovementFact]:
    """The money of a refund: none while it is pending. When it came back is not told; the refund's
    own time stands for it."""
    if refund_status(refund) is Status.PAID:
        yield motion(MovementKind.REFUND, refund, refund["created"])
    if came_back(refund):
        yield motion(MovementKind.RECEIPT, refund, refund["created"])


def dispute_motions(dispute: Json) -> Iterator[MovementFact]:
    """The money of a dispute: taken when it begins (an inquiry takes none), and back when it is
    won. What moved in the settlement currency says when; the dispute says how much of the payer's."""
    for booked in sorted(dispute["balance_transactions"], key=lambda one: one["amount"]):
        kind = MovementKind.REVERSAL if booked["amount"] < 0 else MovementKind.RECEIPT
        yield motion(kind, dispute, booked["created"])
