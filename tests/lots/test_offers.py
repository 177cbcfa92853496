"""Which ways to pay a driver is offered: by amount, hour, mode and the lot's own order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from parking.lots import offers
from payments import merchants
from payments.accounts import Gateways, WrongMode, open_account
from payments.bounds import Bounds, InvalidBounds, check_bounds
from payments.db import CITY_ZONE
from payments.errors import Conflict, NotFound
from payments.models import Audit, MerchantAccount
from payments.money import LARGEST
from payments.provider import Capabilities
from payments.secrets import Vault
from tests.kit import MORNING, Town
from tests.payments.kit import KEY
from tests.payments.word_of_mouth import NoNetwork, WordOfMouth

AMOUNTS = st.integers(1, LARGEST)
MINUTES = st.integers(0, 24 * 60 - 1)


class Cards(WordOfMouth):
    """A rail of three methods, from 5,000 to 20,000,000 dong."""

    name: ClassVar[str] = "cards"
    methods: ClassVar[Mapping[str, str]] = {
        "QR": "Cards – quét QR",
        "BANK": "Cards – thẻ nội địa",
        "INTCARD": "Cards – thẻ quốc tế",
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True,
        statements=False,
        currencies=frozenset({"VND"}),
        smallest=5_000,
        largest=20_000_000,
    )


GATEWAYS = Gateways({"cards": Cards}, NoNetwork(), lambda: MORNING, Vault([KEY]))


def account(**facts: object) -> MerchantAccount:
    given = {"slug": "a", "operator": "hoan-kiem", "provider": "cards", "mode": "test"}
    return MerchantAccount(**{**given, "currency": "VND", "settings": {}, "secrets": [], **facts})


def fitting(found: MerchantAccount, amount: int = 25_000, now: datetime = MORNING) -> list[str]:
    return [way.method for way in offers.fitting(GATEWAYS, [found], amount, "VND", now)]


def city(minute: int) -> datetime:
    """That minute of a day in Hanoi, as an instant."""
    day = datetime.combine(MORNING.date(), time(minute // 60, minute % 60), CITY_ZONE)
    return day.astimezone(UTC)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(AMOUNTS, st.none() | AMOUNTS, st.none() | AMOUNTS)
def test_an_amount_fits_exactly_within_the_accounts_and_the_rails_bounds(
    amount: int, least: int | None, most: int | None
) -> None:
    able = Cards.capabilities
    low, high = max(least or 1, able.smallest), min(most or LARGEST, able.largest)
    offered = bool(fitting(account(least=least, most=most), amount))
    assert offered == (low <= amount <= high)


@given(MINUTES, MINUTES, MINUTES)
def test_hours_run_forwards_and_across_midnight(opens: int, closes: int, asked: int) -> None:
    if opens == closes:
        with pytest.raises(InvalidBounds):
            check_bounds(Bounds(opens=clock(opens), closes=clock(closes)), Cards.capabilities)
        return
    found = account(opens=clock(opens), closes=clock(closes))
    day = 24 * 60
    within = (asked - opens) % day < (closes - opens) % day
    assert bool(fitting(found, now=city(asked))) == within


@given(AMOUNTS, AMOUNTS)
def test_bounds_that_were_accepted_leave_an_amount(least: int, most: int) -> None:
    try:
        check_bounds(Bounds(least, most), Cards.capabilities)
    except InvalidBounds:
        assert max(least, 5_000) > min(most, 20_000_000)
    else:
        assert fitting(account(least=least, most=most), max(least, 5_000))


def test_the_last_minute_counts_and_the_closing_one_does_not() -> None:
    found = account(opens="22:00", closes="06:00")
    edges = {"21:59": False, "22:00": True, "23:59": True, "00:00": True, "05:59": True}
    for at, offered in {**edges, "06:00": False}.items():
        hour, minute = map(int, at.split(":"))
        assert bool(fitting(found, now=city(hour * 60 + minute))) == offered, at
    assert fitting(found, now=city(6 * 60) - timedelta(seconds=1))


def test_a_foreign_card_pays_a_ticket_of_five_thousand_dong() -> None:
    found = account(settings={"methods": ["INTCARD"]})
    (way,) = offers.fitting(GATEWAYS, [found], 5_000, "VND", MORNING)
    assert (way.key, way.label) == ("a:INTCARD", "Cards – thẻ quốc tế")
    assert fitting(found, 4_999) == []


def test_an_accounts_own_methods_choose_among_the_providers_and_order_them() -> None:
    assert fitting(account()) == ["QR", "BANK", "INTCARD"]
    assert fitting(account(settings={"methods": ["INTCARD", "QR", "GONE"]})) == ["INTCARD", "QR"]


@pytest.mark.parametrize(
    "facts",
    [{"mode": "live"}, {"provider": "uninstalled"}, {"currency": "USD"}],
    ids=lambda facts: next(iter(facts)),
)
def test_what_does_not_work_here_is_not_offered(facts: dict[str, object]) -> None:
    assert fitting(account(**facts)) == []


def with_cards(town: Town) -> Gateways:
    return replace(town.house.gateways, registry={**town.house.gateways.registry, "cards": Cards})


def open_cards(town: Town, slug: str, operator: str = "hoan-kiem") -> None:
    town.clock.forward(seconds=1)
    with town.house.databases.write.begin() as tx:
        open_account(
            tx,
            town.house.gateways.vault,
            slug=slug,
            operator=operator,
            provider="cards",
            mode="test",
            settings={},
            secret={"secret": "s"},
            now=town.now,
        )


def shown(town: Town, lot: str = "HK01", amount: int = 25_000) -> list[str]:
    with town.house.databases.read() as tx:
        ways = offers.ways_at(tx, with_cards(town), town.lots[lot], amount, "VND", town.now)
    return list(dict.fromkeys(way.account.slug for way in ways))


def choose(town: Town, *slugs: str, lot: str = "HK01", gateways: Gateways | None = None) -> None:
    with town.house.databases.write.begin() as tx:
        offers.choose(
            tx, gateways or with_cards(town), town.lots[lot], slugs, "person:hoa", town.now
        )


def test_without_a_choice_every_account_of_the_operator_is_offered_oldest_first(
    town: Town,
) -> None:
    open_cards(town, "b-cards")
    open_cards(town, "a-cards")
    open_cards(town, "other", "thang-long")
    assert shown(town) == ["hoan-kiem-sandbox", "b-cards", "a-cards"]


def test_a_lot_offers_what_was_chosen_for_it_in_that_order(town: Town) -> None:
    open_cards(town, "a-cards")
    open_cards(town, "b-cards")
    choose(town, "b-cards", "hoan-kiem-sandbox", "b-cards")
    assert shown(town) == ["b-cards", "hoan-kiem-sandbox"]
    with town.house.databases.write.begin() as tx:
        merchants.retire(tx, "b-cards", "test", town.now)
    assert shown(town) == ["hoan-kiem-sandbox"]
    assert shown(town, amount=1) == ["hoan-kiem-sandbox"]
    choose(town)
    assert shown(town) == ["hoan-kiem-sandbox", "a-cards"]
    with town.house.databases.read() as tx:
        acts = tx.scalars(select(Audit.act).where(Audit.subject == "lot:HK01")).all()
    assert list(acts) == ["lot.accounts"] * 2


def test_a_lot_never_offers_another_operators_account(town: Town) -> None:
    open_cards(town, "other", "thang-long")
    with pytest.raises(Conflict, match="other belongs to another operator than lot HK01"):
        choose(town, "hoan-kiem-sandbox", "other")
    with pytest.raises(NotFound, match="nobody"):
        choose(town, "nobody")
    assert shown(town) == ["hoan-kiem-sandbox"]


def test_a_lot_never_offers_both_modes(town: Town) -> None:
    open_cards(town, "a-cards")
    with town.house.databases.write.begin() as tx:
        tx.scalars(
            select(MerchantAccount).where(MerchantAccount.slug == "a-cards")
        ).one().mode = "live"
    with pytest.raises(WrongMode, match="production only"):
        choose(town, "hoan-kiem-sandbox", "a-cards")
    assert shown(town) == ["hoan-kiem-sandbox"]
    production = replace(with_cards(town), mode="live")
    with town.house.databases.read() as tx:
        ways = offers.ways_there(tx, production, town.lots["HK01"])
    assert {way.account.mode for way in ways} == {"live"}
    with pytest.raises(WrongMode, match="never work in production"):
        choose(town, "hoan-kiem-sandbox", gateways=production)
