"""What became of an operator's money in a period, from the ledger alone.

Each clearing account (a provider's, an attendant's till) begins with a balance, takes in receipts,
gives back, pays fees, pays out, and ends with a balance. Opening and closing balance are each the sum
of all transfers up to their day, so that what happened in between must tie them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, or_, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.belonging import owner
from payments.models import MerchantAccount, Movement, Payment, Transfer
from payments.provider import MovementKind
from reconciliation.models import BANK, StatementLine
from reconciliation.reports.period import Period

#: Kind of transfer → what it is called in the statement; every other kind is ``other``.
FLOWS = {
    "receipt": "receipts",
    "reversal": "returned",
    "refund_done": "returned",
    "fee": "fees",
    "payout": "payouts",
}


@dataclass(frozen=True, slots=True)
class Balance:
    """One clearing account: `closing` = `opening` + receipts − returned − fees − payouts + other."""

    operator: str
    account: str
    opening: int
    receipts: int
    returned: int
    fees: int
    payouts: int
    other: int
    closing: int


def balances(tx: Session, period: Period) -> list[Balance]:
    """Every clearing account of the period's operators that has, had or moved money."""
    before = _sums(tx, period, Transfer.book_day < period.since)
    after = _sums(tx, period, Transfer.book_day <= period.until)
    flows = _flows(tx, period)
    return [
        _balance(key, before.get(key, 0), after.get(key, 0), flows.get(key, {}))
        for key in sorted({*before, *after, *flows})
    ]


Key = tuple[str, str]


def _balance(key: Key, opening: int, closing: int, flows: Mapping[str, int]) -> Balance:
    return Balance(
        *key,
        opening=opening,
        receipts=flows.get("receipts", 0),
        returned=-flows.get("returned", 0),
        fees=-flows.get("fees", 0),
        payouts=-flows.get("payouts", 0),
        other=flows.get("other", 0),
        closing=closing,
    )


def _sides(period: Period, when: ColumnElement[bool]) -> Any:
    """Both sides of the transfers on clearing accounts, signed towards the account."""
    sides = [
        select(
            Transfer.operator, account.label("account"), Transfer.kind, amount.label("amount")
        ).where(
            or_(account.startswith("clearing:"), account.startswith("cash:")),
            Transfer.currency == period.currency,
            period.of_operator(Transfer.operator),
            when,
        )
        for account, amount in (
            (Transfer.debit, Transfer.amount.expression),
            (Transfer.credit, -Transfer.amount),
        )
    ]
    return union_all(*sides).subquery().c


def _sums(tx: Session, period: Period, when: ColumnElement[bool]) -> dict[Key, int]:
    """The balance of every clearing account by the transfers for which `when` holds."""
    rows = _sides(period, when)
    query = select(rows.operator, rows.account, cast(sql.sum(rows.amount), BigInteger))
    grouped = query.group_by(rows.operator, rows.account)
    return {(operator, account): int(amount) for operator, account, amount in tx.execute(grouped)}


def _flows(tx: Session, period: Period) -> dict[Key, dict[str, int]]:
    rows = _sides(period, period.within(Transfer.book_day))
    query = select(rows.operator, rows.account, rows.kind, cast(sql.sum(rows.amount), BigInteger))
    found: dict[Key, dict[str, int]] = {}
    for operator, account, kind, amount in tx.execute(
        query.group_by(rows.operator, rows.account, rows.kind)
    ):
        flows, name = found.setdefault((operator, account), {}), FLOWS.get(kind, "other")
        flows[name] = flows.get(name, 0) + int(amount)
    return found


@dataclass(frozen=True, slots=True)
class LotFlow:
    """What passed through the clearing accounts for one cost centre; '' is money in suspense."""

    operator: str
    cost_centre: str
    count: int
    receipts: int
    returned: int
    fees: int


def by_cost_centre(tx: Session, period: Period) -> list[LotFlow]:
    """The period's receipts, money back and fees by the cost centre they belong to."""
    centre = sql.coalesce(Payment.cost_centre, "")

    def of(name: str) -> Any:
        kinds = [kind for kind, flow in FLOWS.items() if flow == name]
        amount = case((Transfer.kind.in_(kinds), Transfer.amount), else_=0)
        return cast(sql.coalesce(sql.sum(amount), 0), BigInteger)

    query = (
        select(Transfer.operator, centre, sql.count().filter(Transfer.kind == "receipt"),
               of("receipts"), of("returned"), of("fees"))
        .select_from(Transfer)
        .join(Movement, Movement.id == Transfer.movement_id)
        .outerjoin(Payment, Payment.id == owner())
        .where(
            period.within(Transfer.book_day),
            period.of_operator(Transfer.operator),
            Transfer.currency == period.currency,
            Transfer.kind.in_([kind for kind in FLOWS if kind != "payout"]),
        )
        .group_by(Transfer.operator, centre)
        .order_by(Transfer.operator, centre)
    )  # fmt: skip
    return [LotFlow(row[0], row[1], *map(int, row[2:])) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Payout:
    """Money a provider paid out to the operator's bank: `batch` is the provider's reference,
    `bank_reference` and `credited_at` the bank's, as far as the bank's lines name it."""

    operator: str
    account: str
    day: date
    batch: str
    credited_at: datetime
    bank_reference: str
    amount: int


def payouts(tx: Session, period: Period) -> Sequence[Payout]:
    """The payouts booked in the period, by day."""
    credit = and_(
        StatementLine.account_id == Movement.account_id,
        StatementLine.leg == BANK,
        StatementLine.rail_ref == Movement.rail_ref,
        StatementLine.gross == Movement.amount,
    )
    query = (
        select(
            MerchantAccount.operator,
            MerchantAccount.slug,
            Transfer.book_day,
            Movement.rail_ref,
            Movement.event_at,
            sql.coalesce(sql.min(StatementLine.line_ref), ""),
            Movement.amount,
        )
        .select_from(Transfer)
        .join(Movement, Movement.id == Transfer.movement_id)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(StatementLine, credit)
        .where(
            Movement.kind == MovementKind.PAYOUT.value,
            period.within(Transfer.book_day),
            period.of_operator(Transfer.operator),
            Transfer.currency == period.currency,
        )
        .group_by(Movement.id, MerchantAccount.id, Transfer.book_day)
        .order_by(Transfer.book_day, MerchantAccount.slug, Movement.rail_ref)
    )
    return [Payout(*row) for row in tx.execute(query)]


def last_recorded(tx: Session, period: Period) -> datetime | None:
    """When the newest transfer of the period was written; None when there is none."""
    query = select(sql.max(Transfer.recorded_at)).where(
        Transfer.book_day <= period.until, period.of_operator(Transfer.operator)
    )
    return tx.scalar(query)
