"""Giving money back from one payment: how much there is to give, and what a person typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import mark
from parking.passes.models import Pass
from parking.passes.service import paid_beyond
from parking.sessions.due import Standing, standings
from parking.sessions.refunds import refund
from parking.sessions.stays import stays_of
from parking.tariffs import TariffBook
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import MerchantAccount, Payment
from payments.money import exponent
from payments.payback import RefundTask
from payments.refund_tasks import left_to_ask
from payments.refunds import RefundRequest

_AMOUNT = re.compile(r"\d{1,3}(?:[ .,\u00a0]\d{3})+|\d{1,12}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}")
PURPOSES = ("excess", "charge")


@dataclass(frozen=True, slots=True)
class RefundablePart:
    """What can go back of what was paid for one stay, in minor units: `left` in all, `excess` of it
    without changing the price. `reference` names it where the payment is for several."""

    reference: str | None
    plate: str
    left: int
    excess: int


@dataclass(frozen=True, slots=True)
class Refundable:
    """What can go back of one payment, stay by stay."""

    payment: Payment
    parts: Sequence[RefundablePart]

    @property
    def left(self) -> int:
        return sum(part.left for part in self.parts)

    @property
    def excess(self) -> int:
        """The most that can go back at once and leave the price as it is."""
        return max(part.excess for part in self.parts)

    def part(self, reference: str) -> RefundablePart:
        """The part a form names. Raises `WrongUsage` when there are several and it names none."""
        wanted = [part for part in self.parts if reference in (part.reference or "", "")]
        if len(wanted) != 1:
            raise WrongUsage(mark("Please choose the vehicle that the money is for."))
        return wanted[0]


def refundable(
    tx: Session, tariffs: TariffBook, code: str, operator: str | None, now: datetime
) -> Refundable:
    """What is left of the payment with this code. Raises `NotFound`, also for another operator's."""
    query = select(Payment).join(MerchantAccount).where(Payment.code == code)
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    payment = tx.scalar(query)
    if payment is None:
        raise NotFound("There is no payment %(code)s.", code=code)
    stays = stays_of(tx, [payment])[payment.id]
    if not stays:
        left, excess = left_to_ask(tx, payment), _excess_of_pass(tx, payment.reference)
        beyond = left if excess is None else min(left, excess)
        return Refundable(payment, [RefundablePart(None, "", left, beyond)])
    found = standings(tx, tariffs, stays, now)
    return Refundable(payment, [_part(tx, payment, one) for one in found])


def _part(tx: Session, payment: Payment, found: Standing) -> RefundablePart:
    session = found.session
    reference = None if payment.reference == session.reference else session.reference
    left = left_to_ask(tx, payment, reference)
    return RefundablePart(reference, session.plate, left, min(left, found.excess))


def _excess_of_pass(tx: Session, reference: str) -> int | None:
    """What was paid beyond the price of a pass; None for anything else."""
    beyond = tx.scalar(select(paid_beyond()).where(Pass.reference == reference))
    return None if beyond is None else max(0, int(beyond))


def read_amount(text: str, currency: str) -> int:
    """An amount as people type it, ``20000``, ``20.000`` or ``20 000``, in minor units of `currency`.

    Raises `WrongUsage` for anything else. Currencies with cents are not typed here.
    """
    typed = text.strip().removesuffix("₫").removesuffix("đ").strip()
    if exponent(currency) or not _AMOUNT.fullmatch(typed):
        raise WrongUsage("%(amount)s is not an amount; write it as 20000.", amount=text[:20] or "—")
    return int(re.sub(r"\D", "", typed))


def give_back(
    house: House, code: str, operator: str | None, form: Mapping[str, str], actor: str
) -> RefundTask:
    """Do what the form says. Sending the same form twice asks for the money once; up to the limit
    it goes back at once, above it the task waits for somebody else.

    Raises `WrongUsage` for what cannot be read, `Conflict` when less is left than asked for.
    """
    now = house.clock()
    purpose, key = form.get("purpose", ""), form.get("key", "")
    if purpose not in PURPOSES or not _KEY.fullmatch(key):
        raise WrongUsage("This form is incomplete. Please reload the page and try again.")
    with house.databases.read() as tx:
        offered = refundable(tx, house.tariffs, code, operator, now)
        repeated = tx.scalar(select(RefundTask.id).where(RefundTask.key == key)) is not None
    amount = read_amount(form.get("amount", ""), offered.payment.currency)
    part = offered.part(form.get("stay", ""))
    if purpose == "excess" and amount > part.excess and not repeated:
        raise Conflict(
            "Only %(excess)s was paid beyond the price. To give back more, lower the charge instead.",
            excess=part.excess,
        )
    reason = " ".join(form.get("reason", "").split())[:300]
    request = RefundRequest(offered.payment.id, amount, purpose, reason, actor, key, part.reference)
    limit = house.config.refund_approval_above
    return refund(house.databases.write, house.gateways, request, limit, now)
