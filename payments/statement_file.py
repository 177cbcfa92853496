"""What a provider's settlement file says: its lines, and the totals it claims for itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from payments.errors import Complaint


class InvalidStatement(Complaint):
    """A statement file that cannot be believed as a whole: cut off, wrong totals, unknown line."""

    http_status = 422


class LineKind(StrEnum):
    """What a settlement line is about. COUNT is what a till held beyond its receipts, or lacked;
    OTHER is whatever the provider says is not a payment."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    COUNT = "count"
    OTHER = "other"


class StatementLine(NamedTuple):
    """One row of a settlement file; a tuple, because a night has hundreds of thousands of them.
    `line_ref` is the provider's name for the line, `rail_ref` the money's. All amounts signed, minor
    units, towards us: a refund has a negative `gross`; `net = gross - fee` (a payout's gross is
    negative: it leaves the provider). `batch` is the reference of the payout that carries the line's
    money, where the provider names it."""

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
