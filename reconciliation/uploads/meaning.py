"""Pure: what one row of a bank statement is to us.

Every credit is a receipt, whatever it is for: what names no payment of ours waits in suspense, rent
and interest included, because nobody can tell a code that was lost from one that never was. A credit
that the bank took back is a reversal. A debit under a refund code is a refund that left. All other
debits are the operator's own business: they bring no money of ours and are lines, nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from payments.bank_transfers import bank_day, nameless_ref, occurrences, transfer_ref
from payments.db import CITY_ZONE
from payments.narratives import candidates_in
from payments.provider import LineKind, MovementFact, MovementKind, Notice, StatementLine, Status
from reconciliation.statements import BankEntry, BankStatement

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Row:
    """One entry with its name among all transfers of the account. `kind` is the movement it is, if
    it is one; `candidates` are the codes that can be read in its text."""

    entry: BankEntry
    number: str
    currency: str
    kind: MovementKind | None
    candidates: tuple[str, ...]
    rail_ref: str
    occurrence: int

    @property
    def event_at(self) -> datetime:
        """When it was booked; noon of the booked day in the city where the bank gives no time."""
        return self.entry.booked_at or noon_of(self.entry)

    @property
    def line_kind(self) -> LineKind:
        """What its line is; never more than every format can say."""
        kinds = {MovementKind.RECEIPT: LineKind.PAYMENT, MovementKind.REFUND: LineKind.REFUND}
        return kinds.get(self.kind, LineKind.OTHER) if self.kind else LineKind.OTHER

    @property
    def told_ref(self) -> str:
        """The reference of the money in its line."""
        return self.rail_ref

    def notice(self) -> Notice | None:
        """What it tells, if it is money of ours."""
        if self.kind is None:
            return None
        fact = MovementFact(
            self.kind, self.rail_ref, abs(self.entry.amount), self.currency, self.event_at,
            self.occurrence,
        )  # fmt: skip
        return Notice(
            key=f"statement:{self.number}:{self.kind}:{self.rail_ref}:{self.occurrence}",
            order_code=None,
            status=Status.DISPUTED if self.kind is MovementKind.REVERSAL else Status.PAID,
            event_at=self.event_at,
            movements=(fact,),
            candidates=self.candidates,
        )

    def words(self) -> bytes:
        """The row as the bank wrote it, kept with its notice."""
        entry = self.entry
        said = {
            "account": self.number,
            "reference": entry.reference,
            "booked": (entry.booked_at or entry.booked_on).isoformat(),
            "amount": entry.amount,
            "narrative": entry.narrative,
            "counterparty": [
                entry.counterparty.name, entry.counterparty.account, entry.counterparty.bank,
            ],
        }  # fmt: skip
        return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()

    def line(self) -> StatementLine:
        """The row as a line to compare with. Its time is always noon: the same row must be the same
        line in every format."""
        return StatementLine(
            line_ref=self.entry.reference or self.rail_ref,
            kind=self.line_kind,
            order_code=None,
            rail_ref=self.told_ref,
            event_at=noon_of(self.entry),
            gross=self.entry.amount,
            fee=0,
            net=self.entry.amount,
            currency=self.currency,
            text=self.entry.narrative,
        )


def noon_of(entry: BankEntry) -> datetime:
    """Noon of the booked day in the city."""
    return datetime.combine(entry.booked_on, NOON, CITY_ZONE)


def rows_of(statement: BankStatement) -> tuple[Row, ...]:
    """Every entry as what it is to us, oldest first. Entries that agree in direction, name and day
    are told apart by their number among their like (`payments.bank_transfers`)."""
    refs = [_ref(statement, entry) for entry in statement.entries]
    numbered = occurrences(
        f"{entry.amount > 0}:{ref}" for entry, ref in zip(statement.entries, refs, strict=True)
    )
    return tuple(_rows(statement, refs, numbered))


def _rows(statement: BankStatement, refs: list[str], numbered: list[int]) -> Iterator[Row]:
    for entry, ref, occurrence in zip(statement.entries, refs, numbered, strict=True):
        kind, candidates = _meaning(entry)
        yield Row(entry, statement.account, statement.currency, kind, candidates, ref, occurrence)


def _ref(statement: BankStatement, entry: BankEntry) -> str:
    at, amount = entry.booked_at, abs(entry.amount)
    named = transfer_ref(entry.reference, bank_day(at) if at else entry.booked_on, amount)
    if named:
        return named
    return nameless_ref(statement.account, at or noon_of(entry), amount, entry.narrative)


def _meaning(entry: BankEntry) -> tuple[MovementKind | None, tuple[str, ...]]:
    if entry.reversal:
        # a debit that came back is money, but whose refund it was only a person can say
        taken_back = entry.amount < 0
        kind = MovementKind.REVERSAL if taken_back else MovementKind.RECEIPT
        return kind, candidates_in(entry.narrative, incoming=True) if taken_back else ()
    if entry.amount > 0:
        return MovementKind.RECEIPT, candidates_in(entry.narrative, incoming=True)
    refunds = candidates_in(entry.narrative, incoming=False)
    return (MovementKind.REFUND if refunds else None), refunds
