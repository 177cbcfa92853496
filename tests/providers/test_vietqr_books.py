"""Transfers into the operator's bank account and what our books make of them, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func as sql
from sqlalchemy import select

from payments.codes import ALPHABET, refund_code
from payments.db import Databases
from payments.models import Movement, Payment
from payments.polling import expire
from payments.provider import Outcome
from payments.refunds import refund_order
from payments.sweeping import sweep_feeds
from tests.doubles.bank import Entry
from tests.doubles.faults import Fault
from tests.doubles.narratives import DAMAGES
from tests.doubles.outbox import Message, NoticeState
from tests.providers.rail import PRICE
from tests.providers.shop import Shop, make_shop
from tests.providers.vietqr_rail import Vietqr, vietqr

FEEDS = ("sepay", "casso", "payos")
#: Nobody listens there.
CLOSED_DOOR = "http://127.0.0.1:9099/notify"


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(rail: Vietqr, databases: Databases) -> Shop:
    return make_shop(rail, databases)


def tell(shop: Shop, rail: Vietqr, entry: Entry, feed: str = "sepay") -> list[Outcome]:
    """The webhook of `feed` about `entry` is recorded."""
    told = rail.provider.parse_notice(rail.heard(feed, entry))
    return [shop.tell(notice).outcome for notice in told]


def sweep(shop: Shop, rail: Vietqr) -> int:
    return sweep_feeds(shop.databases.write, shop.gateways, rail.clock())


def in_suspense(shop: Shop) -> int:
    return -shop.books().get("suspense", 0)


def state(shop: Shop, payment: Payment) -> tuple[str, str, int]:
    now = shop.payment(payment)
    return now.state, now.flags, now.received


def motions(shop: Shop) -> int:
    with shop.databases.read() as tx:
        return int(tx.scalar(select(sql.count()).select_from(Movement)) or 0)


# One transfer, many voices

voices = st.lists(st.sampled_from([*FEEDS, "poll", "sweep"]), min_size=1, max_size=8)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told_by=voices, damage=st.sampled_from(sorted(set(DAMAGES) - {"cut"})))
def test_whoever_tells_of_a_transfer_in_whatever_order_it_is_one_movement(
    shop: Shop, rail: Vietqr, told_by: list[str], damage: str
) -> None:
    before = motions(shop)
    payment = shop.start(f"{before}-{len(rail.bank.entries)}")
    entry = rail.bank.receive(PRICE, payment.code, damage=damage)
    for voice in told_by:
        if voice == "poll":
            shop.tell(rail.provider.fetch(shop.order(payment)))
        elif voice == "sweep":
            sweep(shop, rail)
        else:
            tell(shop, rail, entry, voice)
    assert motions(shop) == before + 1
    assert state(shop, payment) == ("paid", "", PRICE)
    assert shop.books(payment) == {"clearing:an": PRICE, "collected": -PRICE}
    assert in_suspense(shop) == 0
    rail.clock.forward(minutes=11)


def test_a_replayed_message_is_a_repetition(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    entry = rail.bank.receive(PRICE, payment.code)
    for feed in FEEDS:
        first, again = tell(shop, rail, entry, feed), tell(shop, rail, entry, feed)
        assert (first, again) == ([Outcome.APPLIED], [Outcome.REPEATED])
    assert motions(shop) == 1


def test_two_equal_transfers_are_two_once_a_list_has_counted_them(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    for _ in range(2):
        tell(shop, rail, rail.bank.receive(PRICE, payment.code, reference="FT1"))
    assert state(shop, payment) == ("paid", "", PRICE)
    sweep(shop, rail)
    assert state(shop, payment) == ("paid", "duplicate,overpaid", 2 * PRICE)
    assert sweep(shop, rail) == 0


# Damaged words


def letters(text: str) -> str:
    return "".join(char for char in text.upper() if char.isascii() and char.isalnum())


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_intact_code_is_attributed_and_no_other_payment_is_touched(
    shop: Shop, rail: Vietqr, damage: str
) -> None:
    neighbour = shop.start("neighbour")
    lost = 0
    for turn, words in enumerate(("{}", "Gửi xe 30A-123.45 ở Hàng Trống {}", "{} cảm ơn")):
        payment = shop.start(str(turn))
        entry = rail.bank.receive(PRICE, words.format(payment.code), damage=damage)
        intact = payment.code in letters(entry.narrative)
        for feed in FEEDS:
            tell(shop, rail, entry, feed)
        lost += not intact
        assert state(shop, payment) == (("paid", "", PRICE) if intact else ("pending", "", 0))
    sweep(shop, rail)
    assert in_suspense(shop) == lost * PRICE
    assert lost == (damage == "cut")
    assert state(shop, neighbour) == ("pending", "", 0)


@pytest.mark.parametrize("place", range(2, 12))
def test_an_edited_code_is_nobodys_and_waits_for_a_person(
    shop: Shop, rail: Vietqr, place: int
) -> None:
    payment, neighbour = shop.start("1"), shop.start("2")
    for symbol in ALPHABET:
        if symbol != payment.code[place]:
            edited = payment.code[:place] + symbol + payment.code[place + 1 :]
            tell(shop, rail, rail.bank.receive(PRICE, edited))
    assert in_suspense(shop) == (len(ALPHABET) - 1) * PRICE
    assert state(shop, payment) == state(shop, neighbour) == ("pending", "", 0)


def test_a_missing_code_waits_for_a_person(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    told = tell(shop, rail, rail.bank.receive(PRICE, "gui xe 30A12345"))
    assert (told, in_suspense(shop)) == ([Outcome.UNKNOWN_PAYMENT], PRICE)
    shop.poll_later(seconds=31)
    assert state(shop, payment) == ("pending", "", 0)


def test_two_of_our_codes_are_a_question_for_a_person(shop: Shop, rail: Vietqr) -> None:
    one, other = shop.start("1"), shop.start("2")
    entry = rail.bank.receive(2 * PRICE, f"{one.code} va {other.code}")
    for feed in FEEDS:
        tell(shop, rail, entry, feed)
    shop.poll_later(seconds=31)
    sweep(shop, rail)
    assert (in_suspense(shop), motions(shop)) == (2 * PRICE, 1)
    assert state(shop, one) == state(shop, other) == ("pending", "", 0)


# Other amounts, other times


def test_too_little_leaves_the_rest_open_and_the_rest_completes_it(
    shop: Shop, rail: Vietqr
) -> None:
    payment = shop.start()
    told = tell(shop, rail, rail.bank.receive(PRICE - 5_000, payment.code))
    assert told == [Outcome.WRONG_AMOUNT]
    assert state(shop, payment) == ("pending", "underpaid", PRICE - 5_000)
    tell(shop, rail, rail.bank.receive(5_000, payment.code))
    assert state(shop, payment) == ("paid", "", PRICE)
    assert shop.books() == {"clearing:an": PRICE, "collected": -PRICE}


def test_too_much_is_paid_and_said_to_be_too_much(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    assert tell(shop, rail, rail.bank.receive(PRICE + 1, payment.code)) == [Outcome.WRONG_AMOUNT]
    assert state(shop, payment) == ("paid", "overpaid", PRICE + 1)
    assert shop.books() == {"clearing:an": PRICE + 1, "collected": -PRICE - 1}


def test_paid_twice_is_two_movements(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    for _ in range(2):
        tell(shop, rail, rail.bank.receive(PRICE, payment.code))
    assert state(shop, payment) == ("paid", "duplicate,overpaid", 2 * PRICE)
    assert motions(shop) == 2


def test_late_money_is_still_money(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    rail.clock.forward(minutes=16)
    assert expire(shop.databases.write, rail.clock()) == 1
    tell(shop, rail, rail.bank.receive(PRICE, payment.code))
    assert state(shop, payment) == ("paid", "paid_late", PRICE)


def test_late_news_of_timely_money_is_not_late(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    entry = rail.bank.receive(PRICE, payment.code)
    rail.clock.forward(minutes=16)
    expire(shop.databases.write, rail.clock())
    tell(shop, rail, entry, "payos")
    assert state(shop, payment) == ("paid", "", PRICE)


def test_a_message_too_old_to_believe_is_settled_by_asking(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    request = rail.heard("sepay", rail.bank.receive(PRICE, payment.code))
    rail.clock.forward(minutes=6)
    (told,) = rail.provider.parse_notice(request)
    assert shop.tell(told).outcome == Outcome.DEFERRED
    assert state(shop, payment) == ("pending", "", 0)
    shop.poll_later(seconds=1)
    assert state(shop, payment) == ("paid", "", PRICE)


# Money that goes back


@pytest.mark.parametrize("voice", [*FEEDS[:2], "poll", "sweep"])
def test_a_refund_is_done_when_anybody_saw_it_leave(shop: Shop, rail: Vietqr, voice: str) -> None:
    payment = shop.start()
    tell(shop, rail, rail.bank.receive(PRICE, payment.code))
    refund = shop.ask_back(payment, 5_000, "K1")
    assert refund.number is not None
    entry = rail.bank.send(5_000, f"HOAN TIEN {refund_code(refund.number)} {payment.code}")
    if voice == "poll":
        with shop.databases.read() as tx:
            wish = refund_order(tx, tx.merge(refund, load=False))
        shop.tell(rail.provider.fetch(wish))
    elif voice == "sweep":
        sweep(shop, rail)
    else:
        tell(shop, rail, entry, voice)
    assert shop.refund(refund).state == "done"
    assert shop.books() == {"clearing:an": PRICE - 5_000, "collected": 5_000 - PRICE}
    sweep(shop, rail)
    assert motions(shop) == 2


def test_a_payout_that_came_back_waits_for_a_person(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    tell(shop, rail, rail.bank.receive(PRICE, payment.code))
    refund = shop.ask_back(payment, 5_000, "K1")
    assert refund.number is not None
    tell(shop, rail, rail.bank.receive(5_000, f"HOAN TRA {refund_code(refund.number)}"))
    assert (shop.refund(refund).state, in_suspense(shop)) == ("asked", 5_000)


# Outages


def test_what_an_outage_lost_for_good_comes_with_the_sweep(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    rail.sepay.notify_url = CLOSED_DOOR
    rail.bank.receive(PRICE, payment.code, damage="glued")
    rail.bank.receive(PRICE, "khong ghi ma")
    for _ in range(40):
        rail.sepay.outbox.deliver()
        rail.clock.forward(minutes=1)
    assert {notice.state for notice in rail.sepay.outbox.notices} == {NoticeState.GIVEN_UP}
    assert motions(shop) == 0
    assert sweep(shop, rail) == 4  # two transfers, by two feeds
    assert state(shop, payment) == ("paid", "", PRICE)
    assert (in_suspense(shop), motions(shop)) == (PRICE, 2)
    assert sweep(shop, rail) == 0


def test_the_poll_finds_a_code_the_outage_swallowed(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    rail.bank.receive(PRICE, payment.code, damage="spaced")
    shop.poll_later(seconds=31)
    assert state(shop, payment) == ("paid", "", PRICE)
    assert sweep(shop, rail) == 2
    assert motions(shop) == 1


def test_a_silent_feed_only_delays(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    rail.bank.receive(PRICE, payment.code)
    for double in (rail.sepay, rail.casso):
        double.faults.add(Fault.SLOW, seconds=0.7)
        double.faults.add(Fault.ERROR_BEFORE)
    shop.poll_later(seconds=31)
    assert sweep(shop, rail) == 0
    assert state(shop, payment) == ("pending", "", 0)
    shop.poll_later(minutes=3)
    assert state(shop, payment) == ("paid", "", PRICE)


# At the door


def test_sepay_is_answered_as_it_wants_over_real_http(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    with shop.door() as address:
        rail.sepay.notify_url = rail.casso.notify_url = rail.payos.notify_url = address
        rail.bank.receive(PRICE, payment.code)
        rail.bank.receive(PRICE, "khong ma")
        rail.bank.send(700, "phi SMS")
        rail.casso.press_test_button()
        for double in (rail.sepay, rail.casso):
            attempts = double.outbox.deliver()
            assert [attempt.status for attempt in attempts] == [200] * len(attempts)
            assert {notice.state for notice in double.outbox.notices} == {NoticeState.ACKNOWLEDGED}
        forged = rail.sepay.message(rail.bank.entries[0], rail.clock())
        spoilt = Message("POST", address, forged.headers, forged.body.replace(b"20000", b"90000"))
        refused = rail.sepay.outbox.send(spoilt)
    assert (refused.status, refused.said("success")) == (403, False)
    assert state(shop, payment) == ("paid", "", PRICE)
    assert (motions(shop), in_suspense(shop)) == (2, PRICE)


def test_hostile_messages_leave_no_trace(shop: Shop, rail: Vietqr) -> None:
    payment = shop.start()
    entry = rail.bank.receive(PRICE, payment.code)
    with shop.door() as address:
        for feed in FEEDS:
            request = rail.heard(feed, entry)
            for body in (
                request.body.replace(b"20000", b"20001"),
                request.body[:-1],
                request.body + b"{}",
                b"",
                request.body.replace(b"{", b'{"amount":1,"amount":2,', 1),
            ):
                answer = rail.sepay.outbox.send(Message("POST", address, request.headers, body))
                assert answer.status == 403
    assert motions(shop) == 0
    assert state(shop, payment) == ("pending", "", 0)
