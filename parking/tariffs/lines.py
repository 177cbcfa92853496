"""The explanation of a price: lines that add up to it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from parking.languages import DEFAULT, mark, translate
from parking.tariffs.charges import Charge
from parking.tariffs.model import VehicleTariff, pick
from payments.money import format_amount

#: Parts that are amounts in minor units of the part ``currency``, and parts that are minutes.
AMOUNTS = ("unit", "limit")
LENGTHS = ("length", "after")

HOUR = mark("Hour %(first)s: %(count)s × %(unit)s")
HOURS = mark("Hours %(first)s–%(last)s: %(count)s × %(unit)s")
BLOCKS = mark("Blocks of %(length)s: %(count)s × %(unit)s")
UP_TO = mark("Stay up to %(length)s: %(count)s × %(unit)s")
BEYOND = mark("Stay beyond %(after)s: %(count)s × %(unit)s")
TURN = mark("Turn: %(count)s × %(unit)s")
SURCHARGE = mark("Surcharge for staying on: %(count)s × %(unit)s")

#: The same lines where the time of day matters.
BANDED = {
    HOUR: mark("Hour %(first)s, %(band)s: %(count)s × %(unit)s"),
    HOURS: mark("Hours %(first)s–%(last)s, %(band)s: %(count)s × %(unit)s"),
    BLOCKS: mark("Blocks of %(length)s, %(band)s: %(count)s × %(unit)s"),
    UP_TO: mark("Stay up to %(length)s, %(band)s: %(count)s × %(unit)s"),
    BEYOND: mark("Stay beyond %(after)s, %(band)s: %(count)s × %(unit)s"),
    TURN: mark("Turn %(band)s: %(count)s × %(unit)s"),
    SURCHARGE: mark("Surcharge for staying on %(band)s: %(count)s × %(unit)s"),
}

CAPPED = {
    "step": mark("Not more than %(limit)s at this rate"),
    "night": mark("Not more than %(limit)s per night"),
    "calendar_day": mark("Not more than %(limit)s per calendar day"),
    "rolling_24h": mark("Not more than %(limit)s in any 24 hours"),
    "rolling_week": mark("Not more than %(limit)s in any 7 days"),
    "stay": mark("Not more than %(limit)s per stay"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a price: `amount` in minor units, below zero where a limit takes something off.

    `text` is an English sentence to translate and `parts` fill it; both are plain values that can be
    kept as JSON: ``Line(**row)`` is the same line again, whatever language it is then read in.
    """

    text: str
    parts: Mapping[str, object]
    amount: int

    def say(self, language: str = DEFAULT) -> str:
        """The line in `language`, amounts and names of bands included."""
        parts = {key: self._part(key, value, language) for key, value in self.parts.items()}
        return translate(self.text, language, **parts)

    def _part(self, key: str, value: object, language: str) -> object:
        if key in AMOUNTS and isinstance(value, int):
            return format_amount(value, str(self.parts["currency"]), language)
        if key in LENGTHS and isinstance(value, int):
            return say_length(value, language)
        return pick(value, language) if isinstance(value, dict) else value


@dataclass(slots=True)
class _Group:
    """Charges that read as one line."""

    charge: Charge
    first: int
    last: int
    count: int = 0


def charge_lines(vehicle: VehicleTariff, currency: str, charges: Iterable[Charge]) -> list[Line]:
    """One line for each price that was charged, in the order in which it first was."""
    groups: dict[object, _Group] = {}
    for charge in charges:
        key = (charge.band.key, charge.step, charge.amount)
        group = groups.setdefault(key, _Group(charge, charge.first, charge.first))
        group.first, group.last = min(group.first, charge.first), max(group.last, charge.first)
        group.count += 1
    named = len({band.key for band in vehicle.bands if band.kind in ("ladder", "turn")}) > 1
    return [_line(group, currency, named) for group in groups.values() if group.charge.amount]


def cap_lines(currency: str, taken: Iterable[tuple[str, int, int]]) -> list[Line]:
    """What each limit takes off, as lines below zero."""
    return [
        Line(CAPPED[name], {"limit": limit, "currency": currency}, -amount)
        for name, limit, amount in taken
    ]


def free_line(minutes: int) -> Line:
    return Line(mark("The first %(length)s are free"), {"length": minutes}, 0)


def minimum_line(currency: str, minimum: int, charged: int) -> Line:
    parts = {"limit": minimum, "currency": currency}
    return Line(mark("Minimum charge %(limit)s"), parts, minimum - charged)


def say_length(minutes: int, language: str) -> str:
    """A length of time as people say it: ``90 phút``, ``2 giờ``."""
    if minutes == 60:
        return translate("1 hour", language)
    if minutes == 1:
        return translate("1 minute", language)
    if minutes % 60:
        return translate("%(count)s minutes", language, count=minutes)
    return translate("%(count)s hours", language, count=minutes // 60)


def _line(group: _Group, currency: str, named: bool) -> Line:
    text, parts = _text(group)
    charge = group.charge
    parts |= {"count": group.count, "unit": charge.amount, "currency": currency}
    if named:
        text, parts = BANDED[text], parts | {"band": dict(charge.band.name)}
    return Line(text, parts, group.count * charge.amount)


def _text(group: _Group) -> tuple[str, dict[str, object]]:
    step = group.charge.step
    if step is None:
        return (TURN if group.charge.amount == group.charge.band.turn else SURCHARGE), {}
    if step.reach is not None:
        if step.start:
            return BEYOND, {"after": step.start}
        return (UP_TO, {"length": step.end}) if step.end else (TURN, {})
    if step.minutes != 60 or group.first % 60 or group.last % 60:
        return BLOCKS, {"length": step.minutes}
    first, last = group.first // 60 + 1, group.last // 60 + 1
    return (HOUR, {"first": first}) if first == last else (HOURS, {"first": first, "last": last})
