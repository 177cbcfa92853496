"""A transfer that a feed and a statement tell of is one movement, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.db import CITY_ZONE, Databases
from payments.provider import MovementKind
from payments.providers.feeds.feed import Entry
from payments.providers.vietqr import _numbered
from reconciliation.uploads.meaning import rows_of
from tests.statements.desk import NOW, UploadDesk, day_of, make_desk
from tests.statements.kit import ACCOUNT, DAY, FORMATS, Line, Paper, papers, read
from tests.statements.test_uploads import paid_by

ACTS = ("feed", "csv", "mt940", "again")


def entry_of(line: Line) -> Entry:
    """What a feed tells of a row of the bank's book."""
    at = datetime.combine(line.day, line.at, CITY_ZONE)
    return Entry(
        "sepay", "1", ACCOUNT, "", line.reference, abs(line.amount), line.amount > 0, at,
        line.narrative,
    )  # fmt: skip


@given(papers, st.sampled_from(sorted(FORMATS)))
def test_every_row_has_the_name_and_the_codes_a_feed_gives_it(paper: Paper, name: str) -> None:
    told = [entry_of(line) for line in paper.lines]
    rows = rows_of(read(FORMATS[name](paper)))
    by_feed = Counter(
        (entry.incoming, entry.rail_ref, number, entry.candidates)
        for entry, number in _numbered(told)
    )
    by_file = Counter(
        (row.entry.amount > 0, row.rail_ref, row.occurrence, row.candidates) for row in rows
    )
    assert by_file == by_feed


@given(papers)
def test_every_credit_is_money_and_a_debit_only_under_a_refund_code(paper: Paper) -> None:
    for row in rows_of(read(FORMATS["csv"](paper))):
        notice = row.notice()
        if row.entry.amount > 0:
            assert row.kind is MovementKind.RECEIPT
        if notice is None:
            assert (row.entry.amount < 0, row.candidates) == (True, ())
        else:
            assert [fact.amount for fact in notice.movements] == [abs(row.entry.amount)]


def act(desk: UploadDesk, name: str, lines: tuple[Line, ...], now: datetime) -> None:
    if name == "feed":
        for line in lines:
            desk.feed(line, now)
    elif name == "mt940":
        desk.hand_in(FORMATS["mt940"](Paper(lines)), "a.sta", now)
    else:
        desk.hand_in(day_of(*lines), "a.csv", now)


@pytest.mark.parametrize("name", ["csv", "mt940"])
def test_what_was_made_on_saturday_and_booked_on_monday_is_one_transfer(
    databases: Databases, name: str
) -> None:
    desk = make_desk(databases)
    made = paid_by(desk.order(), day=DAY, at=time(23, 58))
    booked = replace(made, day=DAY + timedelta(days=2), at=time(0, 1))
    desk.feed(made)
    now = NOW + timedelta(days=2)
    for format_ in (name, "camt053"):
        done = desk.hand_in(FORMATS[format_](Paper((booked,))), f"a.{format_}", now)
        assert done.tally == {"payment": 1, "known": 1}
    assert desk.movements() == [("receipt", 20_000, True)]
    assert desk.total() == (1, 20_000, 1, 20_000)
    assert desk.violations() == []


def test_two_days_with_the_same_reference_and_amount_are_two_transfers(
    databases: Databases,
) -> None:
    desk = make_desk(databases)
    first = Line(5_000, "PHI")
    second = replace(first, day=DAY + timedelta(days=1))
    desk.feed(first)
    now = NOW + timedelta(days=1)
    desk.hand_in(day_of(first), "a.csv", now)
    desk.hand_in(day_of(second, opening=1_005_000), "b.csv", now)
    assert desk.movements() == [("receipt", 5_000, False)] * 2
    assert desk.violations() == []


@pytest.mark.parametrize("order", list(permutations(ACTS)), ids="-".join)
def test_any_order_has_one_end(databases: Databases, order: tuple[str, ...]) -> None:
    desk = make_desk(databases)
    payment = desk.order()
    lines = (paid_by(payment), Line(35_000, "FT2", "PHONG KHAM"))
    for step, name in enumerate(order):
        act(desk, name, lines, NOW + step * timedelta(hours=1))
    desk.hand_in(day_of(*lines), "last.csv", NOW + timedelta(hours=5))
    assert desk.movements() == [("receipt", 20_000, True), ("receipt", 35_000, False)]
    assert desk.payment(payment).received == 20_000
    assert desk.violations() == []
