"""A bank feed that says nothing while several transfers wait: the rule, and over the VietQR double."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.db import Databases
from payments.models import MerchantAccount, Payment
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from payments.silence import LEAST_PATIENCE, LOOK_BACK, MANY, SEVERAL, SLOW, silences, unheard
from payments.sweeping import sweep_feeds
from tests.doubles.bank import Entry
from tests.providers.rail import PRICE
from tests.providers.shop import Shop, make_shop
from tests.providers.vietqr_rail import Vietqr, vietqr

NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)

ago = st.integers(0, 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))
times = st.lists(ago, max_size=12)
some = st.lists(ago, min_size=SEVERAL, max_size=12)


def minutes_ago(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=m) for m in minutes]


# The rule


@given(times, times)
def test_who_is_late_was_begun_after_the_last_word_and_long_enough_ago(
    words: list[datetime], begun: list[datetime]
) -> None:
    late = unheard(sorted(words), begun, NOW)
    assert list(late) == sorted(late)
    if late:
        assert len(late) >= SEVERAL
        assert all(word < late[0] for word in words)
        assert late[-1] <= NOW - SLOW
        assert NOW - late[0] > (SLOW if len(late) >= MANY else LEAST_PATIENCE)


@given(times, times)
def test_one_word_ends_every_silence(words: list[datetime], begun: list[datetime]) -> None:
    assert not unheard([*sorted(words), NOW], begun, NOW)


@given(times, some, ago)
def test_one_more_that_waits_never_ends_a_silence(
    words: list[datetime], begun: list[datetime], another: datetime
) -> None:
    told = sorted(words)
    assert not unheard(told, begun, NOW) or unheard(told, [*begun, another], NOW)


@given(times, some, st.integers(0, 600))
def test_time_alone_never_ends_a_silence(
    words: list[datetime], begun: list[datetime], minutes: int
) -> None:
    told = sorted(words)
    later = NOW + timedelta(minutes=minutes)
    assert not unheard(told, begun, NOW) or unheard(told, begun, later)


@given(times)
def test_nobody_and_one_alone_prove_nothing(words: list[datetime]) -> None:
    assert not unheard(sorted(words), [], NOW)
    assert not unheard(sorted(words), minutes_ago(200), NOW)


@pytest.mark.parametrize(
    ("words", "begun", "late"),
    [
        (minutes_ago(50, 46, 42), minutes_ago(35, 20), True),
        (minutes_ago(50, 46, 42), minutes_ago(29, 20), False),
        (minutes_ago(600, 300, 60), minutes_ago(35, 20), False),  # it never says more
        (minutes_ago(3000, 2000, 1000), minutes_ago(181, 20), True),  # but nobody waits for ever
        (minutes_ago(50, 46, 42), minutes_ago(*range(11, 11 + MANY)), True),
        (minutes_ago(50, 46, 42), minutes_ago(*range(2, 2 + MANY)), False),
        ([], minutes_ago(31, 11), True),  # a feed that never worked
    ],
)
def test_the_wait_is_measured_by_what_is_usual(
    words: Sequence[datetime], begun: Sequence[datetime], late: bool
) -> None:
    assert bool(unheard(words, begun, NOW)) is late


# Over the double


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Vietqr, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def begin(shop: Shop, count: int, name: str) -> list[Payment]:
    return [shop.start(f"{name}-{n}") for n in range(count)]


def pay(rail: Vietqr, payment: Payment) -> Entry:
    return rail.bank.receive(PRICE, payment.code)


def hear(shop: Shop, rail: Vietqr, entry: Entry) -> None:
    for told in rail.provider.parse_notice(rail.heard("sepay", entry)):
        shop.tell(told)


def silent(shop: Shop, *more: MerchantAccount) -> list[tuple[str, int]]:
    with shop.databases.read() as tx:
        found = silences(tx, shop.gateways, [shop.account, *more], shop.rail.clock())
    return [(one.account.slug, one.waiting) for one in found]


def test_transfers_the_feed_does_not_tell_of_make_it_silent_until_it_speaks(
    shop: Shop, rail: Vietqr
) -> None:
    first, *rest = begin(shop, 4, "a")
    hear(shop, rail, pay(rail, first))
    for payment in rest:
        rail.clock.forward(minutes=1)
        shop.start(f"later-{payment.code}")
    assert silent(shop) == []
    rail.clock.forward(minutes=29)
    assert silent(shop) == [("an", 3)]
    hear(shop, rail, pay(rail, rest[0]))
    assert silent(shop) == []


def test_a_sweep_that_brings_something_is_a_word_and_one_that_brings_nothing_is_none(
    shop: Shop, rail: Vietqr
) -> None:
    paid, *_ = begin(shop, 4, "a")
    rail.clock.forward(minutes=40)
    assert silent(shop) == [("an", 4)]
    sweep_feeds(shop.databases.write, shop.gateways, rail.clock())
    shop.poll_later(seconds=1)
    assert silent(shop) == [("an", 4)]
    pay(rail, paid)
    sweep_feeds(shop.databases.write, shop.gateways, rail.clock())
    assert silent(shop) == []


def test_a_statement_somebody_hands_in_is_not_the_feeds_word(shop: Shop, rail: Vietqr) -> None:
    first, *_ = begin(shop, 4, "a")
    rail.clock.forward(minutes=40)
    at = rail.clock()
    fact = MovementFact(MovementKind.RECEIPT, "FT1", PRICE, "VND", at)
    told = Told("upload-1", None, Status.PAID, at, (fact,), candidates=(first.code,))
    with shop.databases.write.begin() as tx:
        record(tx, shop.account, told, at, source="statement")
    assert silent(shop) == [("an", 3)]  # what was paid waits no longer


def test_who_paid_in_another_way_waits_for_no_bank(shop: Shop, rail: Vietqr) -> None:
    first, second = begin(shop, 2, "a")
    rail.clock.forward(minutes=1)
    shop.start("a-0-again")
    rail.clock.forward(minutes=40)
    assert silent(shop) == [("an", 3)]
    for payment in (first, second):
        hear(shop, rail, pay(rail, payment))
    assert silent(shop) == []


def test_what_was_begun_long_ago_says_nothing_about_now(shop: Shop, rail: Vietqr) -> None:
    begin(shop, 3, "a")
    rail.clock.forward(minutes=1 + LOOK_BACK.total_seconds() / 60)
    assert silent(shop) == []


def test_a_rail_without_a_feed_and_one_nobody_installed_are_never_silent(
    shop: Shop, rail: Vietqr
) -> None:
    begin(shop, 3, "a")
    rail.clock.forward(minutes=40)
    others = [
        MerchantAccount(slug=name, provider=name, created_at=rail.clock())
        for name in ("sandbox", "gone")
    ]
    assert silent(shop, *others) == [("an", 3)]
