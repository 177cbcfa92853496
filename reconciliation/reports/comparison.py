"""Our figures beside the provider's and the bank's, per account, every difference explained.

difference = what the provider's files say − what we recorded, both net of money that went back and
before fees. Reasons explain it line by line (payments.md §8.2); what no reason explains is a reason
of its own, ``unexplained``, so that the reasons always make the difference and nothing is hidden.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.breaks import BreakClass
from reconciliation.models import SETTLEMENT, DayTotal
from reconciliation.reports.differences import Difference, standing
from reconciliation.reports.figures import Figures
from reconciliation.reports.outside import (
    AtBank,
    Explanation,
    Outside,
    at_bank,
    explanations,
    outside,
)  # fmt: skip
from reconciliation.reports.period import Period, parts

#: Breaks about a fee or a till: they are listed, and are no part of the difference.
BESIDE = (
    BreakClass.FEE_MISMATCH.value,
    BreakClass.CASH_OVER.value,
    BreakClass.CASH_SHORT.value,
)
UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of an account's difference: a break, or several pairs or movements at once.

    `amount` explains the difference; `beside` is an amount that has to do with something else: a fee,
    a till, the bank. `state`: ``open`` or ``settled`` for a break, else empty.
    """

    reason: str
    leg: str
    day: date | None
    payment: str
    cost_centre: str
    reference: str
    count: int
    amount: int
    beside: int
    state: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One account's period. `ours`: gross less refunds; `only_ours`, `only_theirs`: open breaks
    about one side alone."""

    slug: str
    operator: str
    provider: str
    ours: int
    outside: Outside
    bank: AtBank
    only_ours: int
    only_theirs: int
    reasons: Sequence[Reason]

    @property
    def theirs(self) -> int:
        """What the files say, net of money that went back."""
        return self.outside.gross - self.outside.refunds

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def unexplained(self) -> int:
        return sum(row.amount for row in self.reasons if row.reason == UNEXPLAINED)


def compare(tx: Session, period: Period) -> list[Compared]:
    """Every account of the period that has a figure on one of the sides, by operator."""
    ours = {row.labels[0]: row.figures for row in parts(tx, period, DayTotal.account_id)}
    theirs, bank = outside(tx, period), at_bank(tx, period)
    accounts = tx.scalars(
        select(MerchantAccount)
        .where(MerchantAccount.id.in_({*ours, *theirs, *bank}))
        .order_by(MerchantAccount.operator, MerchantAccount.slug)
    ).all()
    breaks = _by_account(standing(tx, period))
    others = _by_account(list(explanations(tx, period)))
    return [
        _compared(
            account,
            ours.get(account.id, Figures()),
            theirs.get(account.id, Outside()),
            bank.get(account.id, AtBank()),
            breaks.get(account.id, []),
            others.get(account.id, []),
        )
        for account in accounts
    ]


Row = TypeVar("Row", Difference, Explanation)


def _by_account(rows: Sequence[Row]) -> Mapping[uuid.UUID, list[Row]]:
    found: dict[uuid.UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return found


def _compared(
    account: MerchantAccount,
    figures: Figures,
    theirs: Outside,
    bank: AtBank,
    breaks: Sequence[Difference],
    others: Sequence[Explanation],
) -> Compared:
    ours = figures.gross - figures.refunds
    reasons = [_of_break(row, account.currency) for row in breaks]
    reasons += [_of_pairs(row) for row in others]
    loose = [row for row in breaks if row.open and row.leg == SETTLEMENT]
    rest = theirs.gross - theirs.refunds - ours - sum(row.amount for row in reasons)
    return Compared(
        account.slug, account.operator, account.provider, ours, theirs, bank,
        only_ours=sum(row.has_ours and not row.has_line for row in loose),
        only_theirs=sum(row.has_line and not row.has_ours for row in loose),
        reasons=(*reasons, *_unexplained(rest)),
    )  # fmt: skip


def _of_break(row: Difference, currency: str) -> Reason:
    counts = row.leg == SETTLEMENT and row.kind not in BESIDE and row.currency == currency
    return Reason(
        row.kind, row.leg, row.day, row.payment, row.cost_centre, row.reference, 1,
        amount=row.amount if counts else 0,
        beside=0 if counts else row.amount,
        state="open" if row.open else "settled",
    )  # fmt: skip


def _of_pairs(row: Explanation) -> Reason:
    return Reason(row.reason, SETTLEMENT, None, "", "", "", row.count, row.amount, 0, "")


def _unexplained(rest: int) -> Iterator[Reason]:
    if rest:
        yield Reason(UNEXPLAINED, SETTLEMENT, None, "", "", "", 0, rest, 0, "open")
