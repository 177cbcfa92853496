"""What a trace is made of: steps in the order money takes them, each readable in any language."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from parking.languages import DEFAULT, explain, mark
from qr.errors import Explained


class Stage(StrEnum):
    """Where on its way a dong is, from the street to the day's figure and the seal."""

    SIGN = "sign"
    SESSION = "session"
    QUOTE = "quote"
    PAYMENT = "payment"
    NOTICE = "notice"
    MOVEMENT = "movement"
    TRANSFER = "transfer"
    RECEIPT = "receipt"
    REFUND = "refund"
    LINE = "line"
    FILE = "file"
    MATCH = "match"
    BREAK = "break"
    PAYOUT = "payout"
    BANK = "bank"
    TOTAL = "total"
    PUBLISHED = "published"
    CERTIFICATE = "certificate"
    SEAL = "seal"


#: What the figures beside an amount are called.
FIGURES = {
    "fee": mark("Fee"),
    "net": mark("Net"),
    "before_vat": mark("Before VAT"),
    "vat": mark("VAT"),
    "price": mark("Price of the stay"),
    "difference": mark("Difference"),
    "refunds": mark("Refunds"),
    "count": mark("Payments"),
    "received": mark("Received"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to the money. `sentence` is a template filled by `parts`, and
    by `words`, which are sentences themselves; `at` is when
    it happened by the word of whoever did it, `recorded_at` when we wrote it down; `amount` and
    `figures` are minor units of `currency` (`count` is a number of payments). `missing`: this step
    is expected and has not happened. `id` names the row, `day` the business day of a total."""

    stage: Stage
    sentence: str
    reference: str
    parts: Mapping[str, object] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    recorded_at: datetime | None = None
    by: str = ""
    amount: int | None = None
    currency: str = "VND"
    figures: Mapping[str, int] = field(default_factory=dict)
    missing: bool = False
    id: uuid.UUID | None = None
    day: date | None = None

    def text(self, language: str = DEFAULT) -> str:
        """The step as a sentence."""
        words = {name: Explained(word) for name, word in self.words.items()}
        return explain(Explained(self.sentence, **self.parts, **words), language)

    def as_json(self) -> dict[str, object]:
        """The step for programs; texts in English, instants in ISO 8601."""
        return {
            "stage": self.stage.value,
            "text": self.text("en"),
            "reference": self.reference,
            "at": self.at.isoformat() if self.at else None,
            "recorded_at": self.recorded_at.isoformat() if self.recorded_at else None,
            "by": self.by or None,
            "amount": self.amount,
            "currency": self.currency,
            "figures": dict(self.figures),
            "missing": self.missing,
            "id": str(self.id) if self.id else None,
            "day": self.day.isoformat() if self.day else None,
        }


@dataclass(frozen=True, slots=True)
class Share:
    """One line that a payout carries. `payment` is our code, where the line has one."""

    line_ref: str
    payment: str | None
    gross: int
    fee: int
    net: int
    currency: str

    def as_json(self) -> dict[str, object]:
        """The share for programs."""
        return {
            "line": self.line_ref,
            "payment": self.payment,
            "gross": self.gross,
            "fee": self.fee,
            "net": self.net,
            "currency": self.currency,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything known about the money that `query` names. `found` says what the query was; `codes`
    are the payments on the way; `shares` what a payout is made of, when the query names one."""

    query: str
    found: str
    codes: tuple[str, ...]
    steps: tuple[Step, ...]
    shares: tuple[Share, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The trace for programs."""
        return {
            "query": self.query,
            "found": self.found,
            "payments": list(self.codes),
            "steps": [step.as_json() for step in self.steps],
            "shares": [share.as_json() for share in self.shares],
        }
