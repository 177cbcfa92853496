"""The figures of a day as they are certified: the day's totals, proven once more from the rows.

Two kinds of figures stand in a total. What we *recorded* (`RECORDED`) never changes after the close:
nothing is booked on a closed day. What others *confirmed* of it (`KNOWN`) may still grow as files
arrive, and money in suspense may be found to belong to a lot. The certificate keeps both as they were
known at the close; the totals go on; whoever reads sees the two side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import Attachment, MerchantAccount, Movement, Payment
from payments.provider import MovementKind
from reconciliation.models import DayTotal
from reconciliation.totals import BESIDE

RECORDED = ("count", "gross", "refunds", "fees", "net")
KNOWN = ("confirmed_count", "confirmed_gross", "banked_count", "banked_gross", "breaks")


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Whose figures: one account, cost centre and product of a day. '' × '' is money in suspense."""

    account: str
    currency: str
    cost_centre: str
    product: str


Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is not what it was."""

    part: Part
    figure: str
    was: int
    now: int


def totals_of(tx: Session, operator: str, day: date) -> Mapping[Part, Figures]:
    """The totals of one operator's day as they stand, all figures."""
    rows = tx.execute(
        select(DayTotal, MerchantAccount.slug, MerchantAccount.currency)
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(MerchantAccount.operator == operator, DayTotal.day == day)
    )
    return {
        Part(slug, currency, row.cost_centre, row.product): {
            name: getattr(row, name) for name in (*RECORDED, *KNOWN)
        }
        for row, slug, currency in rows
    }


def recorded(tx: Session, operator: str, day: date, until: datetime) -> Mapping[Part, Figures]:
    """What was recorded for one operator's day, from the movements; money in suspense belongs to what
    it was attached to by `until`."""
    belongs = and_(Attachment.movement_id == Movement.id, Attachment.at <= until)
    owner = sql.coalesce(Movement.payment_id, Attachment.payment_id)
    labels = (
        MerchantAccount.slug,
        MerchantAccount.currency,
        sql.coalesce(Payment.cost_centre, ""),
        sql.coalesce(Payment.product, ""),
    )
    query = (
        select(*labels, *(sql.sum(column) for column in _sums()))
        .select_from(Movement)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .outerjoin(Attachment, belongs)
        .outerjoin(Payment, Payment.id == owner)
        .where(
            MerchantAccount.operator == operator,
            Movement.book_day == day,
            Movement.kind.not_in(BESIDE),
            Movement.currency == MerchantAccount.currency,
        )
        .group_by(*labels)
    )
    return {Part(*row[:4]): _figures(*map(int, row[4:])) for row in tx.execute(query)}


def _sums() -> Sequence[ColumnElement[int]]:
    receipt = Movement.kind == MovementKind.RECEIPT.value
    back = Movement.kind.in_((MovementKind.REFUND.value, MovementKind.REVERSAL.value))
    fee = Movement.kind == MovementKind.FEE.value
    sums = [case((which, Movement.amount), else_=0) for which in (receipt, back, fee)]
    return [case((receipt, 1), else_=0), *sums]


def _figures(count: int, gross: int, refunds: int, fees: int) -> Figures:
    net = gross - refunds - fees
    return {"count": count, "gross": gross, "refunds": refunds, "fees": fees, "net": net}


def changes(
    was: Mapping[Part, Figures], now: Mapping[Part, Figures], names: Sequence[str]
) -> Iterator[Change]:
    """The figures called `names` that differ; a part that is missing on a side has zeros there."""
    for part in sorted({*was, *now}):
        before, after = was.get(part, {}), now.get(part, {})
        for name in names:
            if before.get(name, 0) != after.get(name, 0):
                yield Change(part, name, before.get(name, 0), after.get(name, 0))
