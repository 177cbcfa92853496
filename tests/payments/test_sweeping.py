"""What a lost notice would have told is heard from the list; one silent feed stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import select

from payments import sweeping
from payments.accounts import Gateways, live_accounts, open_account
from payments.models import Movement, Notice
from payments.provider import Notice as Told
from payments.provider import ProviderUnavailable
from payments.sweeping import sweep_feeds
from tests.payments.kit import PRICE, House, paid_notice
from tests.payments.word_of_mouth import SECRET, WordOfMouth


class Gossip(WordOfMouth):
    """A rail that can list what was told lately."""

    said: ClassVar[Callable[[datetime], Sequence[Told]]]

    def recent(self, since: datetime) -> Sequence[Told]:
        return type(self).said(since)


def with_feed(house: House, name: str, said: Callable[[datetime], Sequence[Told]]) -> None:
    """One more account, on a rail of its own that says `said`."""
    rail = type(name, (Gossip,), {"memory": house.memory, "said": staticmethod(said)})
    house.gateways = Gateways(
        {**house.gateways.registry, name: rail},
        house.gateways.http,
        house.gateways.clock,
        house.gateways.vault,
    )
    with house.databases.write.begin() as tx:
        open_account(
            tx,
            house.gateways.vault,
            slug=name,
            operator="An Binh",
            provider=name,
            mode="test",
            settings={},
            secret={"secret": SECRET},
            now=house.now,
        )


def unavailable(_since: datetime) -> Sequence[Told]:
    raise ProviderUnavailable("Nobody remembers.")


def broken(_since: datetime) -> Sequence[Told]:
    raise ZeroDivisionError


def sweep(house: House) -> int:
    return sweep_feeds(house.databases.write, house.gateways, house.now)


def transfers(house: House, count: int) -> list[Told]:
    """Transfers of lately that name no payment."""
    return [paid_notice(None, house.now, f"R{n}") for n in range(count)]


def test_two_days_are_asked_for_and_everything_new_is_recorded_once(house: House) -> None:
    asked: list[datetime] = []

    def said(since: datetime) -> Sequence[Told]:
        asked.append(since)
        return transfers(house, 3)

    with_feed(house, "gossip", said)
    assert (sweep(house), sweep(house)) == (3, 0)
    assert asked == [house.now - timedelta(days=2)] * 2
    assert house.books() == {"clearing:gossip": 3 * PRICE, "suspense": -3 * PRICE}
    with house.databases.read() as tx:
        assert {row.source for row in tx.scalars(select(Notice))} == {"poll"}


def test_a_silent_or_broken_feed_stops_no_other(house: House) -> None:
    with_feed(house, "silent", unavailable)
    with_feed(house, "broken", broken)
    with_feed(house, "gossip", lambda since: transfers(house, 1))
    assert sweep(house) == 1


def test_a_rail_without_a_feed_is_not_asked(house: House) -> None:
    assert sweep(house) == 0
    assert house.memory.asked == []


def test_a_retired_account_is_not_asked(house: House) -> None:
    with_feed(house, "gossip", lambda since: transfers(house, 1))
    with house.databases.write.begin() as tx:
        for account in live_accounts(tx):
            account.retired_at = house.now
    assert sweep(house) == 0


def test_a_list_longer_than_one_question_is_heard_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    told = transfers(house, 5)
    with_feed(house, "gossip", lambda since: told)
    assert (sweep(house), sweep(house), house.count(Movement)) == (5, 0, 5)


def test_a_line_listed_twice_is_one_movement(house: House) -> None:
    told = transfers(house, 1)
    with_feed(house, "gossip", lambda since: told + told)
    sweep(house)
    assert house.count(Movement) == 1
