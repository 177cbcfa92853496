"""Playing one day from its first entry to the provider's settlement file."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import lots as open_lots
from parking.people.models import Person
from parking.people.sign_ins import badge_of
from parking.sessions.models import ParkingSession
from parking.shifts.counts import finish_all
from parking.simulate.kerb import work
from parking.simulate.mix import Place, Visit, visits
from parking.simulate.roster import BEGINS, ENDS, Hand, Watch, roster
from parking.simulate.seeding import chosen, plant, plant_short
from parking.simulate.stories import Story, story
from parking.simulate.street import Street, open_street
from parking.simulate.truth import SHORT_CREDIT, Truth
from payments.accounts import live_accounts
from payments.db import CITY_ZONE
from payments.errors import Conflict, Unavailable
from payments.models import MerchantAccount, Movement, Payment
from payments.sandbox.files import is_made
from reconciliation.files import gather
from reconciliation.storing import accept

DAY = timedelta(days=1)
#: By now the settlement file of the day before is out.
STATEMENT_AT = time(0, 30)
#: So long after the day began the timetable settles and ends what the day left.
TIDIED_AFTER = timedelta(hours=23, minutes=55)
#: Of a thousand payments so many are made in cash.
CASH = 50


class Entry(NamedTuple):
    """A story and the moment it goes on at; of equal moments the lower number comes first."""

    moment: datetime
    number: int
    told: Story


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be played: `faults` is the share of payments whose settlement line is wrong; where it is
    not 0, a payout is wrong as well."""

    day: date
    sessions: int
    seed: int
    faults: float

    @property
    def begins(self) -> datetime:
        """The first midnight of the day."""
        return datetime.combine(self.day, time(), CITY_ZONE)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the day is: its hour, vehicles that entered, payments received."""

    at: datetime
    entered: int
    payments: int


Watcher = Callable[[Progress], None]


def play(house: House, order: Order, watch: Watcher) -> Truth:
    """Play the day `order` describes; `watch` hears of every full hour.

    Any day may be played once, past or future: the clock is the day's own. What was played stays,
    like everything else in these books. Raises `Conflict` when there are no lots or accounts, or
    when the day has payments or a settlement file already; nothing is played then.
    """
    with house.databases.read() as tx:
        lots = {lot.number: lot for lot in open_lots(tx)}
        accounts = _accounts(tx, lots)
        hands = _hands(tx, {lot.id: lot.number for lot in lots.values()})
        inside = tx.scalars(select(ParkingSession.plate).where(ParkingSession.exit_at.is_(None)))
        taken = frozenset(inside)
        _refuse_played(tx, order)
    places = [
        Place(lot.number, tuple(row.vehicle_class for row in lot.tariffs)) for lot in lots.values()
    ]
    watches = roster(hands, order.begins, order.seed, order.faults)
    street = open_street(
        house, order.begins, lots, accounts, _actors(hands, lots), _cash_share(watches, lots)
    )
    try:
        _refuse_settled(street, order)
        plan = visits(order.seed, order.day, order.sessions, places, taken)
        _act_out(street, _agenda(street, order, watches, plan), watch)
        return _settle(street, order)
    finally:
        street.close()


def _accounts(tx: Session, lots: Mapping[str, Lot]) -> dict[str, MerchantAccount]:
    """The sandbox account of each operator with a lot."""
    if not lots:
        raise Conflict(mark("There are no lots to play with: run parking seed first."))
    known = {a.operator: a for a in live_accounts(tx) if a.provider == "sandbox"}
    for lot in lots.values():
        if lot.operator.code not in known:
            raise Conflict(
                mark("Operator %(operator)s has no sandbox account: run parking seed first."),
                operator=lot.operator.code,
            )
    return known


def _hands(tx: Session, numbers: Mapping[uuid.UUID, str]) -> Sequence[Hand]:
    """The attendants, with the numbers of those of their lots that are open."""
    query = select(Person).where(Person.role == "attendant", Person.disabled_at.is_(None))
    found = []
    for person in tx.scalars(query.order_by(Person.username)):
        badge = badge_of(tx, person)
        mine = tuple(sorted(numbers[lot] for lot in badge.lots if lot in numbers))
        found += [Hand(badge, mine)] if mine else []
    return found


def _actors(hands: Sequence[Hand], lots: Mapping[str, Lot]) -> dict[uuid.UUID, str]:
    """Lot → one of its attendants, as the audit trail names people."""
    return {lots[number].id: hand.badge.actor for hand in reversed(hands) for number in hand.lots}


def _cash_share(watches: Sequence[Watch], lots: Mapping[str, Lot]) -> int:
    """Of a thousand payments that an attendant could take in cash, so many are: more where few
    attendants share many lots, so that the city's cash has its share all the same."""
    worked = sum((watch.ends - watch.begins for watch in watches), timedelta())
    return min(1000, int(CASH * len(lots) * (ENDS - BEGINS) / worked)) if worked else 0


def _refuse_played(tx: Session, order: Order) -> None:
    begun = select(Payment.id).where(
        Payment.created_at >= order.begins, Payment.created_at < order.begins + DAY
    )
    moved = select(Movement.id).where(Movement.book_day == order.day)
    if tx.scalar(select(or_(exists(begun), exists(moved)))):
        raise _played_already(order.day)


def _refuse_settled(street: Street, order: Order) -> None:
    """A file that is out is never written again; late lines stand in the file of the day after."""
    with street.books.db.read() as tx:
        for account in street.accounts.values():
            if is_made(tx, account.slug, order.day) or is_made(tx, account.slug, order.day + DAY):
                raise _played_already(order.day)


def _played_already(day: date) -> Conflict:
    return Conflict(
        mark(
            "%(day)s has payments or a settlement file already: play another day, after all days"
            " that were played, or use a fresh database."
        ),
        day=day.isoformat(),
    )


def _agenda(
    street: Street, order: Order, watches: Sequence[Watch], plan: Iterator[Visit]
) -> list[Entry]:
    """Every story with its beginning. Of those that go on at one moment shifts come first, in their
    order, so that one is closed before the next takes over; then vehicles, which have a number."""
    agenda = [Entry(visit.enters_at, visit.number, story(street, visit)) for visit in plan]
    for place, watch in enumerate(watches, -len(watches)):
        agenda.append(Entry(watch.begins, place, work(street, watch)))
    agenda.append(Entry(order.begins + TIDIED_AFTER, 0, _tidied(street)))
    return agenda


def _tidied(street: Street) -> Story:
    street.tidy_up()
    yield from ()


def _act_out(street: Street, agenda: list[Entry], watch: Watcher) -> None:
    """Let every story go on when its moment comes."""
    heapq.heapify(agenda)
    entered: set[int] = set()
    while agenda:
        moment, number, told = agenda[0]
        local = moment.astimezone(CITY_ZONE)
        if local.hour != street.now.astimezone(CITY_ZONE).hour:
            watch(Progress(local, len(entered), len(street.diary.received)))
        street.clock.now = max(street.now, moment)
        if number > 0:
            entered.add(number)
        following = next(told, None)
        if following is None:
            heapq.heappop(agenda)
        else:
            heapq.heapreplace(agenda, Entry(following, number, told))
    street.run_out()


def _settle(street: Street, order: Order) -> Truth:
    """The provider makes its file, with the faults in it, and we fetch and store it."""
    picked = list(chosen(order.seed, order.faults, street.diary.received))
    faults = [plant(street.drivers, order.day, kind, receipt) for kind, receipt in picked]
    if order.faults:
        faults += plant_short(street.drivers, order.seed, order.day)
    out = datetime.combine(order.day + DAY, STATEMENT_AT, CITY_ZONE)
    street.clock.now = max(street.now, out)
    for account in street.accounts.values():
        store_files(street, account, order.day)
    finish_all(street.db, street.now)
    known = [seeded for seeded in faults if seeded.fault.kind != SHORT_CREDIT]
    credits = [seeded for seeded in faults if seeded.fault.kind == SHORT_CREDIT]
    return Truth(order.day, order.seed, order.sessions, street.diary, known, credits)


def store_files(street: Street, account: MerchantAccount, day: date) -> None:
    """Fetch and store the provider's files of `day`, as the nightly job does, so that nobody needs
    the provider to reconcile it. Raises `Unavailable` when one is refused."""
    gathered = gather(street.house.gateways.provider(account), day)
    for refusal in gathered.refusals:
        raise Unavailable(
            mark("The settlement file of %(account)s cannot be used: %(reason)s"),
            account=account.slug,
            reason=refusal.reason,
        )
    for delivery in gathered.deliveries:
        with street.db.begin() as tx:
            accept(tx, account.id, delivery.leg, day, delivery.file, street.now)
