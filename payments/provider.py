"""The one interface between us and every provider: frozen values in, frozen values out.

A provider sees no database, no web framework and no clock that it was not handed. It is built as
``PROVIDERS[name](account, http, clock)``; `account` are its settings and live secrets, `http` the
one outbound client (`payments.http`), `clock` returns the current aware instant.

This is the one module a provider needs of us: what notices and settlement files are made of is part of
the interface, and only stands in files of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol, runtime_checkable

from payments.errors import Complaint, Unavailable
from payments.notice import (
    InvalidNotice,
    MovementFact,
    MovementKind,
    Notice,
    NoticeRequest,
    Outcome,
    Reply,
    Status,
)
from payments.statement_file import (
    Control,
    InvalidStatement,
    LineKind,
    StatementFile,
    StatementLine,
)

__all__ = [
    "CASH",
    "AccountSettings",
    "BankTransfer",
    "Cancels",
    "Capabilities",
    "Checkout",
    "Clock",
    "Control",
    "Feed",
    "Hosts",
    "Http",
    "HttpAnswer",
    "InvalidNotice",
    "InvalidStatement",
    "KnowsPayer",
    "LineKind",
    "MovementFact",
    "MovementKind",
    "Notice",
    "NoticeRequest",
    "Order",
    "Outcome",
    "PartsBySettings",
    "PayerAccount",
    "Provider",
    "ProviderRefused",
    "ProviderUnavailable",
    "RefundOrder",
    "Reply",
    "StatementFile",
    "StatementLine",
    "Status",
]

#: The rail whose accounts are the tills of attendants: books and figures keep its money apart.
CASH = "cash"


class ProviderUnavailable(Unavailable):
    """No answer, or one that says nothing: the outcome is unknown, never failed."""


class ProviderRefused(Complaint):
    """The provider answered and said no, for good."""

    http_status = 409


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
