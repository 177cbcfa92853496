"""What a tariff is: the values the engine charges by, read once from the file and never changed.

Amounts are whole minor units of the version's currency. Offsets and clock times are whole minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from payments.errors import NotFound

#: A name in several languages: language → text.
Words = Mapping[str, str]

#: How sure we are of a price, from the best to the weakest. Only ``signed`` was confirmed by the
#: finance owner; ``assumed`` is ours, where no source says anything.
STATUSES = ("signed", "notice", "press", "unverified", "assumed")

Kind = Literal["ladder", "turn", "free", "closed"]

#: Who monthly prices are for; the first is everybody.
REGULAR = "regular"
HOLDERS = (REGULAR, "school", "employee")

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a price comes from: the document or article with its date, and one of `STATUSES`."""

    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Step:
    """Blocks of one price: from minute `start`, `blocks` of them (`None`: for ever).

    `minutes` is the length of a block (`None`: one block without end, the last bracket). `price` is
    charged for each block; `reach` is set for brackets only: the price of the whole stay so far.
    """

    start: int
    blocks: int | None
    minutes: int | None
    price: int
    origin: Origin
    cap: int | None = None
    reach: int | None = None

    @property
    def end(self) -> int | None:
        """The minute at which the next step begins; `None` for the last step."""
        if self.blocks is None or self.minutes is None:
            return None
        return self.start + self.blocks * self.minutes

    def after(self, minute: int) -> int | None:
        """The minute at which the block beginning at `minute` is over; `None` for never."""
        if self.minutes is None:
            return None
        return minute + self.minutes if self.reach is None else self.end


@dataclass(frozen=True, slots=True)
class Ladder:
    """Prices that follow the length of the stay; the last step has no end."""

    steps: tuple[Step, ...]

    def at(self, minute: int) -> Step:
        """The step that the block beginning at `minute` stands on."""
        return next(s for s in self.steps if s.end is None or minute < s.end)


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the day with its own price: a ladder, a price per turn, or none at all.

    `start` and `end` are minutes of the local day; `end` before `start` passes midnight.
    `regular_card` is the price per turn of a holder of a regular card, for the passes room.
    """

    key: str
    name: Words
    start: int
    end: int
    days: tuple[str, ...]
    kind: Kind
    origin: Origin
    ladder: Ladder = Ladder(())
    turn: int = 0
    regular_card: int | None = None


@dataclass(frozen=True, slots=True)
class NightCap:
    """At most `amount` for what falls due between the clock times of one night."""

    start: int
    end: int
    amount: int


@dataclass(frozen=True, slots=True)
class Caps:
    """Upper limits; `None` means none. Rolling limits hold for every window, wherever it begins."""

    stay: int | None = None
    calendar_day: int | None = None
    rolling_24h: int | None = None
    rolling_week: int | None = None
    night: NightCap | None = None


@dataclass(frozen=True, slots=True)
class Monthly:
    """A monthly price: `hours` is ``day`` or ``full`` (24 hours), `holder` one of `HOLDERS`."""

    hours: str
    price: int
    origin: Origin
    holder: str = REGULAR


@dataclass(frozen=True, slots=True)
class UnrecordedExit:
    """What becomes of a stay whose exit nobody recorded, `after_hours` after its entry.

    `charge` is ``paid`` (what was paid is kept, nothing more is asked), ``last_seen`` (the price until
    an attendant last saw the vehicle) or ``limit`` (the price of `after_hours`).
    """

    after_hours: int
    charge: str


@dataclass(frozen=True, slots=True)
class VehicleTariff:
    """Everything that one class of vehicle is charged by. The words stand at the top of `hanoi.toml`.

    `plans` lists, per day type, the bands of a calendar day with the minute at which each begins.
    `pass_day` is the part of a day that a monthly ``day`` price buys, as minutes of the local day.
    """

    bands: tuple[Band, ...]
    plans: Mapping[str, tuple[tuple[int, Band], ...]]
    crossing: str
    straddle_minutes: int | None
    combined: int
    restarts: str
    rounding: str
    free_minutes: int
    free_deducted: bool
    minimum: int
    caps: Caps
    lost_card_fee: int
    unrecorded_exit: UnrecordedExit
    refund_unused: bool
    monthly: tuple[Monthly, ...]
    pass_day: tuple[int, int]
    origin: Origin

    @property
    def flat(self) -> bool:
        """Every price is one of a turn, owed from the moment of entry; none grows with the minutes."""
        return any(b.kind == "turn" for b in self.bands) and all(
            b.kind != "ladder" for b in self.bands
        )

    def monthly_price(self, hours: str, holder: str) -> int | None:
        """The price of a month; None where there is none for these hours and this holder."""
        asked = (hours, holder)
        return next((row.price for row in self.monthly if (row.hours, row.holder) == asked), None)

    def origins(self) -> Iterator[Origin]:
        """The origin of every price of this vehicle, those kept as data included."""
        yield self.origin
        for band in self.bands:
            yield band.origin
            yield from (step.origin for step in band.ladder.steps)
        yield from (offer.origin for offer in self.monthly)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A dated holiday; `kind` is ``holiday`` or a name of its own such as ``tet``."""

    day: date
    name: Words
    kind: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """One dated version of a tariff. A parking session remembers its code and number.

    `fingerprint` is the SHA-256 of the version as written, holidays and time zone included: a
    signature under one fingerprint does not cover a table that was changed afterwards.
    `exit_grace_minutes` run from the payment; a quote stands for `quote_minutes`.
    """

    code: str
    number: int
    names: Words
    valid_from: date
    currency: str
    exit_grace_minutes: int
    quote_minutes: int
    zone: ZoneInfo
    holidays: Mapping[date, Holiday]
    vehicles: Mapping[str, VehicleTariff]
    fingerprint: str

    @property
    def vehicle_classes(self) -> tuple[str, ...]:
        return tuple(self.vehicles)

    @property
    def unverified(self) -> bool:
        """Whether any price still lacks the signature of the finance owner."""
        return any(o.status != "signed" for v in self.vehicles.values() for o in v.origins())

    @property
    def name(self) -> str:
        """The name in Vietnamese; `name_in` knows the others."""
        return pick(self.names, "vi")

    def name_in(self, language: str) -> str:
        return pick(self.names, language)

    def vehicle(self, vehicle_class: str) -> VehicleTariff:
        """Raises `NotFound`, naming the classes there are."""
        if vehicle_class not in self.vehicles:
            raise NotFound(
                "Tariff %(tariff)s has no price for %(vehicle)s; it has %(choices)s.",
                tariff=self.code, vehicle=vehicle_class, choices=", ".join(self.vehicles),
            )  # fmt: skip
        return self.vehicles[vehicle_class]


def pick(words: Words, language: str) -> str:
    """The text in `language`, else in English, else the first there is."""
    return words.get(language) or words.get("en") or next(iter(words.values()))
