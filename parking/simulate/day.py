"""Playing one day from its first entry to the provider's settlement file."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import lots as open_lots
from parking.people.models import Person, PersonLot
from parking.sessions.models import ParkingSession
from parking.simulate.mix import Place, Visit, visits
from parking.simulate.seeding import chosen, plant
from parking.simulate.stories import Story, story
from parking.simulate.street import Street, open_street
from parking.simulate.truth import Truth
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


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be played: `faults` is the share of payments whose settlement line is wrong."""

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
        attendants = _attendants(tx)
        inside = tx.scalars(select(ParkingSession.plate).where(ParkingSession.exit_at.is_(None)))
        taken = frozenset(inside)
        _refuse_played(tx, order)
    places = [
        Place(lot.number, tuple(row.vehicle_class for row in lot.tariffs)) for lot in lots.values()
    ]
    street = open_street(house, order.begins, lots, accounts, attendants)
    try:
        _refuse_settled(street, order)
        plan = visits(order.seed, order.day, order.sessions, places, taken)
        _act_out(street, plan, watch)
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


def _attendants(tx: Session) -> dict[uuid.UUID, str]:
    """Lot → one of its attendants, as the audit trail names people."""
    rows = tx.execute(
        select(PersonLot.lot_id, Person.username)
        .join(Person, Person.id == PersonLot.person_id)
        .where(Person.role == "attendant", Person.disabled_at.is_(None))
        .order_by(Person.username.desc())
    )
    return {lot_id: f"person:{username}" for lot_id, username in rows}


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


def _act_out(street: Street, plan: Iterator[Visit], watch: Watcher) -> None:
    """Let every story go on when its moment comes; equal moments in the order of the vehicles."""
    agenda: list[tuple[datetime, int, Story]] = [
        (visit.enters_at, visit.number, story(street, visit)) for visit in plan
    ]
    heapq.heapify(agenda)
    entered: set[int] = set()
    while agenda:
        moment, number, told = agenda[0]
        local = moment.astimezone(CITY_ZONE)
        if local.hour != street.now.astimezone(CITY_ZONE).hour:
            watch(Progress(local, len(entered), len(street.received)))
        street.clock.now = max(street.now, moment)
        entered.add(number)
        following = next(told, None)
        if following is None:
            heapq.heappop(agenda)
        else:
            heapq.heapreplace(agenda, (following, number, told))
    street.run_out()


def _settle(street: Street, order: Order) -> Truth:
    """The provider makes its file, with the faults in it, and we fetch and store it."""
    picked = list(chosen(order.seed, order.faults, street.received))
    faults = [plant(street.drivers, order.day, kind, receipt) for kind, receipt in picked]
    out = datetime.combine(order.day + DAY, STATEMENT_AT, CITY_ZONE)
    street.clock.now = max(street.now, out)
    for account in street.accounts.values():
        store_files(street, account, order.day)
    return Truth(order.day, order.seed, order.sessions, tuple(street.received), faults)


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
