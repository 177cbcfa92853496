"""A bank statement as every format ends up: frozen, oldest entry first, and proved to add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from reconciliation.statements.doubts import Doubt


@dataclass(frozen=True, slots=True)
class Party:
    """The other side of an entry, as far as the bank names it. `bank` is a BIC, a number or a name."""

    name: str = ""
    account: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked motion on the account. `amount` is signed, minor units, from the account's view: a
    debit and the reversal of a credit are negative. `balance` is what the bank printed after it.

    `reversal` is True where the format can say so and does. `occurrence` counts entries with the
    same day, reference and amount in this file from 1, in their order: together with the account they
    name an entry for ever. `line` is where it stands in the file.
    """

    reference: str
    booked_on: date
    amount: int
    narrative: str
    line: int = field(compare=False)
    booked_at: datetime | None = None
    balance: int | None = None
    counterparty: Party = Party()
    reversal: bool = False
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What a bank says happened on `account` from `since` to `until`, both days included.

    `opening` and `closing` are signed minor units of `currency`; they differ by the sum of `entries`.
    """

    account: str
    currency: str
    opening: int
    closing: int
    since: date
    until: date
    entries: tuple[BankEntry, ...]


def agreed(what: str, expected: str, found: str, line: int = 1) -> str:
    """What mapping and file say, where at least one does and they do not differ; else `Doubt`."""
    if expected and found and expected != found:
        raise Doubt(
            "the account is %(found)s, not %(expected)s"
            if what == "account"
            else "the currency is %(found)s, not %(expected)s",
            line=line, found=found, expected=expected,
        )  # fmt: skip
    if not expected and not found:
        raise Doubt(
            "neither the file nor the mapping names the account"
            if what == "account"
            else "neither the file nor the mapping names the currency",
            line=line,
        )  # fmt: skip
    return found or expected


def proved(statement: BankStatement, last_line: int) -> BankStatement:
    """`statement` with its occurrences counted. Raises `Doubt` at the first line that does not fit:
    an entry of nothing or outside the period, a printed balance that does not continue from the
    one before, or, at `last_line`, a closing balance that the entries do not reach."""
    balance = statement.opening
    for entry in statement.entries:
        balance += entry.amount
        _refuse_misfit(entry, balance, statement)
    if balance != statement.closing:
        raise Doubt(
            "opening balance and entries make %(found)s, but the closing balance is %(closing)s",
            line=last_line, found=balance, closing=statement.closing,
        )  # fmt: skip
    return replace(statement, entries=tuple(_counted(statement.entries)))


def _refuse_misfit(entry: BankEntry, balance: int, statement: BankStatement) -> None:
    if entry.amount == 0:
        raise Doubt("an entry without an amount", line=entry.line)
    if entry.balance is not None and entry.balance != balance:
        raise Doubt(
            "the balance after this entry must be %(expected)s, but the file says %(found)s",
            line=entry.line, expected=balance, found=entry.balance,
        )  # fmt: skip
    if not statement.since <= entry.booked_on <= statement.until:
        raise Doubt(
            "an entry of %(day)s in a statement from %(since)s to %(until)s",
            line=entry.line, day=entry.booked_on, since=statement.since, until=statement.until,
        )  # fmt: skip


def _counted(entries: Sequence[BankEntry]) -> Iterator[BankEntry]:
    seen: Counter[tuple[date, str, int]] = Counter()
    for entry in entries:
        key = (entry.booked_on, entry.reference, entry.amount)
        seen[key] += 1
        yield replace(entry, occurrence=seen[key])
