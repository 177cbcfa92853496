"""A lost card: what it costs the stay that held it, and what happens when it is found again.

The stay goes on by its plate or number. The fee is the tariff's `lost_card_fee`, an adjustment of the
stay's charge; a card that is found again gives it back only when a person withdraws it, with a reason.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import LOST, CardAct, change_card, lock_card
from parking.languages import mark
from parking.reasons import read_reason
from parking.sessions.holders import card_of, holder_of
from parking.sessions.models import Adjustment, ParkingSession
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments import audit
from payments.errors import Conflict

#: The reason of the adjustments that charge the fee and take it back.
LOST_CARD = mark("Lost card")


def report_lost(
    tx: Session, tariffs: TariffBook, card_id: uuid.UUID, actor: str, now: datetime
) -> Card:
    """The card is gone, so it opens and proves nothing more; an open stay that holds it is charged
    the fee, once. Reporting it again changes nothing."""
    if lock_card(tx, card_id).state == LOST:
        return tx.get_one(Card, card_id)
    card = change_card(tx, card_id, CardAct.LOST, actor, now)
    holder = holder_of(tx, card_id)
    if holder is not None:
        stay = lock_session(tx, holder.id)
        audit.append(tx, actor, "session.card_lost", stay.reference, {"card": card.label}, now)
        _charge(tx, tariffs, stay, actor, now)
    return card


def _charge(
    tx: Session, tariffs: TariffBook, stay: ParkingSession, actor: str, now: datetime
) -> None:
    fee = lost_card_fee(tariffs, stay)
    if fee and not fee_charged(tx, stay):
        _adjust(tx, stay, fee, actor, now)
        audit.append(tx, actor, "session.card_fee", stay.reference, {"fee": fee}, now)


def _adjust(tx: Session, stay: ParkingSession, amount: int, actor: str, now: datetime) -> None:
    row = Adjustment(session_id=stay.id, amount=amount, reason=LOST_CARD, by=actor, at=now)
    tx.add(row)


def lost_card_fee(tariffs: TariffBook, stay: ParkingSession) -> int:
    """What a lost card costs this stay, in minor units, by the tariff version that prices it."""
    version = tariffs.version(stay.tariff_code, stay.tariff_version)
    return version.vehicle(stay.vehicle_class).lost_card_fee


def fee_charged(tx: Session, stay: ParkingSession) -> int:
    """What stands charged for a lost card, in minor units."""
    total = select(sql.coalesce(sql.sum(Adjustment.amount), 0)).where(
        Adjustment.session_id == stay.id,
        Adjustment.reason == LOST_CARD,
        Adjustment.refund_id.is_(None),
    )
    return int(tx.execute(total).scalar_one())


def withdraw_fee(
    tx: Session, session_id: uuid.UUID, reason: str, actor: str, now: datetime
) -> None:
    """Take the fee back. Raises `WrongUsage` without a reason, `Conflict` when no fee stands or the
    card is still reported lost."""
    stay, why = lock_session(tx, session_id), read_reason(reason)
    card = card_of(tx, stay)
    if card is not None and card.state == LOST:
        raise Conflict(
            mark("Card %(card)s is still reported lost. Report it found, then withdraw the fee."),
            card=card.label,
        )
    fee = fee_charged(tx, stay)
    if not fee:
        raise Conflict(mark("No fee for a lost card stands against %(plate)s."), plate=stay.plate)
    _adjust(tx, stay, -fee, actor, now)
    detail: dict[str, object] = {"fee": fee, "reason": why}
    audit.append(tx, actor, "session.card_fee_withdrawn", stay.reference, detail, now)
