"""Nobody has to tell us: we ask, on a schedule, and one silent provider stops no other."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from payments.accounts import Gateways
from payments.models import Notice, Payment
from payments.polling import GIVE_UP_AFTER, expire, next_poll, poll, poll_payment, poll_refund
from payments.provider import InvalidNotice, ProviderRefused, ProviderUnavailable, Status
from payments.provider import Notice as Told
from tests.payments.kit import PRICE, House, paid_notice

STARTED = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
ages = st.timedeltas(min_value=timedelta(hours=-2), max_value=timedelta(days=40))


def schedule(started: datetime) -> list[timedelta]:
    """Ages at which something is asked about when every poll happens on time."""
    found, at = [], next_poll(started, started)
    while at is not None:
        found.append(at - started)
        at = next_poll(started, at)
    return found


def test_the_schedule_is_the_one_we_promise() -> None:
    seconds = [timedelta(seconds=s) for s in (30, 120, 300, 900, 1800)]
    hourly = [timedelta(hours=h) for h in range(1, 25)]
    daily = [timedelta(days=d) for d in range(2, 31)]
    assert schedule(STARTED) == seconds + hourly + daily


@given(ages)
@settings(deadline=None, max_examples=300)
def test_the_next_poll_is_always_ahead_and_never_more_than_a_day(age: timedelta) -> None:
    now = STARTED + age
    at = next_poll(STARTED, now)
    if at is None:
        assert age >= GIVE_UP_AFTER
    else:
        assert now < at <= max(now, STARTED) + timedelta(days=1)
        assert at - STARTED in schedule(STARTED)


@given(ages, ages)
@settings(deadline=None, max_examples=200)
def test_a_later_look_never_gives_an_earlier_poll(one: timedelta, other: timedelta) -> None:
    first = next_poll(STARTED, STARTED + min(one, other))
    second = next_poll(STARTED, STARTED + max(one, other))
    assert second is None or (first is not None and first <= second)


def ask_everybody(house: House, after: timedelta) -> tuple[int, int]:
    polled = poll(house.databases.write, house.gateways, house.now + after)
    return polled.asked, polled.answered


def test_a_lost_notice_is_resolved_by_one_poll(house: House) -> None:
    payment = house.start()
    house.memory.answers[payment.code] = paid_notice(payment.code, house.now)
    assert ask_everybody(house, timedelta(seconds=29)) == (0, 0)
    assert ask_everybody(house, timedelta(seconds=30)) == (1, 1)
    after = house.payment(payment.id)
    assert (after.state, after.received, after.polls, after.next_poll_at) == (
        "paid",
        PRICE,
        1,
        None,
    )
    assert ask_everybody(house, timedelta(days=3)) == (0, 0)


def test_a_poll_and_its_notice_are_one_movement(house: House) -> None:
    payment = house.paid_payment()
    again = paid_notice(payment.code, house.now)
    house.memory.answers[payment.code] = Told("answer", again.order_code, again.status,
                                              again.event_at, again.movements)  # fmt: skip
    poll_payment(house.databases.write, house.gateways, payment.id, house.now)
    assert house.payment(payment.id).received == PRICE


def test_a_payment_that_stays_pending_is_asked_about_step_by_step(house: House) -> None:
    payment = house.start()
    house.memory.answers[payment.code] = Told("p", payment.code, Status.PENDING, house.now)
    for seconds, following in ((30, 120), (120, 300), (301, 900)):
        assert ask_everybody(house, timedelta(seconds=seconds)) == (1, 1)
        at = house.payment(payment.id).next_poll_at
        assert at == house.now + timedelta(seconds=following)
    assert house.payment(payment.id).polls == 3
    assert house.memory.asked.count(f"fetch {payment.code}") == 3


@pytest.mark.parametrize(
    "silence",
    [
        ProviderUnavailable("away"),
        ProviderRefused("no such order"),
        InvalidNotice("not signed"),
        ZeroDivisionError("a mistake of theirs"),
    ],
)
def test_one_silent_provider_stops_no_other(
    house: House, silence: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    mute, speaking = house.start("q1", "s1"), house.start("q2", "s2")
    house.memory.answers[mute.code] = silence
    house.memory.answers[speaking.code] = paid_notice(speaking.code, house.now)
    assert ask_everybody(house, timedelta(seconds=30)) == (2, 1)
    assert house.payment(speaking.id).state == "paid"
    after = house.payment(mute.id)
    assert (after.state, after.polls) == ("pending", 1)
    assert after.next_poll_at == house.now + timedelta(minutes=2)
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(loud) == isinstance(silence, ZeroDivisionError)


def test_a_rail_that_is_no_longer_installed_stops_no_poll(house: House) -> None:
    house.start()
    bare = Gateways({}, house.gateways.http, house.gateways.clock, house.gateways.vault)
    polled = poll(house.databases.write, bare, house.now + timedelta(seconds=30))
    assert (polled.asked, polled.answered) == (1, 0)


def test_a_notice_that_comes_while_we_ask_ends_the_polls(house: House) -> None:
    """The answer is older than the notice and brings nothing new."""
    payment = house.start()
    pending = Told("p", payment.code, Status.PENDING, house.now)
    house.tell(pending)
    house.memory.answers[payment.code] = pending
    house.memory.listener = lambda call: house.tell(paid_notice(payment.code, house.now))
    assert ask_everybody(house, timedelta(seconds=30)) == (1, 1)
    after = house.payment(payment.id)
    assert (after.state, after.next_poll_at) == ("paid", None)


def test_a_stale_notice_is_settled_by_the_poll_it_causes(house: House) -> None:
    payment = house.paid_payment()
    later = house.now + timedelta(hours=3)
    second = Told("again", payment.code, Status.PAID, house.now,
                  paid_notice(payment.code, house.now, "R2").movements, stale=True)  # fmt: skip
    house.tell(second, now=later)
    house.memory.answers[payment.code] = paid_notice(payment.code, house.now, "R2")
    assert ask_everybody(house, timedelta(hours=3)) == (1, 1)
    after = house.payment(payment.id)
    assert (after.received, after.flags, after.next_poll_at) == (
        2 * PRICE, "duplicate,overpaid", None,
    )  # fmt: skip


def test_a_payment_is_given_up_after_thirty_days(house: House) -> None:
    payment = house.start()
    poll_payment(house.databases.write, house.gateways, payment.id, house.now + GIVE_UP_AFTER)
    assert house.payment(payment.id).next_poll_at is None


def test_an_unpaid_order_runs_out_once(house: House) -> None:
    payment = house.start()
    write = house.databases.write
    assert expire(write, payment.expires_at) == 0
    assert expire(write, payment.expires_at + timedelta(seconds=1)) == 1
    assert house.payment(payment.id).state == "expired"
    assert expire(write, payment.expires_at + timedelta(days=1)) == 0
    with house.databases.read() as tx:
        said = tx.scalars(select(Notice.status).where(Notice.source == "ours")).all()
    assert sorted(said) == ["expired", "pending"]


def test_late_money_after_expiry_is_still_money(house: House) -> None:
    payment = house.start()
    late = payment.expires_at + timedelta(minutes=1)
    expire(house.databases.write, late)
    house.memory.answers[payment.code] = paid_notice(payment.code, late)
    assert ask_everybody(house, timedelta(minutes=15)) == (1, 1)
    after = house.payment(payment.id)
    assert (after.state, after.flags, after.received) == ("paid", "paid_late", PRICE)


def test_money_paid_in_time_but_told_after_expiry_is_not_late(house: House) -> None:
    payment = house.start()
    expire(house.databases.write, payment.expires_at + timedelta(hours=1))
    house.tell(paid_notice(payment.code, payment.expires_at))
    assert (house.payment(payment.id).state, house.payment(payment.id).flags) == ("paid", "")


def test_paid_orders_do_not_run_out(house: House) -> None:
    house.paid_payment()
    assert expire(house.databases.write, house.now + timedelta(days=1)) == 0


def test_only_so_many_run_out_at_a_time(house: House) -> None:
    for n in range(3):
        house.start(f"q{n}", f"s{n}")
    tomorrow = house.now + timedelta(days=1)
    assert [expire(house.databases.write, tomorrow, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_refund_nobody_answered_about_is_asked_about_again(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    assert ask_everybody(house, timedelta(seconds=30)) == (1, 0)
    after = house.refund(refund.id)
    assert (after.state, after.polls) == ("asked", 1)
    assert after.next_poll_at == house.now + timedelta(minutes=2)
    house.memory.answers["K1"] = Told("done", payment.code, Status.PAID, house.now, refund_key="K1")
    assert ask_everybody(house, timedelta(minutes=2)) == (1, 1)
    after = house.refund(refund.id)
    assert (after.state, after.polls, after.next_poll_at) == ("done", 2, None)


def test_a_refund_whose_request_was_lost_is_asked_for_again(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    said = [(Status.UNKNOWN, "nobody-knows"), (Status.PAID, "done")]

    def answer(call: str) -> None:
        status, key = said[call == "refund"]
        house.memory.answers["K1"] = Told(key, payment.code, status, house.now, refund_key="K1")

    house.memory.listener = answer
    poll_refund(house.databases.write, house.gateways, refund.id, house.now)
    assert house.memory.asked[-2:] == ["fetch K1", "refund K1"]
    assert house.refund(refund.id).state == "done"


def test_a_refund_settled_while_we_ask_is_asked_about_no_more(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    done = Told("done", payment.code, Status.PAID, house.now, refund_key="K1")
    house.memory.answers["K1"] = done
    house.memory.listener = lambda call: house.tell(done)
    poll_refund(house.databases.write, house.gateways, refund.id, house.now)
    after = house.refund(refund.id)
    assert (after.state, after.next_poll_at) == ("done", None)


def test_a_refund_refused_while_we_ask_is_refused_once(house: House) -> None:
    payment = house.paid_payment()
    refund = house.ask(payment)
    no = Told("no", payment.code, Status.FAILED, house.now, refund_key="K1")
    house.memory.answers["K1"] = Told("no-2", payment.code, Status.FAILED, house.now,
                                      refund_key="K1")  # fmt: skip
    house.memory.listener = lambda call: house.tell(no)
    poll_refund(house.databases.write, house.gateways, refund.id, house.now)
    assert house.refund(refund.id).state == "failed"
    assert house.books() == {"clearing:an-binh": PRICE, "collected": -PRICE}


def test_the_longest_waiting_are_asked_about_first(house: House) -> None:
    ids: list[uuid.UUID] = [house.start(f"q{n}", f"s{n}").id for n in range(3)]
    with house.databases.write.begin() as tx:
        for wait, payment_id in enumerate(ids):
            tx.get_one(Payment, payment_id).next_poll_at = house.now - timedelta(minutes=wait)
    poll(house.databases.write, house.gateways, house.now, limit=2)
    asked = [entry for entry in house.memory.asked if entry.startswith("fetch")]
    assert asked == [f"fetch {house.payment(i).code}" for i in (ids[2], ids[1])]


def test_many_that_run_out_are_read_once(house: House) -> None:
    """Each costs its own few questions, and none to read it again after it was written."""
    asked: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    counts = []
    for begun in (2, 5):
        for n in range(begun):
            payment = house.start(f"{begun}-{n}", f"{begun}-{n}")
        asked.clear()
        event.listen(house.databases.engine, "before_cursor_execute", hear)
        assert expire(house.databases.write, payment.expires_at + timedelta(days=begun)) == begun
        event.remove(house.databases.engine, "before_cursor_execute", hear)
        reread = [one for one in asked if "JOIN merchant_account" in one]
        counts.append(len(reread))
    assert counts == [1, 1]
