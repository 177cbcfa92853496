"""What a driver reads about money that goes back: every step with its date, and what is still to do."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import mark
from parking.receipts.models import Receipt
from parking.sessions.ways_back import Reached, WayBack, ways_back
from payments.claims import Payee, payer_of
from payments.payback import RefundTask
from payments.refund_tasks import SYSTEM
from qr.banks import banks

#: What is said first, by how far the money is.
TITLES = {
    Reached.OPEN: mark("%(amount)s is to go back to you; the operator checks it first"),
    Reached.REJECTED: mark("%(amount)s does not go back"),
    Reached.DONE: mark("%(amount)s went back to you"),
    Reached.FAILED: mark("%(amount)s could not be sent back yet; the operator knows"),
}
ON_ITS_WAY = mark("%(amount)s goes back to you")
#: While the money is so far, the driver is asked for an account.
ASKING = (Reached.NO_ACCOUNT, Reached.CLAIMED)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, or will (`at` is None)."""

    sentence: str
    at: datetime | None
    parts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DriverWay:
    """A way back beside the receipt (by its token) of the payment it belongs to, which has none when
    it never was paid in full; `payer` is the account its money came from, while one is asked for."""

    way: WayBack
    token: str | None
    payer: Payee | None

    @property
    def title(self) -> str:
        return TITLES.get(self.way.reached, ON_ITS_WAY)

    @property
    def by_itself(self) -> bool:
        """Nobody had to ask: the service saw that the stay was paid more than once."""
        return self.way.task.asked_by.startswith(SYSTEM)

    @property
    def claimable(self) -> bool:
        """The driver may say where the money goes, or correct it."""
        return self.way.reached in ASKING

    @property
    def steps(self) -> Sequence[Step]:
        return [*_decided(self), *(_sent(self.way) if self.way.refund else ())]


def _decided(seen: DriverWay) -> Iterator[Step]:
    task = seen.way.task
    began = mark("Found that it was paid more than once") if seen.by_itself else mark("Asked for")
    yield Step(began, task.asked_at)
    if task.state == "rejected":
        reason = {"reason": task.decision or "–"}
        yield Step(mark("Declined by the operator: %(reason)s"), task.decided_at, reason)
    else:
        yield Step(mark("Approved by the operator"), task.decided_at)


def _sent(way: WayBack) -> Iterator[Step]:
    claim, made, refund = way.claim, way.made, way.refund
    if refund is not None and refund.state == "failed":
        yield Step(mark("Refused by the payment company"), refund.settled_at)
        return
    gone = way.left_at or (refund.settled_at if refund else None)
    if way.in_cash:
        done = mark("Paid back in cash at the lot")
        wait = mark("An attendant of the lot pays it back in cash: please show this page there")
        yield Step(done if gone else wait, gone)
        return
    if not way.by_rail:
        hint = {"account": claim.hint} if claim else {}
        named = mark("Goes to %(account)s") if claim else mark("Bank account named by you")
        yield Step(named, claim.given_at if claim else None, hint)
        number = {"number": made.number} if made else {}
        listed = mark("On the operator's payout list no. %(number)s") if made else mark("On a list")
        yield Step(listed, made.made_at if made else None, number)
    yield Step(mark("Sent back by the payment company") if way.by_rail else LEFT_THE_BANK, gone)


LEFT_THE_BANK = mark("Left the operator's bank")


def ways_of(house: House, tx: Session, payments: Collection[uuid.UUID]) -> Sequence[DriverWay]:
    """The ways back of these payments' money, oldest first."""
    found = ways_back(tx, house.gateways, RefundTask.payment_id.in_(payments))
    if not found:
        return ()
    receipts = tx.execute(
        select(Receipt.payment_id, Receipt.token).where(Receipt.payment_id.in_(payments))
    )
    tokens = {row[0]: row[1] for row in receipts}
    return [
        DriverWay(way, tokens.get(way.task.payment_id), _payer(house, tx, way)) for way in found
    ]


def _payer(house: House, tx: Session, way: WayBack) -> Payee | None:
    asks = way.reached in ASKING
    return payer_of(tx, house.gateways, way.task.payment) if asks else None


def bank_choices() -> list[tuple[str, str]]:
    """BIN and name of every bank, as a person looks for it."""
    named = [(bank.bin, bank.short_name) for bank in banks().values()]
    return sorted(named, key=lambda choice: choice[1].casefold())
