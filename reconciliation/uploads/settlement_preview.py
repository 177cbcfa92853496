"""What a provider's settlement file would do, before anything of it is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.db import business_day
from payments.models import MerchantAccount, Payment
from payments.provider import StatementLine
from reconciliation.days import is_complete
from reconciliation.models import SETTLEMENT
from reconciliation.models import StatementLine as Stored
from reconciliation.statements import SettlementFile
from reconciliation.uploads.settling import Numbered

#: Lines looked up in one query; SQLite allows 32,766 parameters.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class DayForeseen:
    """One business day of the file: its lines, whether it would be complete, and whether it is."""

    day: date
    count: int
    gross: int
    complete: bool
    already: bool


@dataclass(slots=True)
class SettlementPreview:
    """A settlement file and what would become of it. `first` are its first lines with their rows;
    `known` counts lines whose reference an earlier file told of, `ours` those that name a payment of
    ours. `per_day` has count and gross."""

    file: SettlementFile
    first: list[Numbered] = field(default_factory=list)
    known: int = 0
    ours: int = 0
    per_day: dict[date, tuple[int, int]] = field(default_factory=dict)
    days: Sequence[DayForeseen] = ()

    @property
    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Count and gross of every meaning."""
        return self.file.table.sums.kinds

    @property
    def ignored(self) -> Counter[str]:
        """Rows that count for nothing, by the provider's word."""
        return self.file.table.sums.ignored


def foresee_settlement(
    tx: Session, account: MerchantAccount, file: SettlementFile, now: datetime, *, shown: int
) -> SettlementPreview:
    """What `file` would do to the books of `account` now, with its first `shown` lines. Read in
    pieces, so that a large file takes no more memory than a small one. Raises `InvalidStatement`."""
    found = SettlementPreview(file)
    for some in _pieces(file.lines()):
        found.first += some[: max(0, shown - len(found.first))]
        lines = [line for _, line in some]
        found.known += _known(tx, account, lines)
        found.ours += _ours(tx, account, lines)
        for line in lines:
            day = file.table.day_of(line)
            count, gross = found.per_day.get(day, (0, 0))
            found.per_day[day] = count + 1, gross + line.gross
    found.days = list(_days(tx, account, found, business_day(now)))
    return found


def _pieces(lines: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while some := list(islice(lines, CHUNK)):
        yield some


def _known(tx: Session, account: MerchantAccount, lines: Iterable[StatementLine]) -> int:
    refs = Counter(line.line_ref for line in lines)
    stored = select(Stored.line_ref).where(
        Stored.account_id == account.id, Stored.leg == SETTLEMENT, Stored.line_ref.in_(refs)
    )
    return (refs & Counter(tx.scalars(stored))).total()


def _ours(tx: Session, account: MerchantAccount, lines: Iterable[StatementLine]) -> int:
    codes = Counter(line.order_code for line in lines if line.order_code)
    ours = select(Payment.code).where(Payment.account_id == account.id, Payment.code.in_(codes))
    return sum(codes[code] for code in tx.scalars(ours))


def _days(
    tx: Session, account: MerchantAccount, found: SettlementPreview, today: date
) -> Iterator[DayForeseen]:
    for day, complete in found.file.table.days(found.per_day, today):
        already = is_complete(tx, account.id, SETTLEMENT, day)
        yield DayForeseen(day, *found.per_day.get(day, (0, 0)), complete, already)
