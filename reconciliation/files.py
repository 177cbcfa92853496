"""Fetching the files of a day from a provider. Speaks to the network; sees no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from payments.errors import Complaint
from payments.provider import (
    InvalidStatement,
    Provider,
    ProviderRefused,
    ProviderUnavailable,
    StatementFile,
)
from reconciliation.models import BANK, SETTLEMENT

#: Why there is no file: no answer, one that cannot be read, or one whose totals are not its lines'.
UNAVAILABLE, UNPARSABLE, CONTROL_TOTAL = "unavailable", "unparsable_line", "control_total"
FAILED = "failed"


@runtime_checkable
class BankFeed(Protocol):
    """A provider that can also tell what arrived on the operator's bank account."""

    def bank_credits(self, day: date) -> StatementFile | None:
        """The credits of `day`, as a file of payout lines; None until it is out."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it came, and the leg it is for."""

    leg: str
    file: StatementFile


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not believed, or an answer that never came. `kind`: ``unavailable``,
    ``unparsable_line``, ``control_total``, or ``failed`` for a defect of the rail's own code."""

    leg: str
    kind: str
    error: Complaint

    @property
    def reason(self) -> str:
        """The error in English; `parking.languages.explain` says it in the reader's language."""
        return str(self.error)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a provider delivered for one day, and what went wrong."""

    deliveries: tuple[Delivery, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def offers_bank_feed(provider: Provider) -> bool:
    """Whether the bank's side can be fetched through this provider."""
    return isinstance(provider, BankFeed)


def gather(provider: Provider, day: date) -> Gathered:
    """Ask for the settlement files and the bank credits of `day`; a failure of one spares the other."""
    deliveries: list[Delivery] = []
    refusals: list[Refusal] = []

    def ask(leg: str, question: Callable[[], Sequence[StatementFile]]) -> None:
        try:
            deliveries.extend(Delivery(leg, file) for file in question())
        except InvalidStatement as error:
            refusals.append(Refusal(leg, UNPARSABLE, error))
        except (ProviderUnavailable, ProviderRefused) as error:
            refusals.append(Refusal(leg, UNAVAILABLE, error))

    if provider.capabilities.statements:
        ask(SETTLEMENT, lambda: provider.statement(day, day))
    if isinstance(provider, BankFeed):
        ask(BANK, lambda: _credits(provider, day))
    return Gathered(tuple(deliveries), tuple(refusals))


def _credits(feed: BankFeed, day: date) -> Sequence[StatementFile]:
    found = feed.bank_credits(day)
    return (found,) if found is not None else ()
