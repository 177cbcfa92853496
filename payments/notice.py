"""What a provider said, once, what of it is about money, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from payments.errors import Complaint


class InvalidNotice(Complaint):
    """A message that did not come, unaltered, from the provider it claims to come from."""

    http_status = 403


class Status(StrEnum):
    """What a provider can say of a payment. The order of `payments.state.RANK` decides conflicts."""

    PENDING = "pending"
    PAID = "paid"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DISPUTED = "disputed"


class MovementKind(StrEnum):
    RECEIPT = "receipt"
    REVERSAL = "reversal"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    #: a till held more, or less, than its receipts make
    COUNT_OVER = "count_over"
    COUNT_SHORT = "count_short"


@dataclass(frozen=True, slots=True)
class MovementFact:
    """One motion of money a provider told of. `rail_ref` is the rail's own transaction reference;
    `occurrence` tells truly identical ones apart. `amount` > 0, minor units."""

    kind: MovementKind
    rail_ref: str
    amount: int
    currency: str
    event_at: datetime
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider said, once. `key` is unique per merchant account for ever: the provider's
    event id, or the SHA-256 of the signed content where there is none.

    `status` is about the payment named by `order_code`; `refund_key` is set when it is about a
    refund of ours (then `status` PAID means done, FAILED means it will not happen).

    A bank only knows what somebody typed: then `order_code` is None and `candidates` are the
    payment and refund codes that can be read there. When exactly one of them stands in our books,
    the notice is about that one; when none or several do, nobody guesses.
    """

    key: str
    order_code: str | None
    status: Status
    event_at: datetime
    movements: tuple[MovementFact, ...] = ()
    provider_ref: str | None = None
    refund_key: str | None = None
    candidates: tuple[str, ...] = ()
    #: signed longer ago than the replay window allows: stored, then settled by `fetch`.
    stale: bool = False


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """An HTTP request as it arrived, before anything was parsed."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Outcome(StrEnum):
    """What became of a notice, so that a provider can be answered in its own words."""

    APPLIED = "applied"
    #: applied, but the amount is not the one that was ordered.
    WRONG_AMOUNT = "wrong_amount"
    REPEATED = "repeated"
    UNKNOWN_PAYMENT = "unknown_payment"
    DEFERRED = "deferred"
    #: not from the provider, or not readable: nothing was stored.
    INVALID = "invalid"
    #: our own fault, such as a database that is away: nothing was stored, it must be sent again.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: str
    content_type: str = "application/json"
