"""What single drivers do, and what the services make of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.exceptions import ServiceUnavailable

from parking.sessions.due import standing
from parking.sessions.models import ParkingSession
from parking.simulate import stories
from parking.simulate.day import store_files
from parking.simulate.deck import Deck
from parking.simulate.mix import Fate, Manner, Visit
from parking.simulate.stories import story
from parking.simulate.street import Street, open_street
from payments.db import CITY_ZONE, connect
from payments.errors import Unavailable, WrongUsage
from payments.http import HttpClient
from payments.models import Notice, Payment, Refund
from payments.provider import ProviderUnavailable
from tests.kit import Town, make_town

MORNING = datetime(2026, 11, 18, 9, 0, tzinfo=CITY_ZONE)
CAR = Visit(
    number=1,
    lot="HK01",
    vehicle="car",
    plate="30A-123.45",
    manner=Manner.PAYS,
    enters_at=MORNING,
    pays_on_entry=False,
    leaves_at=MORNING + timedelta(hours=2, minutes=30),
    by_attendant=False,
    luck="fine",
)


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    town = make_town(connect(sqlite_url), tmp_path, sqlite_url)
    opened = street_of(town)
    yield opened
    opened.close()


def street_of(town: Town) -> Street:
    accounts = {code: town.account(code) for code in ("hoan-kiem", "thang-long")}
    return open_street(town.house, MORNING, town.lots, accounts, {})


def live(street: Street, visit: Visit) -> ParkingSession:
    """Play one vehicle's story to its end."""
    for moment in story(street, visit):
        assert moment >= street.now
        street.clock.now = moment
    with street.house.databases.read() as tx:
        return tx.scalars(select(ParkingSession)).one()


def payments(street: Street) -> list[Payment]:
    with street.house.databases.read() as tx:
        return list(tx.scalars(select(Payment).order_by(Payment.number)))


def owes(street: Street, session: ParkingSession) -> int:
    with street.house.databases.read() as tx:
        return standing(tx, street.house.tariffs, session, street.now).due


def luck(monkeypatch: pytest.MonkeyPatch, **shares: int) -> None:
    for name, share in shares.items():
        monkeypatch.setattr(stories, name, share)


def test_an_ordinary_driver_pays_once_and_leaves_in_time(street: Street) -> None:
    session = live(street, CAR)
    (paid,) = payments(street)
    assert (paid.state, paid.received, paid.flags) == ("paid", 85_000, "")
    assert session.exit_at == CAR.leaves_at
    assert owes(street, session) == 0
    assert [receipt.amount for receipt in street.diary.received] == [85_000]


def test_who_declines_first_pays_with_a_second_order(street: Street) -> None:
    live(street, replace(CAR, manner=Manner.DECLINES))
    assert [payment.state for payment in payments(street)] == ["cancelled", "paid"]


def test_late_money_is_flagged_and_the_rest_is_paid(street: Street) -> None:
    session = live(street, replace(CAR, manner=Manner.LATE))
    first, *_rest = payments(street)
    assert first.flags == "paid_late"
    assert owes(street, session) == 0


def test_too_little_is_followed_by_the_rest(street: Street) -> None:
    session = live(street, replace(CAR, manner=Manner.LESS))
    first, second = payments(street)
    assert (first.received, second.received) == (42_000, 43_000)
    assert owes(street, session) == 0


@pytest.mark.parametrize(("returned", "refunds"), [(1000, 1), (0, 0)])
def test_what_was_paid_twice_may_be_given_back(
    street: Street, monkeypatch: pytest.MonkeyPatch, returned: int, refunds: int
) -> None:
    luck(monkeypatch, RETURNED=returned)
    live(street, replace(CAR, manner=Manner.TWICE))
    (paid,) = payments(street)
    assert (paid.received, paid.flags) == (170_000, "duplicate,overpaid")
    with street.house.databases.read() as tx:
        given = [(r.amount, r.state, r.purpose) for r in tx.scalars(select(Refund))]
    assert given == [(85_000, "done", "excess")] * refunds


def test_who_overstays_pays_the_difference(street: Street) -> None:
    leaves = MORNING + timedelta(hours=2)
    session = live(street, replace(CAR, manner=Manner.OVERSTAYS, leaves_at=leaves))
    assert [payment.received for payment in payments(street)] == [50_000, 35_000]
    assert session.exit_at is not None
    assert session.exit_at > leaves
    assert owes(street, session) == 0


def test_who_leaves_without_paying_still_owes(street: Street) -> None:
    session = live(street, replace(CAR, manner=Manner.UNPAID))
    assert payments(street) == []
    assert session.exit_at == CAR.leaves_at
    assert owes(street, session) == 85_000


def test_a_motorbike_pays_on_entry_and_the_evening_when_it_comes(street: Street) -> None:
    visit = replace(CAR, vehicle="motorbike", plate="29-X1 234.56", pays_on_entry=True)
    live(street, replace(visit, leaves_at=MORNING + timedelta(hours=11)))
    assert [payment.received for payment in payments(street)] == [5_000, 8_000]


def test_a_car_that_stays_overnight_is_still_there(street: Street) -> None:
    session = live(street, replace(CAR, leaves_at=None, by_attendant=True))
    assert session.exit_at is None
    assert (session.opened_by, session.declared) == ("person:attendant", False)


def test_an_attendant_vouches_for_an_entry(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    luck(monkeypatch, CONFIRMED=1000)
    session = live(street, CAR)
    assert (session.opened_by, session.declared) == ("driver", False)


def test_a_lost_notice_is_made_up_for_by_asking(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    luck(monkeypatch, NOTICE_LOST=1000)
    live(street, CAR)
    (paid,) = payments(street)
    assert (paid.state, paid.received) == ("paid", 85_000)
    assert sources(street) == {"ours", "poll"}


def test_a_notice_that_comes_twice_counts_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    luck(monkeypatch, NOTICE_LOST=0, NOTICE_DOUBLED=1000)
    live(street, CAR)
    (paid,) = payments(street)
    assert (paid.received, paid.flags) == (85_000, "")
    assert sources(street) == {"ours", "webhook"}


def sources(street: Street) -> set[str]:
    with street.house.databases.read() as tx:
        return set(tx.scalars(select(Notice.source)))


def test_a_door_that_refuses_stops_the_day(street: Street) -> None:
    session = street.enter(CAR)
    street.clock.now += timedelta(hours=1)
    payment = street.checkout(session)
    assert payment is not None
    (letter,) = street.act(payment, "pay", [payment.amount])
    with pytest.raises(ProviderUnavailable, match="answered 403"):
        street.post.deliver(replace(letter, merchant="thang-long-sandbox"), street.now)


def test_a_provider_without_its_file_is_a_complaint(street: Street) -> None:
    account = street.accounts["hoan-kiem"]
    away = HttpClient((), mounts={str(account.settings["base_url"]): ServiceUnavailable()})
    gateways = replace(street.house.gateways, http=away)
    elsewhere = replace(street, house=replace(street.house, gateways=gateways))
    with pytest.raises(Unavailable, match="hoan-kiem-sandbox cannot be used"):
        store_files(elsewhere, account, MORNING.date())


def test_nothing_is_played_in_production(street: Street) -> None:
    house = replace(street.house, config=replace(street.house.config, production=True))
    with pytest.raises(WrongUsage, match="never runs in production"):
        open_street(house, MORNING, street.lots, street.accounts, {})


BICYCLE = replace(CAR, vehicle="bicycle", plate="", by_attendant=True)


def test_a_bicycle_gets_a_card_that_is_handed_out_again(street: Street) -> None:
    live(street, BICYCLE)
    second = street.enter(BICYCLE)
    assert [(stay.lot, stay.plate) for stay in street.diary.cards_issued] == [("HK01", "#0001")] * 2
    assert (second.plate, second.plate_kind) == ("#0001", "card")


def test_cards_that_lie_at_the_lot_from_another_day_are_used_first(street: Street) -> None:
    live(street, BICYCLE)
    again = replace(street, cards=Deck())
    assert again.enter(BICYCLE).plate == "#0001"
    assert again.enter(BICYCLE).plate == "#0002"


def test_who_lost_the_card_shows_papers_and_the_card_is_out_of_use(street: Street) -> None:
    session = live(street, replace(BICYCLE, fate=Fate.LOST_CARD))
    assert session.exit_proof == "papers"
    assert [stay.plate for stay in street.diary.cards_lost] == ["#0001"]
    assert street.enter(BICYCLE).plate == "#0002"


def test_who_has_no_card_loses_none(street: Street) -> None:
    live(street, replace(CAR, fate=Fate.LOST_CARD))
    assert street.diary.cards_lost == []


@pytest.mark.parametrize("fate", [Fate.VOUCHED, Fate.BROKEN_WORD])
def test_money_that_was_promised_comes_or_stays_due(street: Street, fate: Fate) -> None:
    session = live(street, replace(CAR, fate=fate))
    street.tidy_up()
    assert session.exit_at is not None
    arrived = fate is Fate.VOUCHED
    assert owes(street, session) == (0 if arrived else 85_000)
    assert [(row.amount, row.arrived) for row in street.diary.claims] == [(85_000, arrived)]


def test_nobody_promises_what_is_not_due(street: Street) -> None:
    session = live(street, replace(CAR, fate=Fate.BROKEN_WORD, leaves_at=MORNING))
    assert session.exit_at is not None
    assert street.diary.claims == []


def test_where_no_pass_is_sold_each_stay_is_paid(street: Street) -> None:
    session = live(street, replace(CAR, fate=Fate.PASS))
    assert (session.pass_id, street.diary.passes) == (None, [])
    assert [payment.received for payment in payments(street)] == [85_000]


def test_an_exempt_stay_costs_nothing(street: Street) -> None:
    session = live(street, replace(CAR, fate=Fate.EXEMPT))
    assert (payments(street), owes(street, session)) == ([], 0)
    assert [row.stay.plate for row in street.diary.exemptions] == [session.plate]


def party(street: Street, *visits: Visit) -> None:
    """Play vehicles that come together; the first pays."""
    told = [(visit.enters_at, n, story(street, visit)) for n, visit in enumerate(visits)]
    heapq.heapify(told)
    while told:
        street.clock.now, number, following = heapq.heappop(told)
        if moment := next(following, None):
            heapq.heappush(told, (moment, number, following))


WITH_OTHERS = replace(CAR, fate=Fate.PARTY, party=1)
BEHIND = replace(
    WITH_OTHERS, number=2, plate="30A-999.99", enters_at=MORNING + timedelta(seconds=20)
)


def test_who_comes_with_others_pays_for_all_at_once(street: Street) -> None:
    bicycle = replace(BICYCLE, number=3, enters_at=MORNING + timedelta(seconds=40))
    party(street, WITH_OTHERS, BEHIND, replace(bicycle, fate=Fate.PARTY, party=1))
    (paid,) = payments(street)
    assert (paid.state, paid.amount, paid.product) == ("paid", 2 * 85_000 + 2_000, "parking:mixed")
    (row,) = street.diary.groups
    assert row.as_json() == {
        "lot": "HK01",
        "plates": ["#0001", "30A-123.45", "30A-999.99"],
        "payment": paid.code,
        "amount": paid.amount,
    }
    assert [received.amount for received in street.diary.received] == [paid.amount]
    with street.house.databases.read() as tx:
        stays = tx.scalars(select(ParkingSession)).all()
    assert [stay.exit_at is not None for stay in stays] == [True] * 3
    assert [owes(street, stay) for stay in stays] == [0] * 3


def test_who_waits_for_others_in_vain_pays_alone(street: Street) -> None:
    party(street, WITH_OTHERS)
    assert [payment.amount for payment in payments(street)] == [85_000]
    assert street.diary.groups == []
