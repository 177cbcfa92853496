"""The day a row is booked on: the provider's while it is open, else the first open one after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from payments.book_days import BOOKING_WINDOW, BookDay, book_day, certify, open_again, stop
from payments.db import business_day
from payments.errors import Conflict
from payments.models import Movement, Transfer
from payments.provider import MovementKind
from payments.settlement import Settled, book
from tests.payments.kit import House, paid_notice

KNOWN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
TODAY, ONE = date(2026, 11, 20), timedelta(days=1)
OPERATOR = "An Binh"


def booked(house: House, happened: datetime, now: datetime = KNOWN) -> date:
    with house.databases.read() as tx:
        return book_day(tx, OPERATOR, happened, now)


def close(house: House, *days: date) -> None:
    with house.databases.write.begin() as tx:
        for day in days:
            stop(tx, OPERATOR, day, KNOWN)


def test_a_row_is_booked_on_the_providers_day_within_seven_days_else_on_ours(house: House) -> None:
    with house.databases.read() as tx:

        @given(st.timedeltas(min_value=timedelta(days=-60), max_value=timedelta(days=60)))
        @settings(deadline=None)
        def check(lag: timedelta) -> None:
            happened = KNOWN + lag
            near = abs(business_day(happened) - TODAY) <= BOOKING_WINDOW
            expected = business_day(happened) if near else TODAY
            assert book_day(tx, OPERATOR, happened, KNOWN) == expected

        check()


@pytest.mark.parametrize(
    ("happened", "day"),
    [
        (datetime(2026, 11, 19, 16, 59, 59, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 19, 17, 0, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 12, 17, 0, tzinfo=UTC), date(2026, 11, 13)),
        (datetime(2026, 11, 12, 16, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 27, 16, 59, tzinfo=UTC), date(2026, 11, 27)),
        (datetime(2026, 11, 27, 17, 0, tzinfo=UTC), date(2026, 11, 20)),
    ],
)
def test_the_booking_day_turns_at_midnight_in_hanoi(
    house: House, happened: datetime, day: date
) -> None:
    assert booked(house, happened) == day


@pytest.mark.parametrize(
    ("taken", "expected"),
    [([3], 3), ([3, 2], 3), ([4], 3), ([3, 2, 1], 3)],
)
def test_late_money_goes_to_the_first_open_day_after_its_own(
    house: House, taken: Sequence[int], expected: int
) -> None:
    close(house, *(TODAY - days * ONE for days in taken))
    first = next(days for days in range(expected, -1, -1) if days not in taken)
    assert booked(house, KNOWN - expected * ONE) == TODAY - first * ONE


def test_a_day_of_another_operator_stays_open(house: House) -> None:
    with house.databases.write.begin() as tx:
        stop(tx, "Cau Go", TODAY - ONE, KNOWN)
    assert booked(house, KNOWN - ONE) == TODAY - ONE


def test_late_money_keeps_both_times_and_moves_payment_and_ledger_alike(house: House) -> None:
    payment, yesterday = house.start(), house.now - ONE
    close(house, TODAY - ONE)
    house.tell(paid_notice(payment.code, yesterday))
    with house.databases.read() as tx:
        movement, transfer = tx.scalars(select(Movement)).one(), tx.scalars(select(Transfer)).one()
    assert (movement.event_at, movement.recorded_at) == (yesterday, house.now)
    days = {movement.book_day, transfer.book_day, house.payment(payment.id).book_day}
    assert days == {TODAY}


def test_a_fee_of_a_closed_day_goes_to_the_first_open_one(house: House) -> None:
    old, recent = house.now - 40 * ONE, house.now - 2 * ONE
    close(house, business_day(old), TODAY - 2 * ONE, TODAY - ONE)
    fees = [
        Settled(MovementKind.FEE, f"L{n}", 1, 220, "VND", happened)
        for n, happened in enumerate((old, recent, house.now))
    ]
    with house.databases.write.begin() as tx:
        assert book(tx, house.account, fees, house.now) == {business_day(old) + ONE, TODAY}


def test_today_cannot_be_closed_and_a_day_only_once(house: House) -> None:
    with pytest.raises(Conflict, match="not ended"):
        close(house, TODAY)
    close(house, TODAY - ONE)
    with pytest.raises(Conflict, match="closing or closed"):
        close(house, TODAY - ONE)


def test_a_closed_day_that_is_opened_again_takes_rows(house: House) -> None:
    close(house, TODAY - ONE)
    with house.databases.write.begin() as tx:
        certify(tx, OPERATOR, TODAY - ONE, house.now)
    assert booked(house, KNOWN - ONE) == TODAY
    with house.databases.write.begin() as tx:
        open_again(tx, OPERATOR, TODAY - ONE)
        assert tx.scalars(select(BookDay)).all() == []
    assert booked(house, KNOWN - ONE) == TODAY - ONE


def test_money_of_today_asks_nobody_which_day_is_open(house: House) -> None:
    payment, asked = house.start(), list[str]()
    engine = house.databases.write.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    house.tell(paid_notice(payment.code, house.now))
    assert not any("book_day" in statement and "FROM book_day" in statement for statement in asked)
