"""The wrong lot: finding a vehicle that stands in the books of another one, and putting that right.

Within one operator a stay is moved, and money stays where it was collected. Between operators nothing
is moved, because the money lies in another company's account: the stay begins at the right lot, and
what was paid at the wrong one is asked back, for its own finance office to decide. The stay at the
wrong lot is that lot's to end.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.lots.rules import tariff_row
from parking.passes.service import valid_pass
from parking.reasons import read_reason
from parking.sessions.due import standings
from parking.sessions.models import ParkingSession
from parking.sessions.service import (
    ON_CARD,
    Arrival,
    enter,
    flush_alone,
    lock_session,
)
from parking.sessions.states import Shown, show
from parking.tariffs import TariffBook
from payments import audit
from payments.db import business_day
from payments.errors import Conflict
from payments.models import Payment
from payments.refund_tasks import left_to_ask, propose
from payments.refunds import RefundRequest
from payments.sharing import pays

#: A stay that ended longer ago is nobody's search for a vehicle.
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A stay of the same plate at another lot. `entry_at` is known to people of that lot's operator
    only (`own`); others learn the lot and whether it is paid, and nothing else."""

    session_id: uuid.UUID
    lot: Lot
    own: bool
    open: bool
    paid: bool
    shown: Shown
    entry_at: datetime | None


def elsewhere(
    tx: Session,
    tariffs: TariffBook,
    plate_key: str,
    here: Collection[Lot],
    now: datetime,
) -> Sequence[Elsewhere]:
    """Where else than at the lots `here` this plate is open, or was paid for and ended within a day;
    newest first. A card is known at its own lot only, so only plates are looked for."""
    stays = tx.scalars(
        select(ParkingSession)
        .where(
            ParkingSession.plate_key == plate_key,
            ParkingSession.plate_kind != ON_CARD,
            ParkingSession.lot_id.not_in([lot.id for lot in here]),
            or_(ParkingSession.exit_at.is_(None), ParkingSession.exit_at >= now - RECENT),
        )
        .order_by(ParkingSession.entry_at.desc())
    ).all()
    operators = {lot.operator_id for lot in here}
    found = [_told(show(row, now), operators) for row in standings(tx, tariffs, stays, now)]
    return [stay for stay in found if stay.open or stay.paid]


def _told(shown: Shown, operators: Collection[uuid.UUID]) -> Elsewhere:
    session = shown.standing.session
    own = session.lot.operator_id in operators
    return Elsewhere(
        session_id=session.id,
        lot=session.lot,
        own=own,
        open=session.exit_at is None,
        paid=shown.standing.paid > 0,
        shown=shown,
        entry_at=session.entry_at if own else None,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """To which lot, by whom, why."""

    to_lot: Lot
    actor: str
    reason: str


def move(
    tx: Session, tariffs: TariffBook, session_id: uuid.UUID, asked: Move, now: datetime
) -> ParkingSession:
    """The vehicle stands at another lot of the same operator: its stay goes there, and is priced by
    the tariff of that lot from its entry. Moving it to where it is changes nothing.

    Raises `Conflict` when it has left, is known by a card, belongs to another operator or is open at
    the right lot too (which of two stays is the true one is not guessed), `WrongUsage` for a class
    the lot does not take and without a reason.
    """
    session, why, lot = lock_session(tx, session_id), read_reason(asked.reason), asked.to_lot
    if session.lot_id == lot.id:
        return session
    _may_move(session, lot)
    day, before = business_day(session.entry_at), session.lot.number
    row = tariff_row(lot, session.vehicle_class)
    version = tariffs.in_force(row.tariff_code, day)
    held = valid_pass(tx, lot.id, session.vehicle_class, session.plate_key, None, day)
    session.lot_id, session.sign_id = lot.id, None
    session.tariff_code, session.tariff_version = version.code, version.number
    session.pass_id = held.id if held else None
    flush_alone(tx, session.plate)
    tx.refresh(session, ["lot"])
    detail: dict[str, object] = {"before": before, "after": lot.number, "reason": why}
    audit.append(tx, asked.actor, "session.move", session.reference, detail, now)
    return session


def _may_move(session: ParkingSession, lot: Lot) -> None:
    if session.exit_at is not None:
        raise Conflict("%(plate)s has left; its stay is not moved.", plate=session.plate)
    if session.card_id is not None:
        raise Conflict(
            "%(plate)s holds a card of lot %(lot)s; take the card back there first.",
            plate=session.plate,
            lot=session.lot.number,
        )
    if session.lot.operator_id != lot.operator_id:
        raise Conflict(
            "Lot %(before)s belongs to another operator than lot %(after)s: "
            "begin the stay here and ask for the money back.",
            before=session.lot.number,
            after=lot.number,
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """The stay at the right lot, and how much was asked back of what was paid at the wrong one, in
    minor units."""

    session: ParkingSession
    asked_back: int


def begin_at_right_lot(
    tx: Session, tariffs: TariffBook, wrong_id: uuid.UUID, asked: Move, now: datetime
) -> Begun:
    """The vehicle stands at `asked.to_lot`, whatever the books of another lot say: its stay begins
    (or is) here, since its entry there unless that was another visit, more than a day ago; everything
    paid there is asked back. Doing it again asks for nothing twice. Raises what `enter` raises,
    `WrongUsage` without a reason.
    """
    wrong, why = lock_session(tx, wrong_id), read_reason(asked.reason)
    today = wrong.exit_at is None and now - wrong.entry_at <= RECENT
    since = wrong.entry_at if today else now
    arrival = Arrival(asked.to_lot, wrong.plate, wrong.vehicle_class, since, asked.actor, True)
    entered = enter(tx, tariffs, arrival, now)
    back = _ask_back(tx, wrong, f"{wrong.lot.number} → {asked.to_lot.number}: {why}", asked, now)
    detail: dict[str, object] = {"before": wrong.lot.number, "after": asked.to_lot.number}
    detail |= {"asked_back": back, "reason": why}
    for reference in (wrong.reference, entered.session.reference):
        audit.append(tx, asked.actor, "session.wrong_lot", reference, detail, now)
    return Begun(entered.session, back)


def _ask_back(tx: Session, wrong: ParkingSession, reason: str, asked: Move, now: datetime) -> int:
    """A task for every payment of the wrong stay, of its own part where it was paid with others; how
    much they are together."""
    total = 0
    query = select(Payment).where(pays([wrong.reference]), Payment.received > 0)
    for payment in tx.scalars(query.order_by(Payment.id)):
        part = None if payment.reference == wrong.reference else wrong.reference
        amount = left_to_ask(tx, payment, part)
        if amount:
            key = f"wrong-lot:{payment.code}" + (f":{wrong.id}" if part else "")
            request = RefundRequest(payment.id, amount, "charge", reason, asked.actor, key, part)
            total += propose(tx, request, now).amount
    return total
