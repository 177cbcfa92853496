"""Pure: what a bank's statement tells of an account that a company pays out: which payouts arrived.

Such an account collects nothing itself, so no row of the statement is a receipt. A credit is the arrival
of a payout, known by the payout's own reference in its text (the mapping's ``payout_after``), and a
credit that went back is such an arrival undone. All other debits are the operator's own business.
The account's mapping says at which bank account the payouts arrive, and whether it is theirs alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from payments.narratives import plain
from payments.provider import LineKind
from reconciliation.statements import BankEntry, BankStatement
from reconciliation.statements.layout import Layout
from reconciliation.uploads.meaning import Row, rows_of

#: What follows the words: a reference as payment companies write them, without the sentence's own signs.
_REFERENCE = r"(?:[\W_]+|(?=\d))([A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?)"


@dataclass(frozen=True, slots=True)
class Arrival(Row):
    """A row that a payout of the account brought, or took back; `payout` is that one's reference."""

    payout: str = ""

    @property
    def line_kind(self) -> LineKind:
        return LineKind.PAYOUT

    @property
    def told_ref(self) -> str:
        return self.payout


def arrivals_of(statement: BankStatement, layout: Layout) -> tuple[Row, ...]:
    """Every entry, oldest first: an `Arrival` where it counts for the account, else a plain `Row` that
    nothing is recorded of."""
    words = _words(layout.payout_after)
    return tuple(_judged(row, words, layout) for row in rows_of(statement))


def arrived(rows: Iterable[Row]) -> tuple[Arrival, ...]:
    """Those of `rows` that become lines."""
    return tuple(row for row in rows if isinstance(row, Arrival))


def _judged(row: Row, words: re.Pattern[str] | None, layout: Layout) -> Row:
    found = words.search(plain(row.entry.narrative)) if words else None
    if found is None and (layout.entries == "named" or not _could_be(row.entry)):
        return replace(row, kind=None, candidates=())
    reference = found[1] if found else row.entry.reference or row.rail_ref
    return Arrival(
        row.entry, row.number, row.currency, None, (), row.rail_ref, row.occurrence, reference
    )


def _could_be(entry: BankEntry) -> bool:
    """A credit, or one that went back; not a debit, nor one that came back."""
    return (entry.amount > 0) != entry.reversal


def _words(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """Finds any of the folded `phrases`, the longest first, and the reference after it."""
    longest = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    asked = [r"[\W_]+".join(phrase.split()) for phrase in longest if phrase]
    if not asked:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(asked)}){_REFERENCE}", re.IGNORECASE)
