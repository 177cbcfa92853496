"""Where money stands on its way back: asked, approved, claimed, on a payout list, gone; with dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, lazyload

from payments.accounts import Gateways
from payments.models import Movement, Refund
from payments.payback import PayoutList, RefundClaim, RefundTask
from payments.provider import CASH, MovementKind


class Reached(StrEnum):
    """What the money waits for, or how it ended."""

    OPEN = "open"
    REJECTED = "rejected"
    AT_PROVIDER = "at_provider"
    AT_TILL = "at_till"
    NO_ACCOUNT = "no_account"
    CLAIMED = "claimed"
    LISTED = "listed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WayBack:
    """One task with everything that became of it. `by_rail`: the payment company sends the money
    itself; `left_at` is when it left by the word of whoever sent it."""

    task: RefundTask
    refund: Refund | None
    claim: RefundClaim | None
    made: PayoutList | None
    left_at: datetime | None
    by_rail: bool

    @property
    def in_cash(self) -> bool:
        """What came in cash goes back in cash, from a till (`parking.shifts.paying_back`)."""
        return self.task.payment.account.provider == CASH

    @property
    def reached(self) -> Reached:
        if self.refund is None:
            return Reached.REJECTED if self.task.state == "rejected" else Reached.OPEN
        if self.refund.state != "asked":
            return Reached(self.refund.state)
        if self.by_rail:
            return Reached.AT_PROVIDER
        if self.in_cash:
            return Reached.AT_TILL
        if self.claim is None:
            return Reached.NO_ACCOUNT
        return Reached.LISTED if self.made else Reached.CLAIMED


def ways_back(
    tx: Session, gateways: Gateways, *which: ColumnElement[bool], newest: int | None = None
) -> Sequence[WayBack]:
    """The ways of the tasks for which all of `which` holds, oldest first; or only so many, `newest`
    first. `which` may speak of tasks, their payments' columns by subquery, and refunds."""
    query = _query().where(*which)
    if newest is None:
        query = query.order_by(RefundTask.asked_at, RefundTask.id)
    else:
        query = query.order_by(RefundTask.decided_at.desc(), RefundTask.id.desc()).limit(newest)
    return [
        WayBack(*row[:4], left_at=row[4], by_rail=gateways.sends_back(row[0].payment.account))
        for row in tx.execute(query)
    ]


def _query() -> Select[RefundTask, Refund, RefundClaim, PayoutList, datetime]:
    left = select(sql.min(Movement.event_at)).where(
        Movement.payment_id == RefundTask.payment_id,
        Movement.refund_id == RefundTask.refund_id,
        Movement.kind == MovementKind.REFUND.value,
    )
    return (
        select(RefundTask, Refund, RefundClaim, PayoutList, left.scalar_subquery())
        .outerjoin(Refund, Refund.id == RefundTask.refund_id)
        .outerjoin(RefundClaim, RefundClaim.refund_id == Refund.id)
        .outerjoin(PayoutList, PayoutList.id == RefundClaim.payout_list_id)
        # what these load beside themselves would be joined as if there always was one
        .options(lazyload(Refund.payment), lazyload(RefundClaim.refund))
    )
