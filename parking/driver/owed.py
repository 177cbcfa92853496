"""What a driver's pages know of anything that is paid for: the money asked, the attempts to pay it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for

from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.offers import Way
from parking.sessions.models import TransferClaim
from parking.sessions.transfers import Stage, stage_of
from payments import state
from payments.checkout import is_announced
from payments.models import Payment

_SESSION = {
    "home": "driver.session",
    "pay": "driver.start_payment",
    "state": "driver.payment_state",
    "transfer": "driver.transfer",
    "picture": "driver.transfer_picture",
    "code": "driver.session_code",
    "refund": "driver.claim_here",
}
_PASS = {
    "home": "driver.pass_page",
    "pay": "driver.pay_pass",
    "state": "driver.pass_state",
    "transfer": "driver.pass_transfer",
    "picture": "driver.pass_transfer_picture",
    "code": "driver.pass_code",
    "refund": "driver.claim_on_pass",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pages of one parking session or pass are; `link` is the part that only its holder
    knows, `back` what the way home is called."""

    endpoints: Mapping[str, str]
    link: str
    back: str

    def at(self, page: str, **more: object) -> str:
        """The address of ``home``, ``pay``, ``state``, ``transfer``, ``picture``, ``code`` or ``refund``."""
        address: str = url_for(self.endpoints[page], link=self.link, **more)  # type: ignore[arg-type]
        return address


def of_session(link: str) -> Places:
    return Places(_SESSION, link, mark("Back to the parking session"))


def of_pass(link: str) -> Places:
    return Places(_PASS, link, mark("Back to the pass"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """`lot` is where the money goes, `plate` what the page calls the vehicle, `due` what the price
    leaves to pay, `offered` the amount that was promised to hold until `holds_until`; without one the
    price holds for `minutes` once it is taken up. `ways` are how it can be paid now, `payments` the
    attempts, newest first, `labels` what people call the way each was begun by. `claim` while somebody
    vouches for a transfer that the bank has not told of; `counts` for how many vehicles a payment is,
    where it is for several."""

    lot: Lot
    plate: str
    due: int
    offered: int | None
    holds_until: datetime | None
    minutes: int
    begun: bool
    ways: Sequence[Way]
    payments: Sequence[Payment]
    labels: Sequence[str]
    now: datetime
    tail: str
    claim: TransferClaim | None = None
    counts: Mapping[uuid.UUID, int] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """What a driver who pays now is asked for, in minor units."""
        return self.due if self.offered is None else self.offered

    @property
    def payment(self) -> Payment | None:
        return self.payments[0] if self.payments else None

    @property
    def waiting(self) -> bool:
        """A payment may still be confirmed at any moment."""
        return bool(self.unfinished) or self.claim is not None

    @property
    def announceable(self) -> bool:
        """Whether the driver may say that a transfer is on its way, to be let out on it."""
        return False

    @property
    def transfer(self) -> Payment | None:
        """The newest bank transfer nothing came of yet, whether its code still holds or not."""
        return next((p for p in self.payments if p.transfer and not p.received), None)

    @property
    def awaited(self) -> bool:
        """The newest attempt is one of those, and nothing of its money came yet."""
        newest = self.payment
        return newest is not None and is_open(newest) and newest.received == 0

    @property
    def unfinished(self) -> list[tuple[Payment, str]]:
        """The attempts that may still be paid, newest first, with what their way is called."""
        attempts = zip(self.payments, self.labels, strict=True)
        return [(payment, label) for payment, label in attempts if is_open(payment)]

    @property
    def mark(self) -> str:
        return mark_of(self.payments, self.tail)

    def count(self, payment: Payment) -> int:
        """For how many vehicles `payment` is."""
        return self.counts.get(payment.id, 1)

    def stage(self, payment: Payment) -> Stage | None:
        """What can still be made of the bank transfer of `payment`; None when nobody should transfer
        it any more, because it came or nothing is due."""
        if payment.state == "paid" or self.due == 0:
            return None
        return stage_of(payment, self.offered, self.due, self.now, payment.amount)


def is_open(payment: Payment) -> bool:
    """The driver was sent to pay, and no final word came back."""
    return payment.state in state.OPEN and is_announced(payment)


def mark_of(payments: Sequence[Payment], tail: str) -> str:
    """Changes when what the page says of money has changed, whichever attempt of `payments` (newest
    first) brought it, or when `tail` has, and gives nothing else away."""
    newest = payments[0] if payments else None
    received = sum(payment.received for payment in payments)
    told = (newest.code, newest.state, received) if newest else ()
    return ":".join(str(part) for part in (*told, tail))
