"""Two attendants with a till each at one lot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from parking.lots.models import Lot, Operator
from parking.people.badge import Badge
from parking.people.models import Person
from parking.people.service import NewPerson, add_person
from parking.sessions.due import standing
from parking.sessions.models import ParkingSession
from parking.shifts import cash, closing, counts, handover, service
from parking.shifts.closing import Closing
from parking.shifts.models import Shift
from payments import ledger
from payments.models import MerchantAccount, Payment
from payments.providers.cash import CashProvider
from reconciliation.breaks import BreakRow, list_breaks
from reconciliation.service import Result, reconcile
from tests.kit import Town

LOT = "HK01"


@dataclass
class Counter:
    """What attendants do at the counter of HK01, in transactions of their own."""

    town: Town
    hoa: Badge
    binh: Badge
    passwords: dict[str, str]

    @property
    def lot(self) -> Lot:
        return self.town.lots[LOT]

    def stay(self, plate: str = "30A-123.45", vehicle: str = "car") -> ParkingSession:
        """A vehicle that has stood here for half an hour."""
        session = self.town.arrive(plate, vehicle)
        self.town.clock.forward(minutes=30)
        return session

    def begin(self, badge: Badge, opening: int = 200_000, lot: str = LOT) -> Shift:
        gateways, place = self.town.house.gateways, self.town.lots[lot]
        with self.town.house.databases.write.begin() as tx:
            return service.open_shift(tx, gateways, place, badge, opening, self.town.now)

    def take(
        self,
        badge: Badge,
        session: ParkingSession,
        reason: str = "no_phone",
        shown: int | None = None,
    ) -> Payment:
        tariffs, now = self.town.house.tariffs, self.town.now
        with self.town.house.databases.write.begin() as tx:
            return cash.take_cash(tx, tariffs, session.id, badge, reason, now, shown=shown)

    def give_back(self, badge: Badge, payment: Payment) -> Payment:
        with self.town.house.databases.write.begin() as tx:
            return cash.give_back(tx, payment.id, badge, self.town.now)

    def count(self, badge: Badge, counted: int) -> Shift:
        with self.town.house.databases.write.begin() as tx:
            return service.count(tx, badge, counted, self.town.now)

    def close(self, badge: Badge, note: str = "", left: int | None = None) -> Shift:
        house, closed = self.town.house, Closing(note, left)
        return closing.close_shift(
            house.databases.write, house.gateways, house.tariffs, badge, closed, self.town.now
        )

    def take_over(self, badge: Badge, shift: Shift, found: int) -> Shift:
        gateways = self.town.house.gateways
        with self.town.house.databases.write.begin() as tx:
            return handover.take_over(tx, gateways, shift.id, badge, found, self.town.now)

    def shift(self, shift: Shift) -> Shift:
        """The shift as it stands now."""
        with self.town.house.databases.read() as tx:
            return tx.get_one(Shift, shift.id)

    def due(self, session: ParkingSession) -> int:
        with self.town.house.databases.read() as tx:
            found = tx.get_one(ParkingSession, session.id)
            return standing(tx, self.town.house.tariffs, found, self.town.now).due

    def till(self, shift: Shift) -> MerchantAccount:
        with self.town.house.databases.read() as tx:
            return tx.get_one(MerchantAccount, shift.account_id)

    def balances(self, operator: str = "hoan-kiem") -> dict[str, int]:
        """Account → debit minus credit."""
        with self.town.house.databases.read() as tx:
            return {row[1]: row[3] for row in ledger.balances(tx) if row[0] == operator}

    def reconcile(self, shift: Shift, day: date) -> Result:
        """What a night would find of one day of this shift's till."""
        house, now = self.town.house, self.town.now
        counts.finish_all(house.databases.write, now)
        write, gateways = house.databases.write, house.gateways
        return reconcile(write, gateways, self.till(shift), day, now)

    def breaks(self, day: date) -> list[BreakRow]:
        with self.town.house.databases.read() as tx:
            return list_breaks(tx, day)


def make_counter(town: Town) -> Counter:
    gateways = town.house.gateways
    registry = {**gateways.registry, "cash": CashProvider}
    town.house = replace(town.house, gateways=replace(gateways, registry=registry))
    with town.house.databases.write.begin() as tx:
        passwords = {
            name: add_person(tx, NewPerson(name, "attendant", name=full, lots=(LOT,)), town.now)
            for name, full in (("hoa", "Nguyễn Thị Hoa"), ("binh.le", "Lê Bình"))
        }
    return Counter(town, badge_of(town, "hoa"), badge_of(town, "binh.le"), passwords)


def badge_of(town: Town, username: str) -> Badge:
    with town.house.databases.read() as tx:
        person = tx.scalars(select(Person).where(Person.username == username)).one()
        operator = tx.scalars(select(Operator).where(Operator.id == person.operator_id)).one()
    return Badge(
        person.id,
        username,
        person.name,
        person.role,
        operator.id,
        operator.code,
        frozenset({town.lots[LOT].id}),
    )
