"""The end of a shift: the count stands, its difference is explained and booked, the lot handed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from parking.people.badge import Badge
from parking.shifts.counts import days_between, hand_in
from parking.shifts.handover import snapshot
from parking.shifts.models import Shift
from parking.shifts.service import locked_shift, subject_of
from parking.tariffs import TariffBook
from payments import audit
from payments.accounts import Gateways
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import MerchantAccount
from reconciliation.service import reconcile

SHORTEST_NOTE, LONGEST_NOTE = 3, 300


@dataclass(frozen=True, slots=True)
class Closing:
    """What the attendant says at the end: why the count differs, and how much stays in the till as
    the float of the next shift (None: as much as there was at the beginning)."""

    note: str = ""
    left: int | None = None


def close(tx: Session, tariffs: TariffBook, badge: Badge, closing: Closing, now: datetime) -> Shift:
    """End this person's shift with the count that was made; its difference belongs to today.

    Raises `Conflict` without an open shift and before a count, `WrongUsage` for a difference without
    a note and for a float that was not counted.
    """
    shift = locked_shift(tx, badge)
    if shift.counted is None:
        raise Conflict("Count the cash in your till first.")
    note = " ".join(closing.note.split())
    if shift.difference and not SHORTEST_NOTE <= len(note) <= LONGEST_NOTE:
        raise WrongUsage(
            "The count differs from what was expected: say why in %(least)s to %(most)s characters.",
            least=SHORTEST_NOTE,
            most=LONGEST_NOTE,
        )
    handed = snapshot(tx, tariffs, shift.lot_id, now)
    shift.handover = {**(shift.handover or {}), **handed, "float": _left(shift, closing.left)}
    shift.closed_at, shift.closing_day, shift.note = now, business_day(now), note or None
    tx.flush()
    hand_in(tx, shift, now)
    detail: dict[str, object] = {"difference": shift.difference, "note": note}
    audit.append(tx, badge.actor, "shift.close", subject_of(shift.id), detail, now)
    return shift


def _left(shift: Shift, wish: int | None) -> int:
    counted = shift.counted or 0
    left = min(shift.opening, counted) if wish is None else wish
    if not 0 <= left <= counted:
        raise WrongUsage("The float for the next shift can be no more than what was counted.")
    return left


def close_shift(
    db: sessionmaker[Session],
    gateways: Gateways,
    tariffs: TariffBook,
    badge: Badge,
    closing: Closing,
    now: datetime,
) -> Shift:
    """`close`, and compare at once the days before today that waited for this count. Raises what
    `close` raises."""
    with db.begin() as tx:
        shift = close(tx, tariffs, badge, closing, now)
        account = tx.get_one(MerchantAccount, shift.account_id)
    for day in days_between(business_day(shift.opened_at), business_day(now)):
        reconcile(db, gateways, account, day, now)
    return shift
