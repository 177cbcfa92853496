"""The one interface between us and every provider: frozen values in, frozen values out.

A provider sees no database, no web framework and no clock that it was not handed. It is built as
``PROVIDERS[name](account, http, clock)``; `account` are its settings and live secrets, `http` the
one outbound client (`payments.http`), `clock` returns the current aware instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from payments.errors import Complaint, Unavailable

#: The rail whose accounts are the tills of attendants: books and figures keep its money apart.
CASH = "cash"


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
    #: a till held more, or less, than its receipts make
    COUNT_OVER = "count_over"
    COUNT_SHORT = "count_short"


class LineKind(StrEnum):
    """What a settlement line is about. COUNT is what a till held beyond its receipts, or lacked;
    OTHER is whatever the provider says is not a payment."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    COUNT = "count"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """A merchant account as its provider sees it. `secrets` holds one or two live ones, newest
    first; each maps the provider's `secret_fields` to their values."""

    slug: str
    mode: str  # "test" or "live"
    settings: Mapping[str, object]
    secrets: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be collected. `code` is our payment code, `number` the integer it is made from,
    `method` one of the provider's `methods`. `payer_ip` is known only while the driver waits."""

    code: str
    number: int
    amount: int
    currency: str
    description: str
    created_at: datetime
    expires_at: datetime
    return_url: str
    notify_url: str
    method: str = ""
    provider_ref: str | None = None
    payer_ip: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund to ask for or to ask about. `key` makes a repeated request harmless; `number` is the
    integer of our refund code, `receipt_ref` the rail's reference of the money that goes back."""

    key: str
    number: int
    amount: int
    asked_at: datetime
    asked_by: str
    reason: str
    payment: Order
    receipt_ref: str | None = None


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """What a payer's bank app needs: the code to scan and the same facts in words. `bank` is the
    bank's six-digit number (BIN), `account` and `purpose` exactly as they stand in `payload`."""

    payload: str
    bank: str
    account: str
    holder: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """How the driver goes on: to the provider's page at `url`, or by the bank `transfer` that our
    own page shows. `provider_ref` is the provider's own reference for the order."""

    url: str | None = None
    provider_ref: str | None = None
    transfer: BankTransfer | None = None


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


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One row of a settlement file. `line_ref` is the provider's name for the line, `rail_ref` the
    money's. All amounts signed, minor units, towards us: a refund has a negative `gross`;
    `net = gross - fee` (a payout's gross is negative: it leaves the provider). `batch` is the
    reference of the payout that carries the line's money, where the provider names it."""

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
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """The totals a file claims for itself, checked against its lines before anything is matched."""

    count: int
    gross: int
    fee: int
    net: int

    @classmethod
    def over(cls, lines: Iterable[StatementLine]) -> Control:
        """What the totals over `lines` are."""
        count = gross = fee = net = 0
        for line in lines:
            count, gross, fee, net = count + 1, gross + line.gross, fee + line.fee, net + line.net
        return cls(count, gross, fee, net)

    def __add__(self, other: Control) -> Control:
        sums = (self.gross + other.gross, self.fee + other.fee, self.net + other.net)
        return Control(self.count + other.count, *sums)


@dataclass(frozen=True, slots=True)
class StatementFile:
    """One file as a provider delivered it. It speaks for the business day `day`; `complete` is
    False when the provider says more will follow. `raw` are the bytes, kept for ever.

    `lines` can be gone through again and again; those of a large file are read from `raw` each time,
    and raise `InvalidStatement` at one that cannot be read. `by_payout`: the only payout of the file
    pays for its lines; False where payouts are for money that the file may not show.
    """

    name: str
    day: date
    complete: bool
    lines: Iterable[StatementLine]
    control: Control
    raw: bytes
    by_payout: bool = True


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where one mode of a rail lives: the hosts we call and the pages drivers are sent to, each as
    ``host`` or ``host:port``. What comes only with a contract is added by the setting PROVIDER_HOSTS."""

    called: tuple[str, ...] = ()
    visited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about a rail, checked at start for every enabled account. `transfers`: its payments are
    bank transfers that our own pages show, by a code that any bank's application reads."""

    refunds: bool
    statements: bool
    currencies: frozenset[str]
    transfers: bool = False
    smallest: int = 1
    largest: int = 999_999_999_999
    #: minutes after the business day's end by which its statement must have arrived.
    statement_due_minutes: int = 15
    #: people count the money and hand their count in: nobody is asked for a statement, and a day is
    #: open while a shift of it is.
    counted: bool = False


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
    #: names an account's settings must have; every account may have more, which the rail documents.
    settings: ClassVar[tuple[str, ...]]
    #: the parts of one secret.
    secret_fields: ClassVar[tuple[str, ...]]
    #: ways to pay on this rail that a driver chooses between, by what the rail calls them → label,
    #: a name or an English sentence that is translated where it is shown; none where drivers have
    #: no choice to make.
    methods: ClassVar[Mapping[str, str]]
    #: "test" and "live" → where that mode lives.
    hosts: ClassVar[Mapping[str, Hosts]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None: ...

    def start(self, order: Order) -> Checkout:
        """Announce `order`; a repeat with the same code gives the same checkout."""

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        """Verify the raw bytes, then read them. Raises `InvalidNotice`."""

    def reply(self, outcome: Outcome) -> Reply:
        """The acknowledgement this provider wants, so that it stops or comes back as is right."""

    def fetch(self, order: Order | RefundOrder) -> Notice:
        """The truth on request. PENDING and UNKNOWN are answers."""

    def refund(self, order: RefundOrder) -> Notice:
        """Ask for money to go back; `order.key` makes a repeat harmless."""

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """The settlement files of the business days from `since` to `until`, both included, that
        exist already; a day that is not out yet is simply absent. Raises `InvalidStatement`."""


@runtime_checkable
class Feed(Protocol):
    """A rail whose notices can be lost for good and that can list what happened since."""

    def recent(self, since: datetime) -> Sequence[Notice]:
        """Everything that was told, or should have been, from `since` until now."""


@dataclass(frozen=True, slots=True)
class PayerAccount:
    """The bank account money came from. `bank` is a BIN, a short name or empty."""

    bank: str
    account: str
    holder: str


@runtime_checkable
class KnowsPayer(Protocol):
    """A rail whose notices name the payer's account, so that money can go back there."""

    def payer(self, raw: bytes) -> PayerAccount | None:
        """The account named by a notice whose raw bytes these are; None when it names none."""


@runtime_checkable
class Cancels(Protocol):
    """A rail on which an order that nobody paid can be closed, so that it cannot be paid later."""

    def cancel(self, order: Order) -> Notice:
        """Close `order`; the answer says what became of it, which may be that it was paid."""


@runtime_checkable
class PartsBySettings(Protocol):
    """A rail class whose accounts need only some of `secret_fields`, by their settings."""

    def required_parts(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """The parts an account with these settings must have. Raises `Complaint` for settings
        that make no sense."""
