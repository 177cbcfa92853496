"""Who works when on a played day."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from parking.people.badge import Badge
from parking.simulate.roster import BEGINS, ENDS, FLOAT, NOTE, Hand, Watch, roster
from payments.db import CITY_ZONE, business_day

DAY = date(2026, 11, 18)
MIDNIGHT = datetime.combine(DAY, time(), CITY_ZONE)
LOTS = st.sets(st.sampled_from(["A1", "A2", "A3", "B1"]), min_size=1).map(sorted).map(tuple)


def hand(number: int, lots: tuple[str, ...]) -> Hand:
    badge = Badge(uuid.UUID(int=number), f"nv{number}", "", "attendant", None, None, frozenset())
    return Hand(badge, lots)


crews = st.lists(LOTS, max_size=6).map(lambda all_lots: [hand(*one) for one in enumerate(all_lots)])
few = settings(deadline=None, max_examples=60)


def by_person(watches: list[Watch]) -> dict[str, list[Watch]]:
    found: dict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        found[watch.badge.username].append(watch)
    return found


@few
@given(crews)
def test_everybody_works_and_nobody_at_two_places_at_once(crew: list[Hand]) -> None:
    found = by_person(list(roster(crew, MIDNIGHT, 1, 0.0)))
    assert set(found) == {one.badge.username for one in crew}
    for one in crew:
        mine = found[one.badge.username]
        assert {watch.lot for watch in mine} == set(one.lots)
        assert all(first.ends <= second.begins for first, second in pairwise(mine))


@few
@given(crews)
def test_one_shift_crosses_midnight_and_the_others_do_not(crew: list[Hand]) -> None:
    watches = roster(crew, MIDNIGHT, 1, 0.0)
    days = [business_day(watch.ends) for watch in watches]
    assert days.count(DAY + timedelta(days=1)) == min(1, len(crew))
    assert all(watch.begins >= MIDNIGHT + BEGINS for watch in watches)


@few
@given(crews, st.integers(), st.floats(0, 1))
def test_the_share_of_counts_is_wrong_and_never_one_that_ends_on_the_next_day(
    crew: list[Hand], seed: int, share: float
) -> None:
    watches = roster(crew, MIDNIGHT, seed, share)
    ending = [watch for watch in watches if business_day(watch.ends) == DAY]
    wrong = [watch for watch in watches if watch.wrong_by]
    assert len(wrong) == ceil(len(ending) * share)
    assert all(watch in ending for watch in wrong)
    assert all(watch.wrong_by % NOTE == 0 and watch.wrong_by > -FLOAT for watch in wrong)
    short = sum(watch.wrong_by < 0 for watch in wrong)
    assert short == ceil(len(wrong) / 2)


def test_two_who_share_a_lot_hand_over_at_half_time() -> None:
    first, second = roster([hand(1, ("A1",)), hand(2, ("A1",))], MIDNIGHT, 1, 0.0)
    assert first.ends == second.begins == MIDNIGHT + (BEGINS + ENDS) / 2
    assert first.badge != second.badge


def test_two_who_share_two_lots_change_places() -> None:
    found = by_person(list(roster([hand(1, ("A1", "A2")), hand(2, ("A1", "A2"))], MIDNIGHT, 1, 0)))
    assert [watch.lot for watch in found["nv1"]] == ["A1", "A2"]
    assert [watch.lot for watch in found["nv2"]] == ["A2", "A1"]
