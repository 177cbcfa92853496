"""The one interface between us and every provider: frozen values in, frozen values out.

A provider sees no database, no web framework and no clock that it was not handed. It is built as
``PROVIDERS[name](account, http, clock)``; `account` are its settings and live secrets, `http` the
one outbound client (`payments.http`), `clock` returns the current aware instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from payments.errors import Complaint, Unavailable


class InvalidNotice(Complaint):
    """A message that did not come, unaltered, from the provider it claims to come from."""

    http_status = 403


class ProviderUnavailable(Unavailable):
    """No answer, or one that says nothing: the outcome is unknown, never failed."""


class ProviderRefused(Complaint):
    """The provider answered and said no, for good."""

    http_status = 409


class InvalidStatement(Complaint):
    """A statement file that cannot be believed as a whole: cut off, wrong totals, unknown line."""

    http_status = 422


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


class LineKind(StrEnum):
    """What a settlement line is about. OTHER is whatever the provider says is not a payment."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """A merchant account as its provider sees it. `secrets` holds one or two live ones, newest first."""

    slug: str
    mode: str  # "test" or "live"
    settings: Mapping[str, object]
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be collected. `code` is our payment code, `number` the integer it is made from."""

    code: str
    number: int
    amount: int
    currency: str
    description: str
    expires_at: datetime
    return_url: str
    notify_url: str
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund to ask for or to ask about. `key` makes a repeated request harmless."""

    key: str
    amount: int
    payment: Order


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where to send the driver, and the provider's own reference for the order."""

    url: str
    provider_ref: str


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
    """

    key: str
    order_code: str | None
    status: Status
    event_at: datetime
    movements: tuple[MovementFact, ...] = ()
    provider_ref: str | None = None
    refund_key: str | None = None
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
    REPEATED = "repeated"
    UNKNOWN_PAYMENT = "unknown_payment"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: str
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One row of a settlement file. `line_ref` is the provider's name for the line, `rail_ref` the
    money's. All amounts signed, minor units, towards us: a refund has a negative `gross`;
    `net = gross - fee` (a payout's gross is negative: it leaves the provider)."""

    line_ref: str
    kind: LineKind
    order_code: str | None
    rail_ref: str | None
    event_at: datetime
    gross: int
    fee: int
    net: int
    currency: str
    text: str = ""
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Control:
    """The totals a file claims for itself, checked against its lines before anything is matched."""

    count: int
    gross: int
    fee: int
    net: int


@dataclass(frozen=True, slots=True)
class StatementFile:
    """One file as a provider delivered it. It speaks for the business day `day`; `complete` is
    False when the provider says more will follow. `raw` are the bytes, kept for ever."""

    name: str
    day: date
    complete: bool
    lines: tuple[StatementLine, ...]
    control: Control
    raw: bytes


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about a rail, checked at start for every enabled account."""

    refunds: bool
    statements: bool
    currencies: frozenset[str]
    smallest: int = 1
    largest: int = 999_999_999_999
    #: minutes after the business day's end by which its statement must have arrived.
    statement_due_minutes: int = 15


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """The outbound client handed to a provider. Raises `ProviderUnavailable` when there is no answer."""

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer: ...


Clock = Callable[[], datetime]


class Provider(Protocol):
    """What a rail must be able to do. Every method may raise `ProviderUnavailable` or `ProviderRefused`."""

    name: ClassVar[str]
    label: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None: ...

    def start(self, order: Order) -> Checkout:
        """Announce `order`; a repeat with the same code gives the same checkout."""

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        """Verify the raw bytes, then read them. Raises `InvalidNotice`."""

    def reply(self, outcome: Outcome) -> Reply:
        """The acknowledgement this provider wants."""

    def fetch(self, order: Order | RefundOrder) -> Notice:
        """The truth on request. PENDING and UNKNOWN are answers."""

    def refund(self, order: RefundOrder) -> Notice:
        """Ask for money to go back; `order.key` makes a repeat harmless."""

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """The settlement files of the business days from `since` to `until`, both included, that
        exist already; a day that is not out yet is simply absent. Raises `InvalidStatement`."""
