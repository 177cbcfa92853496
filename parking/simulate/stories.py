"""What one driver does on the played day, told as a story that yields the moment it goes on at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from parking.sessions.models import ParkingSession
from parking.simulate.diary import Vouched
from parking.simulate.kerb import exempt, let_out, lose_card, takes_cash
from parking.simulate.luck import Luck
from parking.simulate.mix import (
    NOTICE_DOUBLED,
    NOTICE_LOST,
    Fate,
    Manner,
    Visit,
)
from parking.simulate.parties import checkout, join
from parking.simulate.passes import buy_pass
from parking.simulate.post import Letter
from parking.simulate.street import Street, stay_of
from payments.models import Payment
from payments.polling import next_poll
from payments.sandbox.acts import LATENESS

#: When a story goes on.
Story = Iterator[datetime]

#: Manners after which something may still be due, or everything.
AGAIN = (Manner.DECLINES, Manner.LESS, Manner.LATE)
#: Of a thousand entries that drivers declared, attendants vouch for so many on their rounds.
CONFIRMED = 150
#: Of a thousand payments made twice, so many are returned on the same day.
RETURNED = 700
#: A price is paid in the smallest note there is; whoever pays too little still pays this.
SMALLEST_NOTE = 1_000
#: A slow bank tells of a transfer after so many seconds at the earliest and at the latest: before
#: midnight, also of who left at eleven at night.
SLOW_BANK = (20 * 60, 45 * 60)


def story(street: Street, visit: Visit) -> Story:
    """From the entry of one vehicle to its exit. Begins at `visit.enters_at`."""
    luck = Luck(visit.luck)
    if visit.fate is Fate.PASS:
        yield from buy_pass(street, visit, luck)
    session = street.enter(visit)
    if visit.fate is Fate.PARTY:
        join(street, visit, session)
    elif visit.fate is Fate.EXEMPT:
        exempt(street, session, luck)
    elif visit.pays_on_entry:
        yield from _settle(street, visit.manner, luck, session)
    elif not visit.by_attendant and luck.chance(CONFIRMED):
        yield street.now + luck.seconds(60, 600)
        street.confirm(session)
    if visit.leaves_at is None:
        return
    yield from _ending(street, visit, visit.leaves_at, luck, session)


def _ending(
    street: Street, visit: Visit, leaves_at: datetime, luck: Luck, session: ParkingSession
) -> Story:
    match visit.fate:
        case Fate.EXEMPT:
            yield leaves_at
            street.leave(session)
        case Fate.UNRECORDED:
            street.diary.unrecorded.append(stay_of(session))
        case Fate.VOUCHED | Fate.BROKEN_WORD:
            yield leaves_at
            yield from _promise(street, visit.fate is Fate.VOUCHED, luck, session)
        case Fate.PARTY:
            if visit.party == visit.number:
                yield from _lead(street, street.parties[visit.party], leaves_at, luck)
        case _:
            if visit.fate is Fate.LOST_CARD:
                yield leaves_at - luck.seconds(600, 900)
                lose_card(street, session)
            yield from _part(street, visit.manner, leaves_at, luck, session)


def _part(
    street: Street, manner: Manner, leaves_at: datetime, luck: Luck, session: ParkingSession
) -> Story:
    """Pay what is due in the driver's own manner, and leave."""
    if manner is not Manner.UNPAID:
        yield leaves_at - luck.seconds(120, 420)
        yield from _settle(street, manner, luck, session)
    if manner is Manner.OVERSTAYS:
        yield street.now + luck.seconds(20 * 60, 40 * 60)
        yield from _settle(street, manner, luck, session)
    yield max(leaves_at, street.now + luck.seconds(20, 60))
    street.leave(session)


def _lead(
    street: Street, party: Sequence[ParkingSession], leaves_at: datetime, luck: Luck
) -> Story:
    """Pay for the whole party at once, where there is enough to pay, and leave with it."""
    yield leaves_at - luck.seconds(120, 420)
    payment = checkout(street, party)
    if payment is None:
        for session in party:
            yield from _settle(street, Manner.PAYS, luck, session)
    else:
        yield street.now + luck.seconds(15, 75)
        yield from _pay(street, Manner.PAYS, luck, payment)
    yield max(leaves_at, street.now + luck.seconds(20, 60))
    for session in party:
        street.leave(session)


def _promise(street: Street, pays: bool, luck: Luck, session: ParkingSession) -> Story:
    """Leave on a transfer the bank has not told of yet; whoever did pay is heard of later."""
    payment = street.checkout(session)
    if payment is None:
        street.leave(session)
        return
    yield street.now + luck.seconds(15, 75)
    letters = street.act(payment, "pay", [payment.amount]) if pays else []
    yield street.now + luck.seconds(30, 120)
    street.diary.claims.append(Vouched(stay_of(session), let_out(street, session), pays))
    if pays:
        yield street.now + luck.seconds(*SLOW_BANK)
        street.hear(payment, letters)


def _settle(street: Street, manner: Manner, luck: Luck, session: ParkingSession) -> Story:
    """Pay what is due, in the driver's own manner; whoever paid too little or too late goes on
    like everybody, and some of those who simply pay give cash to the attendant."""
    if manner is Manner.PAYS and takes_cash(street, session, luck):
        return
    while payment := street.checkout(session):
        yield street.now + luck.seconds(15, 75)
        yield from _pay(street, manner, luck, payment)
        if manner not in AGAIN:
            return
        manner = Manner.PAYS


def _pay(street: Street, manner: Manner, luck: Luck, payment: Payment) -> Story:
    match manner:
        case Manner.DECLINES:
            street.hear(payment, street.act(payment, "decline"))
            yield street.now + luck.seconds(20, 120)
        case Manner.LATE:
            late = street.act(payment, "pay_late", [payment.amount])
            yield payment.expires_at + LATENESS
            yield from _tell(street, luck, payment, late)
        case Manner.LESS:
            half = payment.amount // 2 // SMALLEST_NOTE * SMALLEST_NOTE
            paid = max(half, SMALLEST_NOTE)
            yield from _tell(street, luck, payment, street.act(payment, "pay_less", [paid]))
        case Manner.TWICE:
            letters = street.act(payment, "pay_twice", [payment.amount] * 2)
            yield from _tell(street, luck, payment, letters[::-1])
            if luck.chance(RETURNED):
                yield street.now + luck.seconds(60, 300)
                street.give_back(payment, payment.amount)
        case _:
            letters = street.act(payment, "pay", [payment.amount])
            yield from _tell(street, luck, payment, letters)


def _tell(street: Street, luck: Luck, payment: Payment, letters: list[Letter]) -> Story:
    """The provider's notices arrive, once or twice, or they are lost and our poll finds out."""
    if not luck.chance(NOTICE_LOST):
        street.hear(payment, letters * 2 if luck.chance(NOTICE_DOUBLED) else letters)
        return
    asked_at = next_poll(payment.created_at, street.now)
    yield asked_at or street.now + timedelta(minutes=1)
    street.ask(payment)
