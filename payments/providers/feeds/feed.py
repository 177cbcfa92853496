"""What a bank feed is: a service that watches the operator's bank account and tells of every line.

A feed verifies and reads its own messages and can be asked for what it told, or should have told;
everybody else sees `Entry`, one line of the bank's book. Values in, values out, as for a rail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from payments.bank_transfers import bank_day, nameless_ref, transfer_ref
from payments.errors import Complaint
from payments.narratives import candidates_in
from payments.provider import (
    AccountSettings,
    Http,
    HttpAnswer,
    InvalidNotice,
    MovementFact,
    MovementKind,
    NoticeRequest,
    PayerAccount,
    ProviderRefused,
)
from payments.providers.payos_wire import instant
from payments.providers.wire import LONGEST_TEXT, amount, answer_object, sha256_hex, unreadable


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the bank's book as a feed told it. `own_id` is the feed's name for it, `amount`
    whole đồng without a sign, `at` when the transfer was made, by the bank."""

    feed: str
    own_id: str
    account: str
    virtual_account: str
    reference: str
    amount: int
    incoming: bool
    at: datetime
    narrative: str

    @property
    def rail_ref(self) -> str:
        """The transfer's name, the same whoever tells of it (`payments.bank_transfers`)."""
        named = transfer_ref(self.reference, bank_day(self.at), self.amount)
        return named or nameless_ref(self.account, self.at, self.amount, self.narrative)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The codes that may say what the money is for."""
        return candidates_in(self.narrative, incoming=self.incoming)

    @property
    def concerns_us(self) -> bool:
        """Whether it moved money of ours: all that came in, and what went out under a refund code.
        Rent, wages and fees that leave the same account are the operator's own business."""
        return self.incoming or bool(self.candidates)

    def is_for(self, numbers: frozenset[str]) -> bool:
        """Whether it was booked on one of the accounts `numbers`, written as `bare`."""
        return not numbers.isdisjoint({bare(self.account), bare(self.virtual_account)})

    def movement(self, occurrence: int = 1) -> MovementFact:
        kind = MovementKind.RECEIPT if self.incoming else MovementKind.REFUND
        return MovementFact(kind, self.rail_ref, self.amount, "VND", self.at, occurrence)

    def digest(self, occurrence: int) -> str:
        """The SHA-256 of all it says, for a listing, whose lines have no event of their own."""
        said = (
            self.feed, self.own_id, self.rail_ref, str(occurrence), str(self.incoming),
            *self.candidates,
        )  # fmt: skip
        return sha256_hex("|".join(said).encode())


@dataclass(frozen=True, slots=True)
class Told:
    """A verified message: its lines, and when it was signed where that was signed too."""

    entries: tuple[Entry, ...]
    signed_at: datetime | None = None


class BankFeed(Protocol):
    """What every feed must be able to do."""

    name: ClassVar[str]
    #: what it is called in sentences.
    company: ClassVar[str]
    #: the parts of an account's secret it may use.
    parts: ClassVar[tuple[str, ...]]
    #: whether `listed` gives anything: only then can a lost message be made up for.
    lists: ClassVar[bool]
    #: whether its messages about accounts that are not ours are a matter of course, not a mistake.
    tells_of_others: ClassVar[bool]

    def __init__(self, account: AccountSettings, http: Http) -> None: ...

    def recognises(self, request: NoticeRequest) -> bool:
        """Whether `request` has the shape of this feed's messages; proves nothing."""

    def read(self, request: NoticeRequest) -> Told:
        """Verify, then read. Raises `InvalidNotice`."""

    def listed(self, since: datetime) -> Sequence[Entry]:
        """Every line since the aware instant `since`, oldest first, of all accounts the feed
        watches. Raises `ProviderUnavailable` and `ProviderRefused`."""

    def payer(self, raw: bytes) -> PayerAccount | None:
        """The account that paid, in a message of this feed; None where it says none."""


def bare(number: str) -> str:
    """An account number without what people write between its digits, in upper case."""
    return re.sub("[^A-Z0-9]", "", number.upper())


def secret_values(account: AccountSettings, part: str) -> tuple[str, ...]:
    """The live values of one part of the account's secret, newest first."""
    return tuple(parts[part] for parts in account.secrets if parts.get(part))


def words(value: object) -> str:
    """A text that may be missing: a bank's reference, a narrative, a virtual account. Raises
    `TypeError` and `ValueError`."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("not a text")
    if len(value) > 8 * LONGEST_TEXT:
        raise ValueError("not what a bank writes in one line")
    return value


def booked_at(value: object) -> datetime:
    """When a transfer was made: GMT+7 where no zone is written. Raises `ValueError`, also for a
    year in which there was no such bank."""
    moment = instant(value)
    if not 2000 <= moment.year < 3000:
        raise ValueError("not a time of this world")
    return moment


def signed_amount(value: int) -> tuple[int, bool]:
    """A balance's change as its size, and whether it is money that came. Raises `ValueError` for
    nothing."""
    return amount(abs(value)), value > 0


def understood(reading: Callable[[], Entry]) -> Entry:
    """The line in a message that is genuine. Raises `InvalidNotice` when it cannot be read."""
    try:
        return reading()
    except (KeyError, TypeError, ValueError, Complaint):
        raise InvalidNotice("The notice cannot be understood.") from None


def answered(answer: HttpAnswer, company: str) -> dict[str, Any]:
    """The JSON object a feed answered with. Raises `ProviderRefused` for keys it does not know and
    `ProviderUnavailable` for everything that is no list, too many requests included: the next poll
    asks again."""
    if answer.status in (401, 403):
        raise ProviderRefused("%(company)s does not know this account's keys.", company=company)
    found = answer_object(answer, company)
    if answer.status != 200:
        raise unreadable(company)
    return found


def lines_of(records: object, reading: Callable[[Any], Entry], company: str) -> list[Entry]:
    """Every line of a listing. Raises `ProviderUnavailable` unless all can be read: half a list
    would say of a payment that nobody made it."""
    try:
        if not isinstance(records, list):
            raise TypeError("not a list")
        return [reading(record) for record in records]
    except (KeyError, TypeError, ValueError, AttributeError, Complaint):
        raise unreadable(company) from None
