"""What a statement would do, before anything of it is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.codes import refund_code, refund_numbers
from payments.models import MerchantAccount, Payment, Refund
from reconciliation.statements import BankStatement
from reconciliation.uploads.announced import fates_of
from reconciliation.uploads.arriving import Arrival
from reconciliation.uploads.meaning import Row
from reconciliation.uploads.models import StatementMapping
from reconciliation.uploads.reading import collects_into, told_rows
from reconciliation.uploads.recording import fate

#: Codes looked up in one query; SQLite allows 32,766 parameters.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A row, what it would become (`recording.FATES`), and the one code of ours in its text, or the
    reference of the payout that arrived."""

    row: Row
    fate: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A statement and what would become of each of its rows. Sums are minor units; `debited` is
    not negative. `timed`: the bank says at what time of the day money was booked. `of_payouts`: the
    account is paid out by a company, and only arrivals count."""

    statement: BankStatement
    rows: Sequence[Foreseen]
    of_payouts: bool = False

    @property
    def credited(self) -> tuple[int, int]:
        """Count and sum of what came in."""
        amounts = [e.amount for e in self.statement.entries if e.amount > 0]
        return len(amounts), sum(amounts)

    @property
    def debited(self) -> tuple[int, int]:
        """Count and sum of what went out."""
        amounts = [-e.amount for e in self.statement.entries if e.amount < 0]
        return len(amounts), sum(amounts)

    @property
    def fates(self) -> Counter[str]:
        """How many rows would become what."""
        return Counter(row.fate for row in self.rows)

    @property
    def timed(self) -> bool:
        return all(entry.booked_at is not None for entry in self.statement.entries)


def foresee(
    tx: Session, account: MerchantAccount, statement: BankStatement, by: StatementMapping | None
) -> Preview:
    """What `statement`, read by this version of the account's mapping, would do to the books of
    `account` now."""
    rows = told_rows(account, statement, by)
    if not collects_into(account):
        fates = fates_of(tx, account, rows)
        found = [_arrival(*one) for one in zip(rows, fates, strict=True)]
        return Preview(statement, found, of_payouts=True)
    ours = _ours(tx, account, sorted({code for row in rows for code in row.candidates}))
    return Preview(statement, [_foreseen(row, ours) for row in rows])


def _arrival(row: Row, fate: str) -> Foreseen:
    return Foreseen(row, fate, row.payout if isinstance(row, Arrival) else None)


def _foreseen(row: Row, ours: frozenset[str]) -> Foreseen:
    named = [code for code in row.candidates if code in ours]
    return Foreseen(
        row, fate(row.kind, named=len(named) == 1), named[0] if len(named) == 1 else None
    )


def _ours(tx: Session, account: MerchantAccount, codes: Sequence[str]) -> frozenset[str]:
    """Those of `codes` that stand in the account's books."""
    found: set[str] = set()
    for start in range(0, len(codes), CHUNK):
        some = codes[start : start + CHUNK]
        payments = select(Payment.code).where(
            Payment.code.in_(some), Payment.account_id == account.id
        )
        refunds = (
            select(Refund.number)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Refund.number.in_(refund_numbers(some)), Payment.account_id == account.id)
        )
        found |= set(tx.scalars(payments))
        found |= {refund_code(number) for number in tx.scalars(refunds) if number is not None}
    return frozenset(found)
