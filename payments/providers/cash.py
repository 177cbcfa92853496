"""Cash in an attendant's till: a rail without a company.

Nothing is announced and nobody can be asked: an attendant takes the money and says so, and the
statement of a day is the count of the shifts that touched it, written down when a shift was closed.
It has no secret and no door; whoever knocks there is refused. Pure functions beside the class say
what taking, giving back and counting are in the words of `payments.provider`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar

from payments.provider import (
    CASH,
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Control,
    Hosts,
    Http,
    InvalidNotice,
    LineKind,
    MovementFact,
    MovementKind,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    ProviderRefused,
    RefundOrder,
    Reply,
    StatementFile,
    StatementLine,
    Status,
)

#: Dong is what tills hold.
CURRENCY = "VND"


class CashProvider:
    """One account for each attendant; its setting `holder` is the user name."""

    name: ClassVar[str] = CASH
    label: ClassVar[str] = "Cash"
    settings: ClassVar[tuple[str, ...]] = ("holder",)
    secret_fields: ClassVar[tuple[str, ...]] = ()
    #: no driver chooses it: cash is an exception that an attendant records
    methods: ClassVar[Mapping[str, str]] = {}
    hosts: ClassVar[Mapping[str, Hosts]] = {}
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=False, statements=True, currencies=frozenset({CURRENCY}), counted=True
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        raise ProviderRefused("Cash is taken by an attendant; no order can be announced.")

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        raise InvalidNotice("Nobody sends notices about cash.")

    def reply(self, outcome: Outcome) -> Reply:
        return Reply(403, "{}")

    def fetch(self, order: Order | RefundOrder) -> Notice:
        """Nobody knows more than the books do."""
        refund = order if isinstance(order, RefundOrder) else None
        code = refund.payment.code if refund else order.code if isinstance(order, Order) else None
        key = f"unknown:{refund.key if refund else code}"
        refund_key = refund.key if refund else None
        return Notice(key, code, Status.UNKNOWN, self._clock(), refund_key=refund_key)

    def refund(self, order: RefundOrder) -> Notice:
        raise ProviderRefused("Cash cannot be sent back from afar.")

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """None: whoever closes a shift hands its count in."""
        return ()


def taken(code: str, amount: int, at: datetime) -> Notice:
    """An attendant took `amount` dong for the payment `code`; said again it is the same notice."""
    return _told("taken", code, Status.PAID, MovementKind.RECEIPT, amount, at)


def given_back(code: str, amount: int, at: datetime) -> Notice:
    """All of it went back to the driver."""
    return _told("given-back", code, Status.CANCELLED, MovementKind.REVERSAL, amount, at)


def paid_back(code: str, refund: str, key: str, amount: int, at: datetime) -> Notice:
    """`amount` of the payment `code` was paid from a till: the refund with the code `refund`, which
    the till's statement names it by, and `key`."""
    motion = MovementFact(MovementKind.REFUND, refund, amount, CURRENCY, at)
    return Notice(f"paid-back:{refund}", code, Status.PAID, at, (motion,), refund_key=key)


def _told(
    act: str, code: str, status: Status, kind: MovementKind, amount: int, at: datetime
) -> Notice:
    motion = MovementFact(kind, code, amount, CURRENCY, at)
    return Notice(f"{act}:{code}", code, status, at, (motion,))


def counted_line(code: str, kind: MovementKind, amount: int, at: datetime) -> StatementLine:
    """A payment, money given back, or a refund (then `code` is its own) of a counted till."""
    if kind is MovementKind.REFUND:
        return _line(code, LineKind.REFUND, None, -amount, at)
    back = kind is not MovementKind.RECEIPT
    name = f"{code}-given-back" if back else code
    return _line(name, LineKind.PAYMENT, code, -amount if back else amount, at)


def difference_line(count: str, difference: int, note: str, at: datetime) -> StatementLine:
    """What the till held beyond its receipts, or lacked (< 0); `count` names the count, `note` is why,
    in the words of whoever counted."""
    return _line(count, LineKind.COUNT, None, difference, at)._replace(text=note)


def _line(name: str, kind: LineKind, code: str | None, gross: int, at: datetime) -> StatementLine:
    return StatementLine(name, kind, code, code or name, at, gross, 0, gross, CURRENCY)


def count_file(
    name: str, day: date, lines: Sequence[StatementLine], raw: bytes, *, complete: bool
) -> StatementFile:
    """What a count says of `day`; `complete` when no shift that touched that day is open."""
    return StatementFile(name, day, complete, tuple(lines), Control.over(lines), raw)
