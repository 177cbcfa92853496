"""What a day in Hanoi is made of: who comes where, when, for how long, and how they pay. Pure.

Two thirds are motorbikes; commuters come on two wheels from seven to nine and stay for the working
day (nobody leaves a car for ten hours at a price that rises by the hour), errands peak from five to
seven in the evening, a few stay overnight. Shares are of a thousand vehicles and are our estimate,
as no source counts them; the same seed always gives the same day.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from parking.sessions.plate_samples import random_plate
from payments.db import CITY_ZONE

#: Vehicles by class, of a thousand.
CLASSES = {"motorbike": 667, "car": 275, "bicycle": 58}
#: Of a thousand on two wheels so many come for the working day; of a thousand of all, so many for
#: the night; the rest run errands.
COMMUTERS, OVERNIGHT = 520, 25
#: Of a thousand vehicles so many are entered by an attendant, for drivers without a phone.
BY_ATTENDANT = 180
#: Of a thousand two-wheelers so many pay when they come, because their price is flat.
PAYS_ON_ENTRY = 300
#: Of a thousand payments so many notices never reach us, and so many reach us twice.
NOTICE_LOST, NOTICE_DOUBLED = 20, 30
#: Who buys a pass comes so often that day if the others' hours allow it, at least so far apart.
STAYS_ON_PASS, BETWEEN_STAYS = 3, timedelta(minutes=15)
#: So many vehicles come together if the others of the day allow it, so far apart at the entry.
PARTY, BEHIND = 3, timedelta(seconds=20)
#: Who pays on entry and leaves before this hour has paid for the day and owes no night.
NIGHT = 18


class Manner(StrEnum):
    """How a driver pays."""

    PAYS = "pays"
    DECLINES = "declines, then pays"
    LATE = "pays when the order has run out"
    LESS = "pays too little, then the rest"
    TWICE = "pays twice"
    OVERSTAYS = "pays, and stays longer than the exit grace"
    UNPAID = "leaves without paying"


#: Of a thousand drivers; the rest pays and leaves.
MANNERS = {
    Manner.DECLINES: 40,
    Manner.LATE: 15,
    Manner.LESS: 15,
    Manner.TWICE: 15,
    Manner.OVERSTAYS: 40,
    Manner.UNPAID: 25,
}


class Fate(StrEnum):
    """What else befalls a vehicle; all but a few have none."""

    PASS = "parks on a pass"
    EXEMPT = "costs nothing by a listed reason"
    LOST_CARD = "loses its card"
    VOUCHED = "leaves on a transfer that comes later"
    BROKEN_WORD = "leaves on a transfer that never comes"
    UNRECORDED = "leaves and nobody records it"
    PARTY = "comes with others, and one of them pays for all"


#: Of a thousand vehicles, kept exactly: with 1000 / share vehicles that it can befall there is one.
FATES = {
    Fate.PASS: 12,
    Fate.EXEMPT: 10,
    Fate.LOST_CARD: 4,
    Fate.VOUCHED: 12,
    Fate.BROKEN_WORD: 4,
    Fate.UNRECORDED: 12,
    Fate.PARTY: 8,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A lot as the mix sees it: its printed number and the classes it takes."""

    number: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One vehicle's day. A bicycle has no plate (empty) but the lot's card. `leaves_at` is None when
    it is still there in the morning; `luck` seeds the small chances on the way; `party` is the number of
    the vehicle whose driver pays for it too, 0 where none does."""

    number: int
    lot: str
    vehicle: str
    plate: str
    manner: Manner
    enters_at: datetime
    pays_on_entry: bool
    leaves_at: datetime | None
    by_attendant: bool
    luck: str
    fate: Fate | None = None
    party: int = 0


class Quotas:
    """Hands out fates: each falls due as its share of the vehicles adds up, the first time at a moment
    of the seed's choosing, and goes to the next vehicle that it can befall."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"{seed}:fates")
        self._owed = {fate: rng.randrange(1000) for fate in Fate}
        self._regulars: dict[str, list[Visit]] = {}
        self._parties: dict[tuple[str, bool], list[Visit]] = {}

    def draw(self, visit: Visit) -> Visit:
        """The same vehicle with the fate that is due for it, if one is."""
        for fate, share in FATES.items():
            self._owed[fate] += share
        known = self._regulars.get(visit.lot, [])
        if known and can_befall(Fate.PASS, visit) and not any(meet(visit, one) for one in known):
            return self._on_pass(visit, known[0].plate)
        if can_befall(Fate.PARTY, visit) and place_of(visit) in self._parties:
            return self._in_party(visit)
        for fate in FATES:
            if self._owed[fate] >= 1000 and can_befall(fate, visit):
                self._owed[fate] -= 1000
                return self._befallen(fate, visit)
        return visit

    def _befallen(self, fate: Fate, visit: Visit) -> Visit:
        match fate:
            case Fate.PASS:
                return self._on_pass(visit, visit.plate)
            case Fate.PARTY:
                return self._in_party(visit)
            case _:
                return replace(visit, fate=fate, manner=Manner.PAYS)

    def _in_party(self, visit: Visit) -> Visit:
        """The stay of one who comes and goes with the party that waits there, the first of one if none
        does."""
        known = self._parties.pop(place_of(visit), [])
        first = known[0] if known else visit
        drawn = replace(
            visit,
            fate=Fate.PARTY,
            manner=Manner.PAYS,
            enters_at=first.enters_at + len(known) * BEHIND,
            leaves_at=first.leaves_at,
            party=first.number,
        )
        if len(known) + 1 < PARTY:
            self._parties[place_of(visit)] = [*known, drawn]
        return drawn

    def _on_pass(self, visit: Visit, plate: str) -> Visit:
        """The stay of a regular, who comes `STAYS_ON_PASS` times before somebody else at this lot
        becomes one."""
        drawn = replace(visit, plate=plate, fate=Fate.PASS, manner=Manner.PAYS)
        known = [one for one in self._regulars.get(visit.lot, []) if one.plate == plate]
        self._regulars[visit.lot] = [*known, drawn]
        if len(known) + 1 >= STAYS_ON_PASS:
            del self._regulars[visit.lot]
        return drawn


def meet(one: Visit, other: Visit) -> bool:
    """Whether two stays of one day overlap, or would be within a quarter of an hour."""
    if one.leaves_at is None or other.leaves_at is None:
        return True
    return (
        one.enters_at < other.leaves_at + BETWEEN_STAYS
        and other.enters_at < one.leaves_at + BETWEEN_STAYS
    )


def place_of(visit: Visit) -> tuple[str, bool]:
    """Where a party can meet: at one lot, with cars or without, as a motorbike may wait all day."""
    return visit.lot, visit.vehicle == "car"


def can_befall(fate: Fate, visit: Visit) -> bool:
    """Whoever stays overnight has no other fate; only who pays at the end leaves on a promise, and
    only the stay that paid for the day is over when that ends."""
    if visit.leaves_at is None or visit.leaves_at.date() != visit.enters_at.date():
        return False
    match fate:
        case Fate.PASS:
            return visit.vehicle == "motorbike"
        case Fate.LOST_CARD:
            return visit.vehicle == "bicycle"
        case Fate.VOUCHED | Fate.BROKEN_WORD | Fate.PARTY:
            return not visit.pays_on_entry
        case Fate.UNRECORDED:
            return visit.pays_on_entry and visit.leaves_at.hour < NIGHT
        case Fate.EXEMPT:
            return True


def visits(
    seed: int, day: date, count: int, places: Sequence[Place], inside: Collection[str] = ()
) -> Iterator[Visit]:
    """`count` vehicles of business day `day`, each with a plate of its own.

    `inside` are the display forms of plates that are parked somewhere already and stay out of it.
    """
    taken, quotas = set(inside), Quotas(seed)
    chooser = random.Random(f"{seed}:lots")
    weighted = {place: chooser.randint(4, 10) for place in places}
    for number in range(1, count + 1):
        yield quotas.draw(_visit(seed, number, day, weighted, taken))


def _class(rng: random.Random, place: Place) -> str:
    known = [(name, share) for name, share in CLASSES.items() if name in place.classes]
    names, shares = [name for name, _ in known], [share for _, share in known]
    return rng.choices(names, shares)[0]


def _plate(rng: random.Random, vehicle: str, taken: set[str]) -> str:
    """A plate nobody else has; none for a bicycle."""
    if vehicle == "bicycle":
        return ""
    while (plate := random_plate(rng, vehicle)) in taken:
        continue
    taken.add(plate)
    return plate


def _visit(
    seed: int, number: int, day: date, places: Mapping[Place, int], taken: set[str]
) -> Visit:
    rng = random.Random(f"{seed}:{number}")
    place = rng.choices(list(places), list(places.values()))[0]
    vehicle = _class(rng, place)
    odd, two_wheels = rng.randrange(1000), vehicle != "car"
    overnight = odd < OVERNIGHT
    enters, leaves = _hours(rng, odd, two_wheels)
    midnight = datetime.combine(day, time(), CITY_ZONE)
    return Visit(
        number=number,
        lot=place.number,
        vehicle=vehicle,
        plate=_plate(rng, vehicle, taken),
        manner=Manner.PAYS if overnight else _manner(rng),
        enters_at=midnight + timedelta(seconds=enters),
        pays_on_entry=two_wheels and (overnight or rng.randrange(1000) < PAYS_ON_ENTRY),
        leaves_at=midnight + timedelta(seconds=leaves) if leaves else None,
        by_attendant=rng.randrange(1000) < BY_ATTENDANT or vehicle == "bicycle",
        luck=f"{seed}:{number}:luck",
    )


def _hours(rng: random.Random, odd: int, two_wheels: bool) -> tuple[int, int | None]:
    """Entry and exit in seconds after midnight. Whoever pays later than on entry leaves before
    23:00, so that all money of the day is the day's."""
    if odd < OVERNIGHT:
        leaves = _between(rng, 29.2, 30.3) if two_wheels else None
        return _between(rng, 18.0, 21.5), leaves
    if two_wheels and odd < OVERNIGHT + COMMUTERS:
        enters = _around(rng, 6.5, 8.0, 9.5)
        return enters, enters + _between(rng, 8.0, 10.0)
    evening = rng.randrange(1000) < 350
    enters = _around(rng, 16.5, 18.0, 19.5) if evening else _between(rng, 6.0, 20.0)
    return enters, enters + _around(rng, 0.5, 1.0, 3.0)


def _manner(rng: random.Random) -> Manner:
    odd = rng.randrange(1000)
    for manner, share in MANNERS.items():
        if odd < share:
            return manner
        odd -= share
    return Manner.PAYS


def _between(rng: random.Random, earliest: float, latest: float) -> int:
    """Any second between two hours of the day."""
    return rng.randint(round(earliest * 3600), round(latest * 3600))


def _around(rng: random.Random, earliest: float, peak: float, latest: float) -> int:
    """A second between two hours, most often near `peak`."""
    return round(rng.triangular(earliest, latest, peak) * 3600)
