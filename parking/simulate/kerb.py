"""What attendants do at the kerb besides letting vehicles in and out: their shifts, cash, lost cards,
exemptions, and vehicles let out on a promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from parking.sessions import claims, exemptions, lost_cards
from parking.sessions.models import ParkingSession
from parking.sessions.reasons import REASONS as WHY_FREE
from parking.shifts import cash, handover, service
from parking.shifts.closing import Closing, close_shift
from parking.shifts.counts import count_name
from parking.simulate.diary import Banknotes, Spared, Worked
from parking.simulate.luck import Luck
from parking.simulate.roster import FLOAT, Watch
from parking.simulate.street import Duty, Handed, Street, stay_of
from payments.errors import Conflict
from payments.models import MerchantAccount

NOTE = "đếm lại hai lần vẫn lệch"


def work(street: Street, watch: Watch) -> Iterator[datetime]:
    """One shift from its float to its count. Begins at `watch.begins`."""
    duty = _begin(street, watch)
    here = street.duty.setdefault(watch.lot, [])
    here.append(duty)
    yield watch.ends
    here.remove(duty)
    _end(street, watch, duty)


def _begin(street: Street, watch: Watch) -> Duty:
    """Take over from whoever was there before, or begin with a fresh float."""
    gateways, before = street.house.gateways, street.handed.pop(watch.lot, None)
    with street.db.begin() as tx:
        if before is not None and before.person_id != watch.badge.person_id:
            shift = handover.take_over(
                tx, gateways, before.shift_id, watch.badge, before.left, street.now
            )
        else:
            lot = street.lots[watch.lot]
            shift = service.open_shift(tx, gateways, lot, watch.badge, FLOAT, street.now)
        account = tx.get_one(MerchantAccount, shift.account_id)
        return Duty(watch.badge, shift.id, account.id, account.slug, shift.opening)


def _end(street: Street, watch: Watch, duty: Duty) -> None:
    """Count what lies there, close, and leave the float to whoever comes next."""
    counted = duty.opening + duty.taken + watch.wrong_by
    with street.db.begin() as tx:
        service.count(tx, duty.badge, counted, street.now)
    closing = Closing(NOTE if watch.wrong_by else "")
    house = street.house
    close_shift(street.db, house.gateways, house.tariffs, duty.badge, closing, street.now)
    with house.databases.read() as tx:
        line = count_name(tx, duty.account_id)
    left = min(duty.opening, counted)
    street.handed[watch.lot] = Handed(duty.shift_id, duty.badge.person_id, left)
    street.diary.shifts.append(
        Worked(
            attendant=duty.badge.username,
            account=duty.account,
            lot=watch.lot,
            opened_at=watch.begins,
            closed_at=watch.ends,
            taken=duty.taken,
            counted=counted,
            difference=watch.wrong_by,
            line=line,
        )
    )


def takes_cash(street: Street, session: ParkingSession, luck: Luck) -> bool:
    """Whether this driver pays the attendant, which only goes where one works and something is due."""
    lot = session.lot.number
    if not street.duty.get(lot) or not luck.chance(street.cash_share):
        return False
    duty, reason = street.duty[lot][-1], luck.one_of(list(cash.REASONS))
    tariffs = street.house.tariffs
    try:
        with street.db.begin() as tx:
            payment = cash.take_cash(tx, tariffs, session.id, duty.badge, reason, street.now)
    except Conflict:
        return False
    duty.taken += payment.amount
    taken = Banknotes(duty.badge.username, lot, payment.code, payment.amount, reason)
    street.diary.cash.append(taken)
    street.give_receipt(payment)
    return True


def exempt(street: Street, session: ParkingSession, luck: Luck) -> None:
    """The attendant says why this stay costs nothing."""
    reason, actor = luck.one_of(list(WHY_FREE)), street.attendant(session.lot)
    with street.db.begin() as tx:
        exemptions.exempt(tx, session.id, reason, actor, street.now)
    street.diary.exemptions.append(Spared(stay_of(session), reason))


def lose_card(street: Street, session: ParkingSession) -> None:
    """The driver comes back without the card."""
    if session.card_id is None:
        return
    actor = street.attendant(session.lot)
    with street.db.begin() as tx:
        lost_cards.report_lost(tx, street.house.tariffs, session.card_id, actor, street.now)
    street.cards.lose(session.card_id)
    street.diary.cards_lost.append(stay_of(session))


def let_out(street: Street, session: ParkingSession) -> int:
    """The vehicle leaves on an announced transfer; its amount, 0 when nothing was due."""
    leaving = street.leaving(session)
    with street.db.begin() as tx:
        claim = claims.release(tx, street.house.tariffs, session.id, leaving, street.now)
        return claim.amount if claim else 0
