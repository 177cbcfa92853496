"""Which part of a stay a pass leaves to be charged: never what was paid for, never less later."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.passes.coverage import Part, Rules, Term, charged
from parking.sessions.models import ParkingSession
from parking.sessions.reliefs import ON_DAY_PASS, Relief, ReliefKind, relieved_price
from parking.tariffs import Line, load_book
from payments.db import CITY_ZONE, new_id

SINCE, UNTIL = date(2026, 11, 26), date(2026, 12, 25)
DAY = Term(SINCE, UNTIL, "day")
FULL = Term(SINCE, UNTIL, "full")
RULES = Rules((6 * 60, 18 * 60), CITY_ZONE, timedelta(minutes=30))
MOTORBIKES = load_book().in_force("hn-inner-two-wheel", SINCE)
CARS = load_book().in_force("hn-dong-da", SINCE)


def at(text: str) -> datetime:
    """``26 07:30``: a day of November (or later, as 31 + day) and a time of Hanoi."""
    day, clock = text.split()
    moment = datetime.combine(date(2026, 11, 1), time.fromisoformat(clock), CITY_ZONE)
    return moment + timedelta(days=int(day) - 1)


def parts(term: Term, entry: str, until: str) -> list[Part]:
    return list(charged([term], RULES, at(entry), at(until)))


def owed(terms: tuple[Term, ...], entry: datetime, until: datetime, vehicle: str) -> int:
    session = ParkingSession(id=new_id(), vehicle_class=vehicle, entry_at=entry)
    relief = Relief(ReliefKind.PASS, Line(ON_DAY_PASS, {"day": ""}, 0), terms)
    found = relieved_price(CARS if vehicle == "car" else MOTORBIKES, session, relief, until)
    assert found.amount == sum(line.amount for line in found.lines)
    return found.amount


@pytest.mark.parametrize(
    ("entry", "until", "left"),
    [
        ("26 07:00", "26 17:00", []),
        ("26 07:00", "26 18:00", []),
        ("26 07:00", "26 18:30", []),
        ("26 07:00", "26 18:31", [("26 18:00", "26 18:31")]),
        ("26 17:00", "27 07:00", [("26 18:00", "27 06:00")]),
        ("26 17:00", "28 07:00", [("26 18:00", "27 06:00"), ("27 18:00", "28 06:00")]),
        ("27 05:50", "27 06:10", [("27 05:50", "27 06:00")]),
        ("27 20:00", "27 20:00", [("27 20:00", "27 20:00")]),
        ("27 06:00", "27 06:00", []),
        ("55 17:00", "57 07:00", [("55 18:00", "57 07:00")]),
    ],
)
def test_a_day_pass_leaves_the_nights(entry: str, until: str, left: list[tuple[str, str]]) -> None:
    assert parts(DAY, entry, until) == [Part(at(a), at(b)) for a, b in left]


def test_a_full_pass_leaves_nothing_until_midnight_of_its_last_day() -> None:
    assert parts(FULL, "26 07:00", "56 00:00") == []
    assert parts(FULL, "26 07:00", "56 00:01") == [Part(at("56 00:00"), at("56 00:01"))]


def test_a_cancelled_pass_covers_until_that_moment() -> None:
    cut = Term(SINCE, UNTIL, "full", at("27 12:00"))
    assert parts(cut, "26 07:00", "27 12:10") == [Part(at("27 12:00"), at("27 12:10"))]


def test_a_renewal_goes_on_where_the_pass_ended() -> None:
    renewal = Term(date(2026, 12, 26), date(2027, 1, 25), "full")
    assert list(charged([FULL, renewal], RULES, at("30 08:00"), at("80 08:00"))) == []


@pytest.mark.parametrize(
    ("entry", "until", "amount"),
    [
        ("26 07:00", "26 18:20", 0),
        ("26 07:00", "26 19:00", 8_000),
        ("26 17:00", "27 07:00", 8_000),
        ("26 17:00", "28 07:00", 16_000),
    ],
)
def test_a_night_costs_what_it_costs_whoever_comes_at_six(
    entry: str, until: str, amount: int
) -> None:
    assert owed((DAY,), at(entry), at(until), "motorbike") == amount


moments = st.integers(0, 72 * 24 * 60).map(lambda m: at("20 00:00") + timedelta(minutes=m))
lengths = st.timedeltas(timedelta(0), timedelta(days=9))
terms = st.lists(
    st.builds(
        lambda since, days, hours, cut: Term(since, since + timedelta(days=days), hours, cut),
        st.dates(SINCE - timedelta(days=5), UNTIL),
        st.integers(0, 40),
        st.sampled_from(["day", "full"]),
        st.none() | moments,
    ),
    min_size=1,
    max_size=3,
).map(tuple)


@given(terms, moments, lengths, lengths, st.sampled_from(["car", "motorbike"]))
def test_the_price_never_falls_while_a_vehicle_stays(
    held: tuple[Term, ...], entry: datetime, first: timedelta, more: timedelta, vehicle: str
) -> None:
    sooner, later = entry + first, entry + first + more
    assert owed(held, entry, sooner, vehicle) <= owed(held, entry, later, vehicle)


@given(terms, moments, lengths)
def test_nothing_is_charged_twice_and_nothing_inside_the_hours(
    held: tuple[Term, ...], entry: datetime, length: timedelta
) -> None:
    left = list(charged(held, RULES, entry, entry + length))
    for part, following in pairwise(left):
        assert part.end < following.start
    for part in left:
        assert entry <= part.start <= part.end <= entry + length
        for term in held:
            middle = part.start + (part.end - part.start) / 2
            assert not _inside(term, middle)


@given(terms, moments, lengths)
def test_no_hour_of_the_night_goes_unseen(
    held: tuple[Term, ...], entry: datetime, length: timedelta
) -> None:
    """What no term covers is charged, but for the tolerance at the end of the hours."""
    left = list(charged(held, RULES, entry, entry + length))
    moment = entry
    while moment < entry + length:
        charged_here = any(part.start <= moment < part.end for part in left)
        lately = any(
            _inside(term, moment - timedelta(minutes=m)) for term in held for m in (10, 20, 30)
        )
        assert charged_here or lately or any(_inside(term, moment) for term in held)
        moment += timedelta(minutes=47)


def _inside(term: Term, moment: datetime) -> bool:
    if not term.since <= moment.date() <= term.until or (term.cut and moment >= term.cut):
        return False
    return term.hours == "full" or time(6) <= moment.time() < time(18)
