"""Every refund on its way: what waits for a person, for the bank or the provider, and what is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.models import ParkingSession
from parking.sessions.ways_back import Reached, WayBack, ways_back
from payments.accounts import Gateways
from payments.db import business_day
from payments.errors import NotFound
from payments.models import MerchantAccount, Payment, Refund
from payments.payback import RefundTask

#: Of what is done, the newest are shown; the trace of a payment shows all of its own.
MOST_DONE = 50

#: How far a refund is, as finance says it.
WORDS = {
    Reached.OPEN: mark("Waits for approval"),
    Reached.REJECTED: mark("Rejected"),
    Reached.AT_PROVIDER: mark("Waits for the payment company"),
    Reached.AT_TILL: mark("Waits for an attendant to pay it back in cash"),
    Reached.NO_ACCOUNT: mark("Waits for the driver to name an account"),
    Reached.CLAIMED: mark("Waits for a payout list"),
    Reached.LISTED: mark("On a payout list, waits for the bank"),
    Reached.DONE: mark("Went back"),
    Reached.FAILED: mark("Refused by the payment company"),
}
PURPOSE_WORDS = {"excess": mark("Paid too much"), "charge": mark("Charged too much")}


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One way back beside its stay; `age` in days since it was asked for."""

    way: WayBack
    stay: ParkingSession | None
    age: int


@dataclass(frozen=True, slots=True)
class RefundDesk:
    """What waits for approval, oldest first; what was approved and has not left; the newest done."""

    open: Sequence[RefundRow]
    approved: Sequence[RefundRow]
    done: Sequence[RefundRow]

    @property
    def actors(self) -> set[str]:
        """Who asked and who decided."""
        tasks = [row.way.task for row in (*self.open, *self.approved, *self.done)]
        return {task.asked_by for task in tasks} | {task.decided_by or "" for task in tasks}


def refund_desk(tx: Session, gateways: Gateways, operator: str | None, today: date) -> RefundDesk:
    """The refunds of one operator or of all."""
    mine = _of(operator)
    over = or_(RefundTask.state == "rejected", Refund.state.in_(("done", "failed")))
    return RefundDesk(
        _rows(tx, ways_back(tx, gateways, RefundTask.state == "open", mine), today),
        _rows(tx, ways_back(tx, gateways, Refund.state == "asked", mine), today),
        _rows(tx, ways_back(tx, gateways, over, mine, newest=MOST_DONE), today),
    )


def own_task(tx: Session, task_id: uuid.UUID, operator: str | None) -> RefundTask:
    """The task, if this operator's people may decide it. Raises `NotFound`."""
    found = tx.scalar(select(RefundTask).where(RefundTask.id == task_id, _of(operator)))
    if found is None:
        raise NotFound("There is no such refund task.")
    return found


def _of(operator: str | None) -> ColumnElement[bool]:
    if operator is None:
        return true()
    accounts = select(MerchantAccount.id).where(MerchantAccount.operator == operator)
    return RefundTask.payment_id.in_(select(Payment.id).where(Payment.account_id.in_(accounts)))


def _rows(tx: Session, ways: Iterable[WayBack], today: date) -> list[RefundRow]:
    found = list(ways)
    references = {_reference(way) for way in found}
    stays = {
        stay.reference: stay
        for stay in tx.scalars(
            select(ParkingSession).where(ParkingSession.reference.in_(references))
        )
    }
    return [
        RefundRow(
            way,
            stays.get(_reference(way)),
            (today - business_day(way.task.asked_at)).days,
        )
        for way in found
    ]


def _reference(way: WayBack) -> str:
    return way.task.reference or way.task.payment.reference
