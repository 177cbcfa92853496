"""Half past five at a slow bank: let out at 17:58, booked by the bank at 17:57, told of at 18:40.

The real VietQR rail on both databases: the feed's message through our door, its list when we ask, and
a statement that somebody hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from parking.app import create_app
from parking.journey import Journey
from parking.sessions import claims, quotes
from parking.sessions.due import Standing, standing
from parking.sessions.exits import Leaving
from parking.sessions.models import ParkingSession, TransferClaim
from payments.accounts import open_account
from payments.db import CITY_ZONE, Databases
from payments.models import MerchantAccount, Payment
from payments.polling import poll_payment
from payments.providers import PROVIDERS
from payments.web import notify_path
from reconciliation.uploads.service import accept
from tests.doubles.bank import Entry
from tests.kit import MORNING, StillClock, Town, make_town
from tests.providers.vietqr_rail import Vietqr, vietqr
from tests.statements.desk import day_of
from tests.statements.kit import Line

DAY = MORNING.astimezone(CITY_ZONE).date()


def at(hour: int, minute: int) -> datetime:
    return datetime.combine(DAY, time(hour, minute), CITY_ZONE)


@dataclass
class Kerb:
    """One car, its transfer, and a bank whose feed may sleep."""

    town: Town
    rail: Vietqr
    account: MerchantAccount
    stay: ParkingSession
    payment: Payment

    def turn(self, hour: int, minute: int) -> datetime:
        self.town.clock.now = self.rail.clock.now = at(hour, minute)
        return self.town.now

    def release(self) -> None:
        house = self.town.house
        with house.databases.write.begin() as tx:
            leaving = Leaving("person:hoa", self.town.now)
            claims.release(tx, house.tariffs, self.stay.id, leaving, self.town.now)

    def where(self) -> Standing:
        house = self.town.house
        with house.databases.read() as tx:
            found = tx.get_one(ParkingSession, self.stay.id)
            return standing(tx, house.tariffs, found, self.town.now)

    def outcome(self) -> str | None:
        house = self.town.house
        claims.settle_claims(house.databases.write, house.tariffs, self.town.now)
        with house.databases.read() as tx:
            return tx.scalars(select(TransferClaim)).one().outcome

    def told_of(self) -> Payment:
        with self.town.house.databases.read() as tx:
            return tx.get_one(Payment, self.payment.id)


def by_feed(kerb: Kerb, entry: Entry) -> None:
    """SePay's message arrives at our door."""
    notice = kerb.rail.heard("sepay", entry)
    client = create_app(kerb.town.house).test_client()
    base = kerb.town.house.config.public_url
    answer = client.post(
        notify_path(kerb.account.slug),
        data=notice.body,
        headers=dict(notice.headers),
        base_url=base,
    )
    assert answer.status_code == 200


def by_poll(kerb: Kerb, _entry: Entry) -> None:
    """Nobody sends anything; we ask for the list."""
    house = kerb.town.house
    assert poll_payment(house.databases.write, house.gateways, kerb.payment.id, kerb.town.now)


def by_statement(kerb: Kerb, entry: Entry) -> None:
    """Finance hands in what the bank printed so far."""
    line = Line(entry.amount, entry.reference, entry.narrative, entry.booked, entry.at.time())
    house = kerb.town.house
    steps = accept(
        house.databases.write, house.gateways, kerb.account, "sao-ke.csv", day_of(line),
        "person:lan", kerb.town.now,
    )  # fmt: skip
    assert list(steps)[-1].state == "done"


@pytest.fixture
def kerb(databases: Databases, database_url: str, tmp_path: Path) -> Iterator[Kerb]:
    """In at 17:06; the code of 25,000 dong is shown at 17:55 and holds until 18:10. At 18:06 the
    second hour begins."""
    town = make_town(databases, tmp_path, database_url)
    with vietqr(tmp_path) as rail:
        gateways = replace(town.house.gateways, registry=PROVIDERS, http=rail.http)
        town.house = replace(town.house, gateways=gateways)
        with databases.write.begin() as tx:
            account = open_account(
                tx, gateways.vault, slug="hk-vietqr", operator="hoan-kiem", provider="vietqr",
                mode="test", settings=rail.account.settings, secret=rail.account.secrets[0],
                now=town.now,
            )  # fmt: skip
        clock = town.clock
        assert isinstance(clock, StillClock)
        clock.now = at(17, 6)
        stay = town.arrive()
        clock.now = rail.clock.now = at(17, 55)
        journey = Journey("https://p.example", "https://p.example/s/x")
        payment = quotes.pay(
            databases.write, gateways, town.house.tariffs, stay.id, account, journey, clock.now
        )
        yield Kerb(town, rail, account, stay, payment)


WAYS = [by_feed, by_poll, by_statement]
Tell = Callable[[Kerb, Entry], None]


@pytest.mark.parametrize("tell", WAYS)
def test_money_booked_in_time_and_told_of_late_owes_nothing(kerb: Kerb, tell: Tell) -> None:
    kerb.turn(17, 57)
    entry = kerb.rail.bank.receive(kerb.payment.amount, kerb.payment.code)
    kerb.turn(17, 58)
    kerb.release()
    kerb.turn(18, 40)
    assert kerb.where().due == 25_000
    assert kerb.outcome() is None
    tell(kerb, entry)
    assert kerb.told_of().paid_at == at(17, 57)
    assert (kerb.where().due, kerb.where().excess) == (0, 0)
    assert kerb.outcome() == "paid"


@pytest.mark.parametrize("tell", WAYS)
def test_who_was_let_out_in_the_second_hour_paid_in_time_by_the_banks_clock(
    kerb: Kerb, tell: Tell
) -> None:
    kerb.turn(17, 57)
    entry = kerb.rail.bank.receive(kerb.payment.amount, kerb.payment.code)
    kerb.turn(18, 9)
    kerb.release()
    kerb.turn(18, 40)
    tell(kerb, entry)
    assert kerb.where().due == 0
    assert kerb.outcome() == "paid"


@pytest.mark.parametrize("tell", WAYS)
@pytest.mark.parametrize(("out", "rest"), [((17, 58), 0), ((18, 9), 25_000)])
def test_money_booked_after_the_quote_ended_counts_against_the_exits_price_and_no_more(
    kerb: Kerb, tell: Tell, out: tuple[int, int], rest: int
) -> None:
    kerb.turn(*out)
    kerb.release()
    kerb.turn(20, 30)
    entry = kerb.rail.bank.receive(kerb.payment.amount, kerb.payment.code)
    kerb.turn(20, 31)
    tell(kerb, entry)
    assert kerb.told_of().paid_at == at(20, 30)
    found = kerb.where()
    assert (found.price.amount, found.due) == (25_000 + rest, rest)
    kerb.town.clock.now += timedelta(days=3)
    assert kerb.where().due == rest
    assert kerb.outcome() == (None if rest else "paid")
