"""What a played day is made of."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from parking.sessions.plates import read_plate
from parking.simulate.luck import Luck
from parking.simulate.mix import (
    FATES,
    PARTY,
    STAYS_ON_PASS,
    Fate,
    Manner,
    Place,
    Visit,
    can_befall,
    meet,
    place_of,
    visits,
)
from payments.db import CITY_ZONE, business_day

PLACES = (
    Place("A", ("bicycle", "car", "motorbike")),
    Place("B", ("car", "motorbike")),
    Place("C", ("bicycle",)),
)
DAY = date(2026, 11, 18)
MIDNIGHT = datetime.combine(DAY, time(), CITY_ZONE)
few = settings(deadline=None, max_examples=25)


def day(seed: int, count: int = 200) -> list[Visit]:
    return list(visits(seed, DAY, count, PLACES))


@few
@given(st.integers())
def test_a_seed_gives_one_day_and_a_longer_day_begins_like_a_shorter(seed: int) -> None:
    assert day(seed, 40) == day(seed, 60)[:40]


@few
@given(st.integers())
def test_everybody_comes_on_the_day_to_a_lot_that_takes_them(seed: int) -> None:
    classes = {place.number: place.classes for place in PLACES}
    for visit in day(seed):
        assert business_day(visit.enters_at) == DAY
        assert visit.vehicle in classes[visit.lot]
        assert visit.leaves_at is None or visit.leaves_at > visit.enters_at


@few
@given(st.integers())
def test_whoever_does_not_pay_on_entry_leaves_before_eleven_or_stays(seed: int) -> None:
    for visit in day(seed):
        if visit.leaves_at and visit.leaves_at >= MIDNIGHT + timedelta(hours=23):
            assert visit.pays_on_entry
            assert visit.manner is Manner.PAYS


@few
@given(st.integers())
def test_plates_are_their_own_and_fit_their_vehicles(seed: int) -> None:
    found = [visit for visit in day(seed, 100) if visit.vehicle != "bicycle"]
    read = [read_plate(visit.plate, visit.vehicle) for visit in found]
    assert "unknown" not in {plate.kind for plate in read}
    single = [p.key for p, visit in zip(read, found, strict=True) if visit.fate is not Fate.PASS]
    assert max(Counter(single).values()) == 1


@few
@given(st.integers())
def test_a_bicycle_has_no_plate_and_is_seen_by_an_attendant(seed: int) -> None:
    bicycles = [visit for visit in day(seed, 60) if visit.vehicle == "bicycle"]
    assert {(visit.plate, visit.by_attendant) for visit in bicycles} == {("", True)}


@few
@given(st.integers())
def test_who_has_a_pass_comes_back_to_the_same_lot_after_leaving(seed: int) -> None:
    stays: dict[str, list[Visit]] = {}
    for visit in day(seed):
        if visit.fate is Fate.PASS:
            stays.setdefault(visit.plate, []).append(visit)
    assert stays
    for mine in stays.values():
        assert len({visit.lot for visit in mine}) == 1
        assert not any(meet(one, other) for one, other in combinations(mine, 2))
    assert max(len(mine) for mine in stays.values()) <= STAYS_ON_PASS


@few
@given(st.integers())
def test_a_party_comes_to_one_lot_within_a_minute_and_leaves_at_one_moment(seed: int) -> None:
    parties: dict[int, list[Visit]] = {}
    for visit in day(seed, 500):
        if visit.fate is Fate.PARTY:
            parties.setdefault(visit.party, []).append(visit)
        else:
            assert visit.party == 0
    assert max(len(party) for party in parties.values()) == PARTY
    for number, party in parties.items():
        first = party[0]
        assert first.number == number
        assert {(place_of(v), v.leaves_at) for v in party} == {(place_of(first), first.leaves_at)}
        assert party[-1].enters_at - first.enters_at < timedelta(minutes=1)


@few
@given(st.integers())
def test_fates_keep_their_shares_and_befall_whom_they_can(seed: int) -> None:
    found = [visit for visit in day(seed, 1000) if visit.fate]
    counts = Counter(visit.fate for visit in found)
    for fate, share in FATES.items():
        several = {Fate.PASS: STAYS_ON_PASS, Fate.PARTY: PARTY}.get(fate, 1)
        assert 1 <= counts[fate] <= (share + 1) * several
    assert all(visit.fate and can_befall(visit.fate, visit) for visit in found)
    assert {visit.manner for visit in found} == {Manner.PAYS}


def test_plates_that_are_inside_already_stay_out_of_it() -> None:
    before = {visit.plate for visit in day(5)} - {""}
    again = {visit.plate for visit in visits(5, DAY, 200, PLACES, before)} - {""}
    assert again.isdisjoint(before)


def test_two_thirds_are_motorbikes_and_commuters_make_peaks() -> None:
    found = list(visits(1, DAY, 6000, PLACES[:1]))
    classes = Counter(visit.vehicle for visit in found)
    assert 0.64 < classes["motorbike"] / len(found) < 0.69
    assert classes["car"] > classes["bicycle"] > 0
    hours = Counter(visit.enters_at.hour for visit in found)
    assert min(hours[7], hours[8]) > max(hours[hour] for hour in (10, 11, 12, 13, 14, 15))
    assert min(hours[17], hours[18]) > max(hours[hour] for hour in (10, 11, 12, 13, 14, 15))


def test_every_manner_occurs_and_most_simply_pay() -> None:
    manners = Counter(visit.manner for visit in day(1, 2000))
    assert set(manners) == set(Manner)
    assert manners[Manner.PAYS] > 1500


def test_luck_is_the_same_for_the_same_vehicle() -> None:
    drawn = [[Luck(seed).seconds(1, 10**6) for _ in range(2)] for seed in ("a", "a", "b")]
    assert drawn[0] == drawn[1] != drawn[2]
    assert Luck("a").chance(1000)
    assert not Luck("a").chance(0)
