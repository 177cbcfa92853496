"""What a driver can do on the payment page, and what comes of it.

Paying late: the driver pays in time, the money arrives after the order's end. The receipt is
written at once with the later instant, and until then nobody hears of it: the status API, the
notice and the statement all go by the instant the money arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from payments.errors import Conflict
from payments.money import LARGEST
from payments.sandbox.booking import book
from payments.sandbox.config import SandboxConfig
from payments.sandbox.models import Kind, Motion, Order
from payments.sandbox.notices import announce_decline
from payments.sandbox.orders import motions

#: How long after the order's end late money arrives.
LATENESS = timedelta(minutes=2)


class Act(StrEnum):
    PAY = "pay"
    DECLINE = "decline"
    PAY_LATE = "pay_late"
    PAY_LESS = "pay_less"
    PAY_MORE = "pay_more"
    PAY_TWICE = "pay_twice"


def perform(
    tx: Session,
    config: SandboxConfig,
    order: Order,
    act: Act,
    now: datetime,
    at: datetime | None = None,
    amount: int | None = None,
) -> Sequence[Motion]:
    """Do `act` on `order`, locked by the caller, and return its receipts.

    `at` is when it happens (default: `now`, for late money after the order's end), `amount` what is
    received instead of the act's own amount. Repeating an act changes nothing.
    Raises `Conflict` when the order's state forbids it.
    """
    known = motions(tx, order, Kind.PAYMENT)
    moment = at or (max(now, order.expires_at + LATENESS) if act is Act.PAY_LATE else now)
    if act is Act.DECLINE:
        return _decline(tx, config, order, known, moment, now)
    missing = (2 if act is Act.PAY_TWICE else 1) - len(known)
    if missing <= 0:
        return known
    _check_payable(order, act, moment)
    received = amount or _amount_of(order, act)
    numbers = range(len(known) + 1, len(known) + missing + 1)
    return known + [
        book(tx, config, order, (Kind.PAYMENT, str(n)), received, moment, now) for n in numbers
    ]


def _check_payable(order: Order, act: Act, moment: datetime) -> None:
    late = moment >= order.expires_at
    if act is Act.PAY_LATE and not late:
        raise Conflict("Order %(code)s has not expired yet at that time.", code=order.code)
    if act is not Act.PAY_LATE and late:
        raise Conflict("Order %(code)s has expired.", code=order.code)
    if act is not Act.PAY_LATE and order.declined_at is not None:
        raise Conflict("Order %(code)s was declined.", code=order.code)


def _amount_of(order: Order, act: Act) -> int:
    step = max(1, order.amount // 10)
    amount = order.amount + {Act.PAY_LESS: -step, Act.PAY_MORE: step}.get(act, 0)
    if not 1 <= amount <= LARGEST:
        raise Conflict("There is no such wrong amount for order %(code)s.", code=order.code)
    return amount


def _decline(
    tx: Session,
    config: SandboxConfig,
    order: Order,
    known: Sequence[Motion],
    moment: datetime,
    now: datetime,
) -> Sequence[Motion]:
    if known:
        raise Conflict("Order %(code)s is paid already.", code=order.code)
    if order.declined_at is None:
        order.declined_at = moment
        announce_decline(tx, config, order, moment, now)
    return known
