"""Cash, the recorded exception: taken for what is due, with a listed reason, into the till of the
attendant who takes it. The amount is never typed: it is the offer everybody else would pay.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.people.badge import Badge
from parking.sessions.due import standing
from parking.sessions.exits import UNDO_WINDOW
from parking.sessions.models import ParkingSession, intent_of
from parking.sessions.quotes import offer, product_of, standing_offer
from parking.sessions.service import lock_session
from parking.shifts.models import CashEntry, Shift
from parking.shifts.service import locked_shift
from parking.tariffs import TariffBook
from payments import audit
from payments.checkout import Request, intend
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import MerchantAccount, Payment
from payments.providers.cash import given_back, taken
from payments.service import lock_payment, record

#: Source of the notices that an attendant's word makes.
COUNTER = "counter"
#: How long an offer to be paid in cash stands: the money is handed over in the same moment.
AT_ONCE = timedelta(minutes=1)


class Reason(StrEnum):
    """Why somebody did not pay without cash."""

    NO_PHONE = "no_phone"
    NO_SIGNAL = "no_signal"
    BANK_DOWN = "bank_down"
    CANNOT = "cannot"
    VISITOR = "visitor"
    REFUSES = "refuses"


#: What each reason is called, in the order of the buttons.
REASONS: dict[str, str] = {
    Reason.NO_PHONE: mark("No phone"),
    Reason.NO_SIGNAL: mark("No battery or signal"),
    Reason.BANK_DOWN: mark("The bank does not work"),
    Reason.CANNOT: mark("Elderly, or cannot"),
    Reason.VISITOR: mark("Foreign visitor"),
    Reason.REFUSES: mark("Refuses to pay by phone"),
}


@dataclass(frozen=True, slots=True)
class Sale:
    """What is paid at the counter: `amount` is what is due of it now, `reference` what the payment
    is for, `intent` names this attempt to collect it (`payments.checkout.intend`)."""

    reference: str
    amount: int
    cost_centre: str
    product: str
    description: str
    intent: str
    expires_at: datetime


def take_cash(
    tx: Session,
    tariffs: TariffBook,
    session_id: uuid.UUID,
    badge: Badge,
    reason: str,
    now: datetime,
    *,
    shown: int | None = None,
) -> Payment:
    """Take what is due for a stay in cash; a second tap gives the same payment.

    `shown` is the amount the attendant saw and asked for. Raises `Conflict` without an open shift
    at this lot, when another one took or the driver made the payment meanwhile, and when another
    amount than `shown` is due by now; `WrongUsage` for a reason that is not listed.
    """
    session = lock_session(tx, session_id)
    shift = shift_at(tx, badge, session.lot_id)
    if standing(tx, tariffs, session, now).settled:
        return _taken_before(tx, shift, session.reference, now)
    quote = offer(tx, tariffs, session_id, now)
    if shown is not None and shown != quote.amount:
        raise Conflict("The amount due has changed; please look at it again before you take it.")
    sale = Sale(
        reference=session.reference,
        amount=quote.amount,
        cost_centre=session.lot.number,
        product=product_of(session),
        description=f"{session.lot.number} {session.plate}",
        intent=intent_of([quote], _till(tx, shift).slug, ""),
        expires_at=quote.expires_at,
    )
    return _collect(tx, shift, sale, badge, reason, now)


def sell_for_cash(
    tx: Session,
    lot_id: uuid.UUID,
    badge: Badge,
    reason: str,
    now: datetime,
    *,
    reference: str,
    amount: int,
    cost_centre: str,
    product: str,
    description: str,
) -> Payment:
    """Take `amount` dong in cash for whatever `reference` names, a pass for instance; a second tap
    gives the same payment. The caller holds the row lock of what is sold, so that `amount` is what
    is still due of it (0: everything is paid). Raises as `take_cash` does."""
    shift = shift_at(tx, badge, lot_id)
    if amount == 0:
        return _taken_before(tx, shift, reference, now)
    sale = Sale(
        reference, amount, cost_centre, product, description, f"cash:{reference}", now + AT_ONCE
    )
    return _collect(tx, shift, sale, badge, reason, now)


def asked_for(tx: Session, tariffs: TariffBook, session: ParkingSession, now: datetime) -> int:
    """What an attendant has to ask for: the offer that stands, else what is due now."""
    quote = standing_offer(tx, tariffs, session, now)
    return quote.amount if quote else standing(tx, tariffs, session, now).due


def shift_at(tx: Session, badge: Badge, lot_id: uuid.UUID) -> Shift:
    """The shift this person works at this lot, under its lock. Raises `Conflict` without one, and
    when it is counted: nothing goes into a counted till."""
    shift = locked_shift(tx, badge)
    if shift.lot_id != lot_id:
        raise Conflict("Your open shift is at another lot.")
    if shift.counted is not None:
        raise Conflict("Your till is counted; close this shift and open another one.")
    return shift


def _till(tx: Session, shift: Shift) -> MerchantAccount:
    return tx.get_one(MerchantAccount, shift.account_id)


def _taken_before(tx: Session, shift: Shift, reference: str, now: datetime) -> Payment:
    """The payment that this shift took for `reference` a moment ago. Raises `Conflict`."""
    found = tx.scalar(
        select(Payment)
        .join(CashEntry, CashEntry.payment_id == Payment.id)
        .where(
            CashEntry.shift_id == shift.id,
            CashEntry.at >= now - UNDO_WINDOW,
            Payment.reference == reference,
            Payment.received > Payment.reversed,
        )
        .order_by(CashEntry.at.desc())
        .limit(1)
    )
    if found is None:
        raise Conflict("Nothing is due: it is paid already, or it costs nothing.")
    return found


def _collect(
    tx: Session, shift: Shift, sale: Sale, badge: Badge, reason: str, now: datetime
) -> Payment:
    why, account = _listed(reason), _till(tx, shift)
    request = Request(
        account=account,
        reference=sale.reference,
        intent=sale.intent,
        amount=sale.amount,
        cost_centre=sale.cost_centre,
        product=sale.product,
        description=sale.description,
        expires_at=sale.expires_at,
        return_url="",
        notify_url="",
    )
    payment = intend(tx, request, now)
    if payment.received:
        return payment
    record(tx, account, taken(payment.code, payment.amount, now), now, source=COUNTER)
    tx.add(CashEntry(payment_id=payment.id, shift_id=shift.id, reason=why, by=badge.actor, at=now))
    detail: dict[str, object] = {"due": payment.amount, "why": why, "payment": payment.code}
    audit.append(tx, badge.actor, "cash.take", sale.reference, detail, now)
    return payment


def _listed(reason: str) -> Reason:
    if reason not in list(Reason):
        raise WrongUsage(
            "%(reason)s is no reason to take cash; the reasons are: %(names)s.",
            reason=reason or "—",
            names=", ".join(Reason),
        )
    return Reason(reason)


def give_back(tx: Session, payment_id: uuid.UUID, badge: Badge, now: datetime) -> Payment:
    """Undo a cash payment of one's own that was a mistake: the money goes back to the driver.

    Giving it back again changes nothing. Raises `NotFound` for somebody else's, `Conflict` after ten
    minutes, once the till is counted, and when a refund of it was asked for.
    """
    entry = tx.get(CashEntry, payment_id)
    if entry is None or entry.by != badge.actor:
        raise NotFound("You took no such payment.")
    shift = tx.get_one(Shift, entry.shift_id, with_for_update=True)
    payment = lock_payment(tx, payment_id)
    if payment.reversed:
        return payment
    if shift.counted is not None:
        raise Conflict("The till of this payment is counted; ask the finance office for a refund.")
    if now - entry.at > UNDO_WINDOW or payment.refunded:
        raise Conflict("This payment is more than ten minutes old, or is being refunded; it stays.")
    told = given_back(payment.code, payment.amount, now)
    record(tx, payment.account, told, now, source=COUNTER)
    detail: dict[str, object] = {"due": payment.amount, "payment": payment.code}
    audit.append(tx, badge.actor, "cash.give_back", payment.reference, detail, now)
    return payment
