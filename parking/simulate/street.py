"""The street on the played day: what drivers, attendants and finance do there, by the real services.

Time stands still between two acts; the clock moves only forwards. The sandbox runs inside this
process on its own database, whether or not its process runs too: it must judge every act by the
played hour.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from parking.house import House
from parking.journey import Journey
from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.receipts.service import issue
from parking.sandbox import sandbox_config
from parking.sessions import quotes
from parking.sessions.claims import settle_claims
from parking.sessions.exits import Leaving, Proof, record_exit
from parking.sessions.forgotten import end_forgotten
from parking.sessions.models import ParkingSession
from parking.sessions.paid_twice import REASON
from parking.sessions.refunds import approve, refund
from parking.sessions.service import Arrival, confirm_entry, enter
from parking.simulate.deck import Deck
from parking.simulate.diary import Diary, Received, SoldPass, Stay
from parking.simulate.mix import Visit
from parking.simulate.post import Letter, Post
from payments.accounts import Gateways
from payments.db import Databases, connect
from payments.errors import Conflict
from payments.http import HttpClient
from payments.models import MerchantAccount, Payment
from payments.polling import expire, poll_payment
from payments.refund_tasks import Approval
from payments.refunds import RefundRequest
from payments.sandbox.app import create_sandbox
from payments.sandbox.books import Books
from payments.sandbox.client import SandboxTest
from qr.links import session_link

DRIVER, SERVICE, FINANCE = "driver", "system:simulate", "person:simulate"


@dataclass
class PlayedClock:
    """The hour that is being played."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def hasten(engine: Engine) -> None:
    """Let commits on new connections return before the disk has them: a played day that a power
    cut took away is played again. Files stay whole all the same (SQLite in WAL mode, PostgreSQL)."""
    sqlite = engine.dialect.name == "sqlite"
    setting = "PRAGMA synchronous=NORMAL" if sqlite else "SET synchronous_commit TO off"

    @event.listens_for(engine, "connect")
    def relax(connection: Any, _record: Any) -> None:
        connection.execute(setting)
        connection.commit()

    engine.dispose()  # connections that were opened before wait for the disk


def hastened(url: str) -> Databases:
    """The databases at `url` for playing."""
    databases = connect(url)
    hasten(databases.engine)
    return databases


@dataclass
class Duty:
    """An attendant at work: the shift, its till and what was taken in it so far, in dong."""

    badge: Badge
    shift_id: uuid.UUID
    account_id: uuid.UUID
    account: str
    opening: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Handed:
    """A closed shift that somebody may take over, with what was left in the till."""

    shift_id: uuid.UUID
    person_id: uuid.UUID
    left: int


def stay_of(session: ParkingSession) -> Stay:
    """A stay as the diary names it."""
    return Stay(session.lot.number, session.plate)


@dataclass(frozen=True)
class Street:
    """One day's stage. `duty` tells who works at which lot (by its number), `handed` which shift there
    was closed last, `passes` which plate has one, `parties` who came with whom; of a thousand payments
    that could be, `cash_share` are made in cash."""

    house: House
    clock: PlayedClock
    books: Books
    post: Post
    lots: Mapping[str, Lot]
    accounts: Mapping[str, MerchantAccount]
    attendants: Mapping[uuid.UUID, str]
    drivers: Mapping[str, SandboxTest]
    cash_share: int = 0
    diary: Diary = field(default_factory=Diary)
    cards: Deck = field(default_factory=Deck)
    passes: dict[str, SoldPass] = field(default_factory=dict)
    duty: dict[str, list[Duty]] = field(default_factory=dict)
    handed: dict[str, Handed] = field(default_factory=dict)
    parties: dict[int, list[ParkingSession]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def db(self) -> sessionmaker[Session]:
        return self.house.databases.write

    def attendant(self, lot: Lot) -> str:
        """Who works at `lot`, as the audit trail names people."""
        return self.attendants.get(lot.id, "person:attendant")

    def enter(self, visit: Visit) -> ParkingSession:
        """The vehicle comes in, declared by its driver or seen by an attendant, who gives a card to
        whatever has no plate."""
        lot = self.lots[visit.lot]
        actor = self.attendant(lot) if visit.by_attendant else DRIVER
        with self.db.begin() as tx:
            card = None if visit.plate else self.cards.deal(tx, lot, actor, self.now)
            arrival = Arrival(
                lot,
                visit.plate,
                visit.vehicle,
                self.now,
                actor,
                declared=not visit.by_attendant,
                card=card,
            )
            session = enter(tx, self.house.tariffs, arrival, self.now).session
        if visit.plate in self.passes:
            self.passes[visit.plate].stays += 1
        if card is not None:
            self.diary.cards_issued.append(stay_of(session))
        return session

    def confirm(self, session: ParkingSession) -> None:
        """The attendant on his round vouches for the entry a driver declared."""
        with self.db.begin() as tx:
            confirm_entry(tx, session.id, None, self.attendant(session.lot), self.now)

    def leave(self, session: ParkingSession) -> None:
        """The attendant records the exit."""
        leaving = self.leaving(session)
        with self.db.begin() as tx:
            record_exit(tx, session.id, leaving, self.now)

    def leaving(self, session: ParkingSession) -> Leaving:
        """The attendant takes the card back, or looks at papers where it is lost."""
        proof = None
        if session.card_id is not None:
            proof = Proof.CARD if self.cards.take_back(session.card_id) else Proof.PAPERS
        return Leaving(self.attendant(session.lot), self.now, proof)

    def checkout(self, session: ParkingSession) -> Payment | None:
        """The driver presses "pay" and is sent to the provider's page; None when nothing is due."""
        try:
            return self._pay(session)
        except Conflict:
            return None

    def _pay(self, session: ParkingSession) -> Payment:
        config = self.house.config
        link = session_link(self.house.keys, config.public_url, session.token)
        return quotes.pay(
            self.db,
            self.house.gateways,
            self.house.tariffs,
            session.id,
            self.accounts[session.lot.operator.code],
            Journey(config.public_url, link),
            self.now,
        )

    def act(self, payment: Payment, act: str, amounts: Iterable[int] = ()) -> list[Letter]:
        """What the driver does on that page; `amounts` are what this pays. The notices that tell
        of it, which are now on their way."""
        paid = list(amounts)
        amount = paid[0] if paid else None
        self.post.collect()
        self.drivers[payment.account.slug].act(payment.code, act, amount=amount)
        self.diary.received.extend(
            Received(payment.account.slug, payment.code, each) for each in paid
        )
        return self.post.collect()

    def hear(self, payment: Payment, letters: Iterable[Letter]) -> None:
        """Our door receives these notices, and whoever paid in full gets a receipt."""
        for letter in letters:
            self.post.deliver(letter, self.now)
        self.give_receipt(payment)

    def ask(self, payment: Payment) -> None:
        """Nothing was heard: our poll asks the provider."""
        poll_payment(self.db, self.house.gateways, payment.id, self.now)
        self.give_receipt(payment)

    def give_receipt(self, payment: Payment) -> None:
        """As the driver's page does when it sees that the payment is paid."""
        with self.db.begin() as tx:
            issue(tx, tx.get_one(Payment, payment.id), self.now)

    def give_back(self, payment: Payment, amount: int) -> None:
        """We ask, and finance returns, what a driver paid twice."""
        reason, key = REASON, f"simulate-{payment.code}"
        request = RefundRequest(payment.id, amount, "excess", reason, SERVICE, key)
        limit = self.house.config.refund_approval_above
        task = refund(self.db, self.house.gateways, request, limit, self.now)
        approve(self.db, self.house.gateways, task.id, Approval(FINANCE, limit, self.now))
        for letter in self.post.collect():
            self.post.deliver(letter, self.now)

    def tidy_up(self) -> None:
        """What the timetable does all day: announced transfers that came are settled, and stays ended
        that are over."""
        settle_claims(self.db, self.house.tariffs, self.now)
        end_forgotten(self.db, self.house.tariffs, self.now)

    def run_out(self) -> None:
        """The timetable's job: orders that nobody paid in time are over."""
        while expire(self.db, self.now):
            continue

    def close(self) -> None:
        """Give back what was opened for playing."""
        self.house.databases.dispose()
        self.books.db.dispose()


def open_street(
    house: House,
    begins: datetime,
    lots: Mapping[str, Lot],
    accounts: Mapping[str, MerchantAccount],
    attendants: Mapping[uuid.UUID, str],
    cash_share: int = 0,
) -> Street:
    """The house as it is at `begins`, with the sandbox beside it and no network in between.

    `accounts` are the sandbox accounts by operator. Raises `WrongUsage` in production.
    """
    clock = PlayedClock(begins)
    sandbox = create_sandbox(replace(sandbox_config(house.config), clock=clock))
    books: Books = sandbox.extensions["sandbox"]
    hasten(books.db.engine)
    mounts = {str(account.settings["base_url"]): sandbox for account in accounts.values()}
    gateways = replace(house.gateways, http=HttpClient((), mounts=mounts), clock=clock)
    databases = hastened(house.config.database_url)
    return Street(
        house=replace(house, databases=databases, gateways=gateways, clock=clock),
        clock=clock,
        books=books,
        post=Post(books, databases, gateways),
        lots=lots,
        accounts=accounts,
        attendants=attendants,
        cash_share=cash_share,
        drivers={account.slug: _driver(gateways, account) for account in accounts.values()},
    )


def _driver(gateways: Gateways, account: MerchantAccount) -> SandboxTest:
    return SandboxTest(gateways.settings(account), gateways.http, gateways.clock)
